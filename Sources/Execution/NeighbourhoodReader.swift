import Analysis
import Lattice
import Regression
import Tiling

/// Goes through the cells of a tile with the observations around them, however far those are.
///
/// The window is planned from the counts of observations, so that it surely holds every neighbourhood;
/// each search says whether it does; where one does not, the window grows and the part is done again. A
/// tile whose observations exceed the memory of a slot is done in parts. Neither shows in a result.
struct NeighbourhoodReader {
    /// Reads observations.
    let reader: HaloReader
    /// Memory for the observations of a part, bytes.
    let byteLimit: Int
    /// The level of the kernels.
    let instructionSet: InstructionSet

    private var model: RunModel { reader.model }
    private var regression: RegressionModel { reader.regression }

    /// How far neighbourhoods reach.
    struct Reach {
        /// The widest bandwidth.
        var bandwidth: Bandwidth
        /// Cells that must be seen in any case, for pairs.
        var leastCells = 0
    }

    /// Most cells that no neighbourhood exceeds; nil without a cap.
    var capCells: Double? {
        regression.capMetres.map { $0 / model.grid.cellSizeMetres }
    }

    /// What a part of a tile is computed with.
    struct Part {
        /// The cells of the part.
        let core: CellWindow
        /// The observations around it.
        let lattice: ObservationLattice
        /// Finds neighbours among them.
        let search: LatticeSearch
    }

    /// Does all parts of a core.
    ///
    /// - Parameters:
    ///   - core: the tile's cells.
    ///   - reach: how far to look.
    ///   - body: computes a part into a value of its own and returns it; nil when a neighbourhood was
    ///     not certain to be complete: then it is called again with a wider window.
    ///   - take: takes a part's value over, so that no more than one is kept.
    /// - Returns: how often a window grew.
    /// - Throws: `TileFailure` when an object cannot be read, and what `body` throws.
    func forEachPart<Value>(
        of core: CellWindow,
        reach: Reach,
        body: (Part) throws -> Value?,
        take: (Value) -> Void
    ) throws -> Int {
        let plan = HaloPlan(reader.constants.pyramid)
        var growths = 0
        var open = [core]
        while let part = open.popLast() {
            var window = self.window(of: part, reach: reach, plan)
            if let halves = halves(of: part, window: window) {
                open += [halves.1, halves.0]
                continue
            }
            while true {
                let lattice = try reader.lattice(over: window)
                let search = LatticeSearch(lattice: lattice, instructionSet: instructionSet)
                if let value = try body(Part(core: part, lattice: lattice, search: search)) {
                    take(value)
                    break
                }
                guard window != model.grid.window else {
                    throw TileFailure(
                        .bug,
                        "a neighbourhood is not certain although the whole grid was read"
                    )
                }
                growths += 1
                let width = max(part.rowStart - window.rowStart, window.columnEnd - part.columnEnd)
                let wider = window.outset(by: max(8, width))
                window = wider.intersection(model.grid.window) ?? model.grid.window
            }
        }
        return growths
    }

    /// The window that surely holds a part's neighbourhoods.
    private func window(of part: CellWindow, reach: Reach, _ plan: HaloPlan) -> CellWindow {
        let grid = model.grid.window
        let stretch = regression.kernel.gridReach
        var window: CellWindow
        switch reach.bandwidth {
        case .adaptive(let neighbours):
            window = plan.window(
                of: part,
                neighbours: neighbours,
                stretch: stretch,
                capCells: capCells
            )
        case .fixed(let cells):
            window = part.outset(by: Int(min(cells * stretch, 1e9)) + 2)
        }
        let least = part.outset(by: reach.leastCells)
        window = CellWindow(
            rows: min(window.rowStart, least.rowStart)..<max(window.rowEnd, least.rowEnd),
            columns: min(
                window.columnStart,
                least.columnStart
            )..<max(
                window.columnEnd,
                least.columnEnd
            )
        )
        return window.intersection(grid) ?? grid
    }

    /// A part cut in two along its longer side, when its observations would not fit; nil when they do,
    /// or it cannot be cut any more.
    private func halves(
        of part: CellWindow,
        window: CellWindow
    ) -> (CellWindow, CellWindow)? {
        let spacing = regression.spacingCells
        let bytes = ObservationLattice.byteCount(
            places: (window.rowCount / spacing + 1) * (window.columnCount / spacing + 1),
            observations: reader.constants.pyramid.count(within: window),
            parameterCount: regression.parameterCount
        )
        // The search holds four doubles and three indices for each observation beside the lattice.
        let searching = 44 * reader.constants.pyramid.count(within: window)
        guard bytes + searching > byteLimit, part.cellCount > 64 else { return nil }
        if part.rowCount >= part.columnCount {
            let middle = part.rowStart + part.rowCount / 2
            return (
                CellWindow(rows: part.rowStart..<middle, columns: part.columns),
                CellWindow(rows: middle..<part.rowEnd, columns: part.columns)
            )
        }
        let middle = part.columnStart + part.columnCount / 2
        return (
            CellWindow(rows: part.rows, columns: part.columnStart..<middle),
            CellWindow(rows: part.rows, columns: middle..<part.columnEnd)
        )
    }

    /// Finds the neighbours of a cell as far as a bandwidth needs them.
    ///
    /// - Returns: the bandwidth at the cell, in cells, and whether the cap made it smaller.
    func find(
        _ bandwidth: Bandwidth,
        row: Int,
        column: Int,
        with search: LatticeSearch
    ) -> (cells: Double, isCapped: Bool) {
        let rows = model.grid.rows
        let columns = model.grid.columns
        let stretch = regression.kernel.gridReach
        switch bandwidth {
        case .adaptive(let neighbours):
            search.findNearest(
                neighbours,
                row: row,
                column: column,
                domainRows: rows,
                domainColumns: columns,
                limit: capCells
            )
            let local = self.bandwidth(bandwidth, with: search)
            if stretch > 1 {
                search.findWithin(
                    local.cells * stretch,
                    row: row,
                    column: column,
                    domainRows: rows,
                    domainColumns: columns
                )
            }
            return local
        case .fixed(let cells):
            search.findWithin(
                cells * stretch,
                row: row,
                column: column,
                domainRows: rows,
                domainColumns: columns
            )
            return (cells, false)
        }
    }

    /// Whether a bandwidth at the cell last searched holds enough neighbours for a model.
    ///
    /// A count that was asked for and met is enough; a distance, or a cap, may hold any number.
    func carriesModel(
        _ local: (cells: Double, isCapped: Bool),
        with search: LatticeSearch
    ) -> Bool {
        guard local.isCapped || !regression.isAdaptive else { return true }
        return search.count(within: local.cells * regression.kernel.gridReach)
            >= regression.leastNeighbourCount
    }

    /// A bandwidth at the cell last searched, in cells; the search reached at least as far.
    func bandwidth(
        _ bandwidth: Bandwidth,
        with search: LatticeSearch
    ) -> (cells: Double, isCapped: Bool) {
        switch bandwidth {
        case .fixed(let cells): return (cells, false)
        case .adaptive(let neighbours):
            let cap = capCells ?? .infinity
            guard search.count >= neighbours else { return (cap, true) }
            let own = search.distance(ofNeighbour: neighbours) * Bandwidth.adaptiveFactor
            return own > cap ? (cap, true) : (own, false)
        }
    }
}
