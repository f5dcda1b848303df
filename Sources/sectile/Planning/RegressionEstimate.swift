import Analysis
import Lattice
import Regression
import Tiling

/// What a regression of cells will ask of a worker, before any observation is known.
///
/// An order of magnitude: it takes every cell inside the grid for an observation place with a value. What a
/// tile really reads is planned from the counts that the balance stage makes, and certified cell by cell.
struct RegressionEstimate {
    private let model: RunModel
    private let regression: RegressionModel
    private let layout: TileLayout

    /// Nanoseconds for a neighbour in the sweep and in the three fits, p = 7, on AVX2.
    private static let neighbourNanoseconds = 25.0

    /// The estimate; nil for a run without a regression of cells.
    init?(_ planned: PlannedRun) {
        guard let regression = planned.model.cellRegression else { return nil }
        model = planned.model
        self.regression = regression
        layout = planned.layout
    }

    /// Places of the lattice on the whole grid: the most observations there can be.
    var latticePlaces: Int {
        let spacing = regression.spacingCells
        return ((model.grid.rows + spacing - 1) / spacing)
            * ((model.grid.columns + spacing - 1) / spacing)
    }

    /// The widest bandwidth that is looked at, neighbours; of a search without an end its first maximum.
    private var neighbours: Double {
        let places = Double(latticePlaces)
        let step = Double(regression.spacingCells) * model.grid.cellSizeMetres
        switch regression.bandwidth {
        case .neighbours(let count): return min(places, 2 * Double(count))
        case .metres(let metres): return min(places, 4 * .pi * metres * metres / (step * step))
        case .search(isAdaptive: true, _, _, let maximum): return min(places, maximum ?? 1024)
        case .search(isAdaptive: false, _, _, let maximum):
            let metres = maximum ?? 13 * step
            return min(places, .pi * metres * metres / (step * step))
        }
    }

    /// How far the neighbourhoods of a fully observed plain reach, cells.
    var haloCells: Int {
        let spacing = Double(regression.spacingCells)
        let reach = (neighbours * spacing * spacing / .pi).squareRoot()
        return Int((reach * regression.kernel.gridReach).rounded(.up))
    }

    /// Memory for the observations of a tile's window and the bands of its fit, bytes.
    var memoryBytes: Int {
        let edge = layout.tileSizePixels + 2 * haloCells
        let spacing = regression.spacingCells
        let rows = min(model.grid.rows, edge) / spacing + 1
        let columns = min(model.grid.columns, edge) / spacing + 1
        let observations = ObservationLattice.byteCount(
            places: rows * columns,
            observations: rows * columns,
            parameterCount: regression.parameterCount
        )
        let bands = FitBands(model: model, regression: regression).bands.count
        let cells =
            min(layout.tileSizePixels, model.grid.rows)
            * min(layout.tileSizePixels, model.grid.columns)
        // The bands twice: once to be written.
        return observations + 40 * rows * columns + 16 * bands * cells
    }

    /// Estimated time of one core, seconds.
    var coreSeconds: Double {
        let cells = Double(model.grid.window.cellCount)
        return (Double(latticePlaces) + 3 * cells) * neighbours * Self.neighbourNanoseconds * 1e-9
    }

    /// Lines for people.
    var lines: [String] {
        let spacing = Double(regression.spacingCells) * model.grid.cellSizeMetres / 1000
        let terms = regression.termNames.joined(separator: ", ")
        return [
            "regression: \(regression.parameterCount) terms (\(terms)), kernel "
                + "\(regression.kernel.rawValue), observations every \(Int(spacing)) km (at most "
                + "\(latticePlaces)), buffer \(Int(regression.bufferMetres / 1000)) km",
            "halo: about \(haloCells) cells where every place has a value; planned from the counts of "
                + "the balance stage, as far as observations are"
                + (regression.capMetres.map { ", at most \(Int($0 / 1000)) km" } ?? ""),
        ]
    }
}
