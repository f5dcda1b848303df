import Regression

/// Observations on every cell of a square grid, with the neighbours of a cell as an offset walk gives
/// them: no search, so that the kernels are measured and nothing else.
@safe final class DenseGrid {
    /// Cells along a side.
    static let side = 160

    /// Coefficients, intercept included.
    let parameterCount: Int
    /// Neighbours of every location, the location included.
    let neighbourCount: Int
    /// Population variances of the predictors, near 1.
    let variances: [Double]
    private let design: AlignedBuffer
    private let response: AlignedBuffer
    private let neighbours: AlignedBuffer
    private let distances: AlignedBuffer
    private let offsets: [Int32]
    private let margin: Int

    /// Makes the grid and the offsets of the `neighbourCount` nearest cells by (d², dy, dx).
    init(parameterCount: Int, neighbourCount: Int, seed: UInt64) {
        self.parameterCount = parameterCount
        self.neighbourCount = neighbourCount
        let side = Self.side
        let blocks = (parameterCount + 7) / 8
        design = AlignedBuffer(scalarCount: 8 * blocks * side * side)
        response = AlignedBuffer(scalarCount: side * side)
        neighbours = AlignedBuffer(scalarCount: neighbourCount / 2 + 8)
        distances = AlignedBuffer(scalarCount: neighbourCount + 8)
        variances = Array(repeating: 1, count: parameterCount - 1)
        var numbers = SplitMix(seed: seed)
        for cell in 0..<(side * side) {
            var value = numbers.normal()
            for lane in 0..<(parameterCount - 1) {
                let entry = numbers.normal()
                unsafe design.scalars[cell * 8 * blocks + lane] = entry
                value += entry
            }
            unsafe design.scalars[cell * 8 * blocks + parameterCount - 1] = 1
            unsafe response.scalars[cell] = value
        }
        var reach = 1
        while reach * reach * 3 < neighbourCount { reach += 1 }
        margin = reach + 1
        var cells: [(square: Int, dy: Int, dx: Int)] = []
        for dy in -reach...reach {
            for dx in -reach...reach { cells.append((dx * dx + dy * dy, dy, dx)) }
        }
        cells.sort { ($0.square, $0.dy, $0.dx) < ($1.square, $1.dy, $1.dx) }
        offsets = cells.prefix(neighbourCount).map { Int32($0.dy * side + $0.dx) }
        for (index, cell) in cells.prefix(neighbourCount).enumerated() {
            unsafe distances.scalars[index] = Double(cell.square).squareRoot()
        }
    }

    /// A distance that every neighbour is nearer than.
    var reach: Double {
        unsafe distances.scalars[neighbourCount - 1] * Bandwidth.adaptiveFactor
    }

    /// Calls the body for each of `count` locations, row by row, far enough from the edges.
    func forEachLocation(count: Int, _ body: (Neighbourhood) -> Void) {
        let inner = Self.side - 2 * margin
        for number in 0..<count {
            let cell = number % (inner * inner)
            let centre = (margin + cell / inner) * Self.side + margin + cell % inner
            for index in 0..<neighbourCount {
                unsafe neighbours.integers[index] =
                    Int32(truncatingIfNeeded: centre) &+ offsets[index]
            }
            unsafe body(
                Neighbourhood(
                    design: UnsafePointer(design.vectors),
                    response: UnsafePointer(response.scalars),
                    centre: centre,
                    neighbours: UnsafePointer(neighbours.integers),
                    distances: UnsafePointer(distances.scalars),
                    count: neighbourCount
                )
            )
        }
    }

    /// Design rows next to each other, for the moment kernel alone.
    var rows: UnsafePointer<SIMD8<Double>> { unsafe UnsafePointer(design.vectors) }
    /// Responses.
    var responses: UnsafePointer<Double> { unsafe UnsafePointer(response.scalars) }
    /// Distances of the neighbours, used as weights by the moment kernel alone.
    var weights: UnsafePointer<Double> { unsafe UnsafePointer(distances.scalars) }
}
