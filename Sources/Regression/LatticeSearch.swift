internal import RegressionKernels

/// Finds the neighbours of one cell at a time among the observations of a lattice.
///
/// A thread has one of these. Distances are in cells: the root of the integer dx² + dy², so that
/// they are the same wherever the window lies. Neighbours come in order of (d², dy, dx). A search
/// looks at all places within a radius that the search before it bounds (the k-th distance of a cell
/// exceeds that of another by at most the way between them); the radius has no part in the result.
@safe package final class LatticeSearch {
    private let lattice: ObservationLattice
    private let kernels: KernelSet
    private let foundIndices: AlignedBuffer
    private let foundSquares: AlignedBuffer
    private let buckets: AlignedBuffer
    private let sortedIndices: AlignedBuffer
    private let sortedSquares: AlignedBuffer
    private let distanceBuffer: AlignedBuffer
    private let weightBuffer: AlignedBuffer
    private var lastRow = 0
    private var lastColumn = 0
    private var lastNeeded = 0
    private var lastDistance = -1.0

    /// Row of the cell last searched.
    package private(set) var row = 0
    /// Column of the cell last searched.
    package private(set) var column = 0
    /// Number of neighbours found.
    package private(set) var count = 0
    /// True when no cell outside the window can be among the neighbours: every observation within
    /// the reach of the search lies inside, or outside is nothing.
    package private(set) var isCertified = false

    /// Squares are looked at this much beyond the k-th: twice what the adaptive factor can reach.
    private static let slack = 4e-7

    /// Prepares for a lattice.
    package init(lattice: ObservationLattice, instructionSet: InstructionSet) {
        self.lattice = lattice
        unsafe kernels = KernelSet.of(instructionSet)
        let n = lattice.count
        // One vector more than there are observations: the kernels write whole vectors.
        foundIndices = AlignedBuffer(scalarCount: n / 2 + 8)
        foundSquares = AlignedBuffer(scalarCount: n + 8)
        buckets = AlignedBuffer(scalarCount: n / 2 + 8)
        sortedIndices = AlignedBuffer(scalarCount: n / 2 + 8)
        sortedSquares = AlignedBuffer(scalarCount: n + 8)
        distanceBuffer = AlignedBuffer(scalarCount: n + 8)
        weightBuffer = AlignedBuffer(scalarCount: n + 8)
    }

    /// Finds the nearest `needed` observations of a cell and all as far as the last of them.
    ///
    /// Fewer where the window has fewer. `domain` is the whole grid: what lies outside it does not
    /// exist. `limit`, in cells, ends the search: what is farther is not found. Afterwards
    /// ``isCertified`` says whether the result is that of the whole grid.
    package func findNearest(
        _ needed: Int,
        row: Int,
        column: Int,
        domainRows: Int,
        domainColumns: Int,
        limit: Double? = nil
    ) {
        move(to: row, column)
        let edge = edgeSquare(domainRows: domainRows, domainColumns: domainColumns)
        let limitSquare = limit.map { $0 * $0 * (1 + 1e-12) } ?? .infinity
        let wanted = min(needed, lattice.count)
        var radius = startRadius(needed)
        while true {
            let isLast = radius * radius >= min(farthestSquare, limitSquare)
            let reach = isLast ? min(farthestSquare, limitSquare) : radius * radius
            let found = collect(reach)
            guard isLast || found >= wanted else {
                radius *= 1.5
                continue
            }
            sort(found, needed: min(wanted, found))
            let kth = unsafe count > 0 ? sortedSquares.scalars[min(wanted, count) - 1] : 0
            guard isLast || reach >= kth * (1 + Self.slack) else {
                radius = kth.squareRoot() * 1.001 + 1
                continue
            }
            let isShort = count < needed
            // Short of the wanted number, everything within the limit must have been seen.
            let seen = isShort ? limitSquare : kth * (1 + Self.slack)
            isCertified = edge == .infinity || seen < edge
            if !isShort {
                lastNeeded = needed
                lastDistance = kth.squareRoot()
                lastRow = row
                lastColumn = column
            }
            return
        }
    }

    /// Finds all observations within a distance of a cell, in cells, sorted like the nearest.
    package func findWithin(
        _ distance: Double,
        row: Int,
        column: Int,
        domainRows: Int,
        domainColumns: Int
    ) {
        move(to: row, column)
        let square = distance * distance * (1 + 1e-9)
        let found = collect(min(square, farthestSquare))
        sort(found, needed: found)
        isCertified = square < edgeSquare(domainRows: domainRows, domainColumns: domainColumns)
    }

    /// Distance to the k-th nearest, in cells; all that were found where there are fewer.
    package func distance(ofNeighbour rank: Int) -> Double {
        guard count > 0 else { return 0 }
        return unsafe distanceBuffer.scalars[min(rank, count) - 1]
    }

    /// What was found, centred on the cell searched, whose response and predictors these are.
    ///
    /// Whether or not the cell is an observation makes no difference here: its row is taken from the
    /// arguments. Valid until the next call.
    package func neighbourhood(response: Double, predictors: [Double]) -> Neighbourhood {
        lattice.setCentre(response: response, predictors: predictors)
        return unsafe neighbourhood(ofObservation: lattice.count)
    }

    /// What was found, centred on an observation; valid until the next call.
    package func neighbourhood(ofObservation number: Int) -> Neighbourhood {
        unsafe Neighbourhood(
            design: lattice.design,
            response: lattice.response,
            centre: number,
            neighbours: UnsafePointer(sortedIndices.integers),
            distances: UnsafePointer(distanceBuffer.scalars),
            count: count
        )
    }

    /// How the weights of the neighbours lie about the cell.
    package struct Shape: Sendable {
        /// Observations with weight.
        package var count = 0
        /// (Σw)² / Σw².
        package var effectiveCount = 0.0
        /// |Σ w Δ| / (h Σ w), Δ the way to the neighbour: 0 in the middle, towards 1 at an edge.
        package var oneSidedness = 0.0
    }

    /// Number of found observations nearer than a distance in cells.
    package func count(within distance: Double) -> Int {
        unsafe neighbourhood(ofObservation: 0).count(within: distance)
    }

    /// Weighs the neighbours by a bandwidth in cells, as far as a local model reaches.
    package func shape(kernel: SpatialKernel, bandwidth: Double) -> Shape {
        let weights = unsafe weights(kernel: kernel, bandwidth: bandwidth)
        var shape = Shape()
        var sum = 0.0
        var squares = 0.0
        var down = 0.0
        var right = 0.0
        for entry in 0..<count(within: bandwidth * kernel.gridReach) {
            let weight = unsafe weights[entry]
            guard weight > 0 else { continue }
            let number = unsafe Int(sortedIndices.integers[entry])
            shape.count += 1
            sum += weight
            squares += weight * weight
            unsafe down += weight * Double(Int(lattice.rowOf[number]) - row)
            unsafe right += weight * Double(Int(lattice.columnOf[number]) - column)
        }
        guard sum > 0 else { return shape }
        shape.effectiveCount = sum * sum / squares
        shape.oneSidedness = (down * down + right * right).squareRoot() / (bandwidth * sum)
        return shape
    }

    /// Weighted share of the responses' variance that residuals leave: 1 − Σ w e² / Σ w (y − ȳ)².
    ///
    /// `residuals` are by number of the observation, each of its own model; NaN where the neighbours'
    /// responses do not differ, or a neighbour with weight has no residual.
    package func localRSquared(
        kernel: SpatialKernel,
        bandwidth: Double,
        residuals: [Double]
    ) -> Double {
        let weights = unsafe weights(kernel: kernel, bandwidth: bandwidth)
        let inUse = count(within: bandwidth * kernel.gridReach)
        var sum = 0.0
        var total = 0.0
        var rest = 0.0
        let origin =
            unsafe count > 0
            ? lattice.response[Int(sortedIndices.integers[0])] : 0
        for entry in 0..<inUse {
            let weight = unsafe weights[entry]
            let number = unsafe Int(sortedIndices.integers[entry])
            guard weight > 0 else { continue }
            let residual = residuals[number]
            sum += weight
            unsafe total += weight * (lattice.response[number] - origin)
            rest += weight * (residual * residual)
        }
        let mean = total / sum
        var spread = 0.0
        for entry in 0..<inUse {
            let weight = unsafe weights[entry]
            let number = unsafe Int(sortedIndices.integers[entry])
            guard weight > 0 else { continue }
            let deviation = unsafe lattice.response[number] - origin - mean
            spread += weight * (deviation * deviation)
        }
        return spread > 0 ? 1 - rest / spread : .nan
    }

    // MARK: Searching

    private func move(to row: Int, _ column: Int) {
        self.row = row
        self.column = column
    }

    /// Square of the distance to the nearest cell of the grid outside the window.
    private func edgeSquare(domainRows: Int, domainColumns: Int) -> Double {
        var edge = Double.infinity
        if lattice.rows.lowerBound > 0 {
            edge = min(edge, Double(row - lattice.rows.lowerBound + 1))
        }
        if lattice.rows.upperBound < domainRows {
            edge = min(edge, Double(lattice.rows.upperBound - row))
        }
        if lattice.columns.lowerBound > 0 {
            edge = min(edge, Double(column - lattice.columns.lowerBound + 1))
        }
        if lattice.columns.upperBound < domainColumns {
            edge = min(edge, Double(lattice.columns.upperBound - column))
        }
        // A cell outside the window cannot look for neighbours in it.
        return edge > 0 ? edge * edge : 0
    }

    /// Square of the distance to the farthest corner of the window.
    private var farthestSquare: Double {
        let down = max(abs(row - lattice.rows.lowerBound), abs(row - lattice.rows.upperBound))
        let right = max(
            abs(column - lattice.columns.lowerBound),
            abs(column - lattice.columns.upperBound)
        )
        return Double(down * down + right * right)
    }

    private func startRadius(_ needed: Int) -> Double {
        guard lastDistance >= 0, lastNeeded >= needed else {
            let places = Double(max(1, lattice.latticeRows.count * lattice.latticeColumns.count))
            let share = max(1, Double(lattice.count)) / places
            let step = Double(lattice.spacing)
            return step * (Double(needed) / (3 * share)).squareRoot() + step
        }
        let down = Double(row - lastRow)
        let right = Double(column - lastColumn)
        let way = (down * down + right * right).squareRoot()
        // A little more, so that rounding and the slack are inside.
        return (lastDistance + way) * 1.000_001 + 1e-6
    }

    /// Collects the observations within a squared radius, in row-major order; returns their number.
    private func collect(_ square: Double) -> Int {
        let spacing = lattice.spacing
        let width = lattice.latticeColumns.count
        let indices = unsafe foundIndices.integers
        let squares = unsafe foundSquares.scalars
        let numbers = unsafe lattice.numbers
        let reach = Int(square.squareRoot()) + 1
        let cells = ObservationLattice.latticeRange(
            max(0, row - reach)..<max(0, row + reach + 1),
            spacing
        ).clamped(to: lattice.latticeRows)
        var found = 0
        for latticeRow in cells {
            let down = Double(latticeRow * spacing - row)
            let rest = square - down * down
            guard rest >= 0 else { continue }
            let half = Int(rest.squareRoot())
            let span = ObservationLattice.latticeRange(
                max(0, column - half)..<max(0, column + half + 1),
                spacing
            ).clamped(to: lattice.latticeColumns)
            guard !span.isEmpty else { continue }
            let first =
                (latticeRow - lattice.latticeRows.lowerBound) * width
                - lattice.latticeColumns.lowerBound
            for latticeColumn in span {
                let number = unsafe numbers[first &+ latticeColumn]
                guard number >= 0 else { continue }
                let right = Double(latticeColumn &* spacing &- column)
                unsafe indices[found] = number
                unsafe squares[found] = down * down + right * right
                found &+= 1
            }
        }
        return found
    }

    private func sort(_ found: Int, needed: Int) {
        count = unsafe kernels.sortNearest(
            found,
            needed,
            Self.slack,
            lattice.identity,
            foundIndices.integers,
            foundSquares.scalars,
            buckets.integers,
            sortedIndices.integers,
            sortedSquares.scalars
        )
        unsafe kernels.distances(sortedSquares.vectors, count, 0, distanceBuffer.vectors)
    }

    private func weights(kernel: SpatialKernel, bandwidth: Double) -> UnsafePointer<Double> {
        unsafe kernels.kernelWeights(
            kernel.code,
            UnsafePointer(distanceBuffer.vectors),
            count,
            bandwidth,
            weightBuffer.vectors
        )
        return unsafe UnsafePointer(weightBuffer.scalars)
    }
}
