internal import RegressionKernels

/// The observations of a window of a grid, on a regular lattice of its cells.
///
/// An observation lies at a cell whose row and column are multiples of `spacing`; rows and columns
/// are those of the whole grid, so that a window's observations are the grid's. They are numbered in
/// row-major order of their cells, which makes their order by distance, then number, the order by
/// (d², dy, dx) that all sums follow. Memory: 4 bytes for each place of the lattice and
/// 64 ⌈p / 8⌉ + 24 bytes for each observation. One further row at the end is for the cell that is looked
/// at, which need not be an observation; hence a lattice belongs to one thread.
@safe package final class ObservationLattice {

    /// One observation: its cell and its values.
    package struct Row: Sendable {
        /// Row of its cell on the grid.
        package var row: Int32
        /// Column of its cell on the grid.
        package var column: Int32
        /// The response.
        package var response: Double
        /// Where its predictors begin in the array given with the rows.
        package var firstPredictor: Int

        /// An observation.
        package init(row: Int32, column: Int32, response: Double, firstPredictor: Int) {
            self.row = row
            self.column = column
            self.response = response
            self.firstPredictor = firstPredictor
        }
    }

    /// Rows and columns between neighbouring places of the lattice.
    package let spacing: Int
    /// Rows of the grid that were read.
    package let rows: Range<Int>
    /// Columns of the grid that were read.
    package let columns: Range<Int>
    /// Number of observations.
    package let count: Int
    /// Number of coefficients, p.
    package let parameterCount: Int
    let blocks: Int
    /// Lattice rows and columns inside the window.
    let latticeRows: Range<Int>
    let latticeColumns: Range<Int>
    /// Powers of two that the predictors were multiplied by.
    let scales: [Double]

    private let designBuffer: AlignedBuffer
    private let responseBuffer: AlignedBuffer
    /// Numbers of observations by place, −1 where there is none; then row and column of each, and
    /// the numbers 0 ..< count.
    private let integers: AlignedBuffer

    /// Arranges observations.
    ///
    /// - Parameters:
    ///   - rows: rows of the grid that were read: no observation in them is missing.
    ///   - columns: columns likewise.
    ///   - spacing: at least 1.
    ///   - scales: factors of the predictors, powers of two.
    ///   - observations: in any order, each at another place of the lattice within the window.
    ///   - predictors: the observations' p − 1 predictors, as they are, one after another.
    package init(
        rows: Range<Int>,
        columns: Range<Int>,
        spacing: Int,
        scales: [Double],
        observations: [Row],
        predictors: [Double]
    ) {
        precondition(spacing >= 1, "places of a lattice are at least a cell apart")
        self.rows = rows
        self.columns = columns
        self.spacing = spacing
        self.scales = scales
        count = observations.count
        parameterCount = scales.count + 1
        blocks = MomentLayout.blockCount(parameterCount: parameterCount)
        latticeRows = Self.latticeRange(rows, spacing)
        latticeColumns = Self.latticeRange(columns, spacing)
        let width = latticeColumns.count
        let places = latticeRows.count * width
        designBuffer = AlignedBuffer(scalarCount: 8 * blocks * (count + 1))
        responseBuffer = AlignedBuffer(scalarCount: count + 1)
        integers = AlignedBuffer(scalarCount: (places + 3 * count) / 2 + 8)
        let index = unsafe integers.integers
        for place in 0..<places { unsafe index[place] = -1 }
        // The position in the list first, then the number in row-major order.
        for (position, observation) in observations.enumerated() {
            precondition(
                Int(observation.row) % spacing == 0 && Int(observation.column) % spacing == 0
                    && rows.contains(Int(observation.row))
                    && columns.contains(Int(observation.column)),
                "observations lie on the lattice, within the window"
            )
            let place =
                (Int(observation.row) / spacing - latticeRows.lowerBound) * width
                + (Int(observation.column) / spacing - latticeColumns.lowerBound)
            unsafe index[place] = Int32(position)
        }
        var number = 0
        for place in 0..<places {
            let position = unsafe Int(index[place])
            guard position >= 0 else { continue }
            let observation = observations[position]
            unsafe index[place] = Int32(number)
            unsafe index[places + number] = observation.row
            unsafe index[places + count + number] = observation.column
            unsafe index[places + 2 * count + number] = Int32(number)
            unsafe responseBuffer.scalars[number] = observation.response
            let target = unsafe designBuffer.scalars + number * 8 * blocks
            for term in scales.indices {
                unsafe target[term] =
                    predictors[observation.firstPredictor + term] * scales[term]
            }
            unsafe target[scales.count] = 1
            number += 1
        }
        precondition(number == count, "each observation lies at another place")
    }

    /// Lattice indices whose cells lie in a range of cells.
    static func latticeRange(_ cells: Range<Int>, _ spacing: Int) -> Range<Int> {
        let first = (cells.lowerBound + spacing - 1) / spacing
        return first..<max(first, (cells.upperBound + spacing - 1) / spacing)
    }

    /// Bytes that a lattice over a window with so many observations takes.
    package static func byteCount(
        places: Int,
        observations: Int,
        parameterCount: Int
    ) -> Int {
        let blocks = MomentLayout.blockCount(parameterCount: parameterCount)
        return 4 * places + (64 * blocks + 24) * (observations + 1)
    }

    private var placeCount: Int { latticeRows.count * latticeColumns.count }

    /// Design rows by number, scaled.
    var design: UnsafePointer<SIMD8<Double>> { unsafe UnsafePointer(designBuffer.vectors) }
    /// Responses by number.
    var response: UnsafePointer<Double> { unsafe UnsafePointer(responseBuffer.scalars) }
    /// Numbers by place, −1 for none.
    var numbers: UnsafePointer<Int32> { unsafe UnsafePointer(integers.integers) }
    /// Grid rows by number.
    var rowOf: UnsafePointer<Int32> { unsafe UnsafePointer(integers.integers + placeCount) }
    /// Grid columns by number.
    var columnOf: UnsafePointer<Int32> {
        unsafe UnsafePointer(integers.integers + placeCount + count)
    }
    /// The numbers themselves: what breaks ties.
    var identity: UnsafePointer<Int32> {
        unsafe UnsafePointer(integers.integers + placeCount + 2 * count)
    }

    /// Puts the cell that is looked at into the row after the observations.
    func setCentre(response: Double, predictors: [Double]) {
        let target = unsafe designBuffer.scalars + count * 8 * blocks
        for term in scales.indices {
            unsafe target[term] = predictors[term] * scales[term]
        }
        unsafe target[scales.count] = 1
        unsafe responseBuffer.scalars[count] = response
    }

    /// Number of the observation at a cell; nil where there is none.
    package func number(row: Int, column: Int) -> Int? {
        guard row % spacing == 0, column % spacing == 0, rows.contains(row),
            columns.contains(column)
        else { return nil }
        let place =
            (row / spacing - latticeRows.lowerBound) * latticeColumns.count
            + (column / spacing - latticeColumns.lowerBound)
        let number = unsafe Int(numbers[place])
        return number >= 0 ? number : nil
    }

    /// The cell of an observation.
    package func cell(of number: Int) -> (row: Int, column: Int) {
        precondition((0..<count).contains(number), "an observation of the lattice")
        return unsafe (Int(rowOf[number]), Int(columnOf[number]))
    }

    /// The predictors of an observation, as they were given.
    package func predictors(of number: Int) -> [Double] {
        precondition((0..<count).contains(number), "an observation of the lattice")
        let row = unsafe designBuffer.scalars + number * 8 * blocks
        // The scales are powers of two: dividing by them is exact.
        return scales.indices.map { unsafe row[$0] / scales[$0] }
    }

    /// The response of an observation.
    package func response(of number: Int) -> Double {
        precondition((0..<count).contains(number), "an observation of the lattice")
        return unsafe response[number]
    }
}
