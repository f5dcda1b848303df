import Regression
import Testing

/// Neighbours on grids, against looking at every observation.
struct LatticeSearchTests {
    /// A random mask on a random lattice, and a random window of it.
    private struct Scene {
        var rows: Int
        var columns: Int
        var spacing: Int
        /// Cells of the observations, in row-major order.
        var cells: [(row: Int, column: Int)] = []
        var windowRows: Range<Int>
        var windowColumns: Range<Int>
        var numbers: SeededNumbers

        init(seed: UInt64) {
            var numbers = SeededNumbers(seed: seed)
            func integer(_ range: ClosedRange<Int>) -> Int {
                range.lowerBound + Int(numbers.bits() % UInt64(range.count))
            }
            func part(_ count: Int) -> Range<Int> {
                let first = integer(0...(count - 1))
                return first..<integer((first + 1)...count)
            }
            rows = integer(1...26)
            columns = integer(1...26)
            spacing = integer(1...4)
            // From nearly empty to full.
            let share = numbers.uniform()
            windowRows = numbers.uniform() < 0.4 ? 0..<rows : part(rows)
            windowColumns = numbers.uniform() < 0.4 ? 0..<columns : part(columns)
            for row in stride(from: 0, to: rows, by: spacing) {
                for column in stride(from: 0, to: columns, by: spacing)
                where numbers.uniform() < share {
                    cells.append((row, column))
                }
            }
            self.numbers = numbers
        }

        var lattice: ObservationLattice {
            let inside = cells.filter {
                windowRows.contains($0.row) && windowColumns.contains($0.column)
            }
            // In an order that is not the cells': numbers must not depend on it.
            return ObservationLattice(
                rows: windowRows,
                columns: windowColumns,
                spacing: spacing,
                scales: [1],
                observations: inside.reversed().enumerated().map { index, cell in
                    ObservationLattice.Row(
                        row: Int32(cell.row),
                        column: Int32(cell.column),
                        response: Double(cell.row * 100 + cell.column),
                        firstPredictor: index
                    )
                },
                predictors: inside.reversed().map { Double($0.row - $0.column) }
            )
        }

        /// All observations of the grid by (d², dy, dx) from a cell.
        func sorted(from row: Int, _ column: Int) -> [(square: Int, row: Int, column: Int)] {
            cells.map { cell in
                let down = cell.row - row
                let right = cell.column - column
                return (down * down + right * right, cell.row, cell.column)
            }.sorted { ($0.square, $0.row, $0.column) < ($1.square, $1.row, $1.column) }
        }
    }

    private static func found(
        _ search: LatticeSearch,
        _ lattice: ObservationLattice
    ) -> [[Int]] {
        let around = unsafe search.neighbourhood(response: 0, predictors: [0])
        return (0..<search.count).map { index in
            let cell = lattice.cell(of: unsafe Int(around.neighbours[index]))
            return [cell.row, cell.column]
        }
    }

    @Test(arguments: 0..<20)
    func `certified neighbourhoods are those of the whole grid, on ten thousand masks`(
        part: Int
    ) throws {
        var certified = 0
        for seed in (part * 500)..<(part * 500 + 500) {
            var scene = Scene(seed: UInt64(seed))
            let lattice = scene.lattice
            let search = LatticeSearch(
                lattice: lattice,
                instructionSet: try InstructionSet.select(override: nil)
            )
            let needed = 1 + Int(scene.numbers.bits() % 12)
            for row in scene.windowRows {
                for column in scene.windowColumns {
                    search.findNearest(
                        needed,
                        row: row,
                        column: column,
                        domainRows: scene.rows,
                        domainColumns: scene.columns
                    )
                    guard search.isCertified else { continue }
                    certified += 1
                    let all = scene.sorted(from: row, column)
                    let last = all.isEmpty ? 0 : all[min(needed, all.count) - 1].square
                    // All ties at the last distance belong to it.
                    let expected = all.filter { $0.square <= last }.map { [$0.row, $0.column] }
                    let found = Self.found(search, lattice)
                    #expect(Array(found.prefix(expected.count)) == expected, "seed \(seed)")
                    guard !expected.isEmpty else { continue }
                    #expect(
                        search.distance(ofNeighbour: needed) == Double(last).squareRoot(),
                        "seed \(seed)"
                    )
                }
            }
        }
        #expect(certified > 1000)
    }

    @Test func `a window that is the whole grid certifies everything`() throws {
        for seed in 0..<200 as Range<UInt64> {
            var scene = Scene(seed: seed)
            scene.windowRows = 0..<scene.rows
            scene.windowColumns = 0..<scene.columns
            let search = LatticeSearch(
                lattice: scene.lattice,
                instructionSet: try InstructionSet.select(override: nil)
            )
            for row in 0..<scene.rows {
                search.findNearest(
                    5,
                    row: row,
                    column: 0,
                    domainRows: scene.rows,
                    domainColumns: scene.columns
                )
                #expect(search.isCertified, "seed \(seed)")
            }
        }
    }

    @Test func `a search that ends at a distance finds what lies within it`() throws {
        for seed in 0..<300 as Range<UInt64> {
            var scene = Scene(seed: seed)
            let lattice = scene.lattice
            let search = LatticeSearch(
                lattice: lattice,
                instructionSet: try InstructionSet.select(override: nil)
            )
            let reach = 1 + scene.numbers.uniform() * 8
            let row = scene.windowRows.lowerBound
            let column = scene.windowColumns.upperBound - 1
            search.findWithin(
                reach,
                row: row,
                column: column,
                domainRows: scene.rows,
                domainColumns: scene.columns
            )
            guard search.isCertified else { continue }
            let expected = scene.sorted(from: row, column)
                .filter { Double($0.square).squareRoot() < reach }.map { [$0.row, $0.column] }
            let found = Self.found(search, lattice)
            #expect(Array(found.prefix(expected.count)) == expected, "seed \(seed)")
        }
    }

    @Test func `one-sidedness is 0 amid observations and large at their edge`() throws {
        let cells = (0..<21).flatMap { row in (0..<21).map { (row, $0) } }
        let lattice = ObservationLattice(
            rows: 0..<21,
            columns: 0..<21,
            spacing: 1,
            scales: [1],
            observations: cells.enumerated().map { index, cell in
                ObservationLattice.Row(
                    row: Int32(cell.0),
                    column: Int32(cell.1),
                    response: 1,
                    firstPredictor: index
                )
            },
            predictors: cells.map { _ in 0 }
        )
        let search = LatticeSearch(
            lattice: lattice,
            instructionSet: try InstructionSet.select(override: nil)
        )
        func shape(_ row: Int, _ column: Int) -> LatticeSearch.Shape {
            search.findWithin(6, row: row, column: column, domainRows: 21, domainColumns: 21)
            return search.shape(kernel: .bisquare, bandwidth: 6)
        }
        let amid = shape(10, 10)
        let corner = shape(0, 0)
        #expect(amid.oneSidedness < 1e-15)
        #expect(corner.oneSidedness > 0.3 && corner.oneSidedness < 1)
        #expect(amid.count > 3 * corner.count)
        #expect(amid.effectiveCount < Double(amid.count))
    }
}
