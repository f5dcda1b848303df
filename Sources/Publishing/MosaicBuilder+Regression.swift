import Analysis
import CarbonBalance
import Lattice
import RasterIO

extension MosaicBuilder {
    /// Writes the mosaic of the local models, in double precision: it is compared with other programs
    /// to more digits than a single has.
    ///
    /// - Returns: its bands in order.
    func buildModel(
        path: String,
        _ bands: RegressionBands,
        _ regression: CellRegression
    ) throws -> [PublishedBand] {
        let title = "Geographically weighted regression: \(input.model.name)"
        return try build(
            path,
            title: title,
            format: .float64,
            bands.model,
            bands.fit,
            regression,
            // Some bands are codes, of which there is no mean, and a file has one rule for all.
            resampling: .nearest
        )
    }

    /// Writes the mosaic of the neighbourhoods.
    ///
    /// - Returns: its bands in order.
    func buildNeighbourhood(
        path: String,
        _ bands: RegressionBands,
        _ regression: CellRegression
    ) throws -> [PublishedBand] {
        let title = "Neighbourhoods of the regression: \(input.model.name)"
        return try build(
            path,
            title: title,
            format: .float32,
            bands.neighbourhood,
            bands.fit,
            regression,
            resampling: .average
        )
    }

    private func build(
        _ path: String,
        title: String,
        format: SampleFormat,
        _ bands: [RegressionBands.Band],
        _ fit: FitBands,
        _ regression: CellRegression,
        resampling: OverviewResampling
    ) throws -> [PublishedBand] {
        let description = MosaicDescription(
            grid: input.model.grid,
            format: format,
            bands: bands.map { band in
                MosaicBand(
                    name: band.name,
                    unit: band.unit,
                    metadata: metadata.band(band, regression)
                )
            },
            metadata: metadata.dataset(title: title, regression: regression),
            resampling: resampling
        )
        var writer = try MosaicWriter(path: path, description: description)
        for (index, band) in bands.enumerated() {
            try writer.assemble(band: index + 1, from: shares(of: band.source, fit, regression))
        }
        return zip(bands, try writer.finish()).map { band, statistics in
            PublishedBand(
                name: band.name,
                unit: band.unit,
                description: band.description,
                statistics: statistics
            )
        }
    }

    private func shares(
        of source: RegressionBands.Source,
        _ fit: FitBands,
        _ regression: CellRegression
    ) -> [MosaicTile] {
        let (tiles, band) =
            switch source {
            case .fit(let content): (regression.results.fitTiles, fit.index(of: content) + 1)
            case .localRSquared: (regression.results.diagnoseTiles, 1)
            }
        return tiles.map { tile in
            MosaicTile(window: tile.core, path: verifier.path(of: tile), band: band)
        }
    }

    /// Fills the band of the regression's status: the fit tiles' own, and where there is none what the
    /// balance tile knows.
    func appendRegression(
        to writer: inout MosaicWriter,
        band: Int,
        _ regression: CellRegression
    ) throws {
        let grid = input.model.grid
        let fit = FitBands(model: input.model, regression: regression.model)
        let fitted = Set(regression.results.fitTiles.map(\.id))
        let rest = input.tiles.filter { !fitted.contains($0.id) }
        for rowStart in stride(from: 0, to: grid.rows, by: MosaicWriter.stripRows) {
            let rows = rowStart..<min(grid.rows, rowStart + MosaicWriter.stripRows)
            var strip = CellBlock(window: CellWindow(rows: rows, columns: 0..<grid.columns))
            for tile in regression.results.fitTiles {
                guard let common = strip.window.intersection(tile.core) else { continue }
                let contents = try TileReader.readDouble(
                    verifier.path(of: tile),
                    bands: [fit.index(of: .status) + 1],
                    window: common
                )
                for block in contents.blocks {
                    strip.paste(
                        CellBlock(window: common, samples: block.samples.map { Float($0) })
                    )
                }
            }
            for tile in rest {
                guard let common = strip.window.intersection(tile.core),
                    let source = bands.index(of: .participation)
                else { continue }
                let path = verifier.path(of: tile)
                let contents = try TileReader.read(path, bands: [source + 1], window: common)
                for var block in contents.blocks {
                    block.samples = block.samples.map { Self.code($0, regression) }
                    strip.paste(block)
                }
            }
            try writer.append(strip, band: band)
        }
    }

    /// The status of a cell without a fit tile, from who takes part.
    ///
    /// A tile that was given up is a halo that nobody could complete; before the stage is over, nothing
    /// is known of its cells.
    private static func code(_ participation: Float, _ regression: CellRegression) -> Float {
        guard let code = UInt8(exactly: participation) else { return .nan }
        if code == ObservationBlock.observation || code == ObservationBlock.locationOnly {
            return regression.results.fit == nil
                ? .nan : Float(RegressionStatus.haloRefused.rawValue)
        }
        return Float(code)
    }
}
