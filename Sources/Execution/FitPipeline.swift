import Analysis
import CarbonBalance
import Lattice
import RasterIO
import Regression
import Tiling

/// The `fit` stage: a local model at every cell of a tile that takes part.
struct FitPipeline {
    /// Reads observations.
    let neighbourhoods: NeighbourhoodReader
    /// The bandwidth and what follows from it; nil where the regression is refused.
    let choice: BandwidthConstants.Choice?

    private var reader: HaloReader { neighbourhoods.reader }
    private var regression: RegressionModel { reader.regression }

    /// A computed tile.
    struct Output {
        var bands: [TileBand]
        var partial: FitPartial
    }

    /// Fits the cells of a core.
    ///
    /// - Parameters:
    ///   - core: the tile's cells.
    ///   - balance: the tile's own balance object.
    /// - Returns: the tile's bands and sums.
    /// - Throws: `TileFailure` when an object cannot be read, or the attempt is cancelled.
    func compute(core: CellWindow, balance: TileContents) throws -> Output {
        let bands = FitBands(model: reader.model, regression: regression)
        var sheet = FitSheet(core: core, bands: bands)
        let cells = try ParticipatingCells(balance, regression: regression)
        guard let choice else {
            for index in 0..<core.cellCount {
                let status = cells.status(at: index)
                sheet.set(.status, index, Double((status ?? .tooFewNeighbours).rawValue))
                sheet.partial.count(status ?? .tooFewNeighbours)
            }
            return Output(bands: sheet.tileBands, partial: sheet.partial)
        }
        let bandwidths = FitBandwidths(choice, regression, reader.constants)
        let fit = NeighbourhoodFit(
            parameterCount: regression.parameterCount,
            variances: reader.constants.variances,
            scales: reader.constants.scales,
            kernel: regression.kernel,
            instructionSet: neighbourhoods.instructionSet,
            reach: regression.kernel.gridReach
        )
        let holes = reader.holes(in: reader.model.grid.window)
        let growths = try neighbourhoods.forEachPart(
            of: core,
            reach: .init(bandwidth: bandwidths.double)
        ) { part in
            try fitted(
                part,
                cells,
                FitCell(
                    choice: choice,
                    bandwidths: bandwidths,
                    fit: fit,
                    meanResponse: reader.constants.means.last ?? 0
                ),
                holes
            )
        } take: {
            sheet.paste($0)
        }
        sheet.partial.certificates.growths += growths
        sheet.partial.certificates.expect(
            core.rows.reduce(0) { count, row in
                count
                    + core.columns.count { column in
                        cells.status(at: cells.window.index(row: row, column: column)) == nil
                    }
            }
        )
        return Output(bands: sheet.tileBands, partial: sheet.partial)
    }

    /// Fits a part; nil when a neighbourhood may not be complete.
    private func fitted(
        _ part: NeighbourhoodReader.Part,
        _ cells: ParticipatingCells,
        _ cell: FitCell,
        _ holes: [CellWindow]
    ) throws -> FitSheet? {
        var sheet = FitSheet(
            core: part.core,
            bands: FitBands(model: reader.model, regression: regression)
        )
        for row in part.core.rows {
            try reader.cancellation.check()
            for column in part.core.columns {
                let place = cells.window.index(row: row, column: column)
                let index = part.core.index(row: row, column: column)
                if let status = cells.status(at: place) {
                    sheet.set(.status, index, Double(status.rawValue))
                    sheet.partial.count(status)
                    continue
                }
                let widest = neighbourhoods.find(
                    cell.bandwidths.double,
                    row: row,
                    column: column,
                    with: part.search
                )
                guard part.search.isCertified else { return nil }
                sheet.partial.certificates.certified += 1
                let status: RegressionStatus =
                    if Self.reaches(holes, row, column, widest.cells * regression.kernel.gridReach)
                    {
                        .haloRefused
                    } else {
                        sheet.fit(
                            cell,
                            at: (row, column),
                            input: cells.input(at: place),
                            neighbourhoods: neighbourhoods,
                            search: part.search
                        )
                    }
                sheet.set(.status, index, Double(status.rawValue))
                sheet.partial.count(status)
            }
        }
        return sheet
    }

    /// Whether a tile without a result lies within a distance of a cell: then nobody knows who is
    /// missing from its neighbourhood.
    static func reaches(_ holes: [CellWindow], _ row: Int, _ column: Int, _ cells: Double) -> Bool {
        holes.contains { hole in
            let down = Double(max(hole.rowStart - row, 0, row - hole.rowEnd + 1))
            let right = Double(max(hole.columnStart - column, 0, column - hole.columnEnd + 1))
            return (down * down + right * right).squareRoot() <= cells
        }
    }
}

/// Half, once and twice the chosen bandwidth.
struct FitBandwidths {
    let half: Bandwidth
    let chosen: Bandwidth
    let double: Bandwidth

    init(
        _ choice: BandwidthConstants.Choice,
        _ regression: RegressionModel,
        _ constants: ObservationConstants
    ) {
        chosen = regression.bandwidth(of: choice.value)
        switch chosen {
        case .adaptive(let neighbours):
            // As few as carry the terms, as many as there are.
            half = .adaptive(neighbours: max(regression.parameterCount + 1, neighbours / 2))
            double = .adaptive(neighbours: min(constants.observationCount, 2 * neighbours))
        case .fixed(let cells):
            half = .fixed(distance: cells / 2)
            double = .fixed(distance: cells * 2)
        }
    }
}

/// Who takes part in the regression in a tile, with response and predictors.
struct ParticipatingCells {
    let window: CellWindow
    private let participation: CellBlock
    private let response: CellBlock
    private let predictors: [CellBlock]

    /// What a local model is centred on.
    struct Input {
        var response: Double
        var predictors: [Double]
        var isObservation: Bool
    }

    /// Reads the bands of a balance tile.
    ///
    /// - Throws: `TileFailure` when one is missing: the file is not what the plan says.
    init(_ balance: TileContents, regression: RegressionModel) throws(TileFailure) {
        func block(_ name: String) throws(TileFailure) -> CellBlock {
            guard let block = balance.block(named: name) else {
                throw TileFailure(.storage, "the balance tile has no band '\(name)'")
            }
            return block
        }
        window = balance.window
        participation = try block("participation")
        response = try block("response")
        var predictors: [CellBlock] = []
        for covariate in regression.covariates {
            predictors.append(try block("x_\(covariate.name)"))
        }
        self.predictors = predictors
    }

    /// Why a cell takes no part; nil when it does.
    func status(at index: Int) -> RegressionStatus? {
        let code = UInt8(exactly: participation.samples[index]) ?? RegressionStatus.outside.rawValue
        if code == ObservationBlock.observation || code == ObservationBlock.locationOnly {
            return nil
        }
        return RegressionStatus(rawValue: code) ?? .outside
    }

    /// The values of a cell that takes part.
    func input(at index: Int) -> Input {
        Input(
            response: Double(response.samples[index]),
            predictors: predictors.map { Double($0.samples[index]) },
            isObservation: participation.samples[index] == Float(ObservationBlock.observation)
        )
    }
}
