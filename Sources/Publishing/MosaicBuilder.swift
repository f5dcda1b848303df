import Analysis
import CarbonBalance
import Lattice
import RasterIO

/// A band of a published mosaic, with what was found in it.
struct PublishedBand: Hashable, Sendable {
    /// Name as in the file.
    let name: String
    /// Unit; empty for codes, `1` when dimensionless.
    let unit: String
    /// One sentence about it.
    let description: String
    /// Statistics of its valid cells.
    let statistics: BandStatistics
}

/// Assembles the national mosaics from committed tiles.
///
/// Memory is one strip of full rows of one band, whatever the grid's height; every sample is copied,
/// none is computed anew, so that the pixels are those that the tiles hold.
struct MosaicBuilder {
    let input: PublishingInput
    let bands: BalanceBands
    let metadata: MosaicMetadata
    let verifier: TileVerifier

    /// Writes the mosaic of emission, sink and deficits.
    ///
    /// - Returns: its bands in order.
    func buildDeficit(path: String) throws -> [PublishedBand] {
        let quantities = bands.quantities
        let description = MosaicDescription(
            grid: input.model.grid,
            format: .float32,
            bands: quantities.map { band in
                MosaicBand(name: band.name, unit: band.unit, metadata: metadata.band(band))
            },
            metadata: metadata.dataset(title: "Carbon deficit: \(input.model.name)"),
            resampling: .average
        )
        var writer = try MosaicWriter(path: path, description: description)
        for (index, band) in quantities.enumerated() {
            guard let source = bands.index(of: band.content, pair: band.pair) else { continue }
            try writer.assemble(band: index + 1, from: shares(ofBand: source))
        }
        return zip(quantities, try writer.finish()).map { band, statistics in
            PublishedBand(
                name: band.name,
                unit: band.unit,
                description: band.description,
                statistics: statistics
            )
        }
    }

    /// Writes the mosaic of codes: why each cell has the deficit and the regression it has.
    ///
    /// - Returns: its bands in order.
    func buildStatus(path: String) throws -> [PublishedBand] {
        let plan = statusBands
        let description = MosaicDescription(
            grid: input.model.grid,
            format: .byte,
            bands: plan.map { MosaicBand(name: $0.name, metadata: $0.metadata) },
            metadata: metadata.dataset(title: "Status of the carbon deficit: \(input.model.name)"),
            resampling: .mode
        )
        var writer = try MosaicWriter(path: path, description: description)
        for (index, band) in plan.enumerated() {
            guard let source = bands.index(of: .status, pair: band.pair) else { continue }
            if band.isRegression, let regression = input.cellRegression {
                try appendRegression(to: &writer, band: index + 1, regression)
            } else if band.isRegression {
                try appendRegression(to: &writer, band: index + 1, source: source)
            } else {
                try writer.assemble(band: index + 1, from: shares(ofBand: source))
            }
        }
        return zip(plan, try writer.finish()).map { band, statistics in
            PublishedBand(
                name: band.name,
                unit: "",
                description: band.description,
                statistics: statistics
            )
        }
    }

    private struct StatusBand {
        let name: String
        let description: String
        let pair: Int
        let isRegression: Bool
        let metadata: [MetadataItem]
    }

    private var statusBands: [StatusBand] {
        let balanceCodes = BalanceStatus.allCases.map { (code: $0.rawValue, title: $0.title) }
        let regressionCodes = RegressionStatus.allCases.map { (code: $0.rawValue, title: $0.title) }
        var plan: [StatusBand] = []
        for (index, pair) in input.model.deficit.pairs.enumerated() {
            let description = "Why a cell has the deficit it has"
            plan.append(
                StatusBand(
                    name: "deficit\(pair.suffix)",
                    description: description,
                    pair: index,
                    isRegression: false,
                    metadata: metadata.codes(description, balanceCodes)
                )
            )
            guard index == 0 else { continue }
            let regression = regressionDescription
            plan.append(
                StatusBand(
                    name: "regression",
                    description: regression,
                    pair: 0,
                    isRegression: true,
                    metadata: metadata.codes(regression, regressionCodes)
                )
            )
        }
        return plan
    }

    private var regressionDescription: String {
        let what = "Why a location has the regression results it has"
        guard let regression = input.cellRegression else {
            return what + "; no regression of cells was run: 1 where there is no observation, no "
                + "value elsewhere"
        }
        return RegressionStatements(input, regression).refusal.map { "\(what). \($0)" } ?? what
    }

    /// Without a regression all that is known of a location is whether it could be an observation.
    private func appendRegression(
        to writer: inout MosaicWriter,
        band: Int,
        source: Int
    ) throws {
        let grid = input.model.grid
        for rowStart in stride(from: 0, to: grid.rows, by: MosaicWriter.stripRows) {
            let rows = rowStart..<min(grid.rows, rowStart + MosaicWriter.stripRows)
            var strip = CellBlock(window: CellWindow(rows: rows, columns: 0..<grid.columns))
            for tile in input.tiles {
                guard let common = strip.window.intersection(tile.core) else { continue }
                let path = verifier.path(of: tile)
                let contents = try TileReader.read(path, bands: [source + 1], window: common)
                for var block in contents.blocks {
                    block.samples = block.samples.map(regressionCode)
                    strip.paste(block)
                }
            }
            try writer.append(strip, band: band)
        }
    }

    private func regressionCode(ofBalance sample: Float) -> Float {
        guard let code = UInt8(exactly: sample), let status = BalanceStatus(rawValue: code),
            status != .outside
        else { return .nan }
        let hasResponse =
            status.isObservation && !(status == .water && input.model.deficit.masksWater)
        return hasResponse ? .nan : Float(RegressionStatus.noResponse.rawValue)
    }

    private func shares(ofBand source: Int) -> [MosaicTile] {
        input.tiles.map { tile in
            MosaicTile(window: tile.core, path: verifier.path(of: tile), band: source + 1)
        }
    }
}
