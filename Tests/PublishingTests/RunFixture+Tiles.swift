import Analysis
import CarbonBalance
import Lattice
import RasterIO
import Tiling

@testable import Publishing

extension RunFixture {
    /// Emission of a cell: a hill around one place, none in the north-west.
    static func emission(row: Int, column: Int) -> Float {
        if row < 20, column < 30 { return .nan }
        let dx = Double(column - 90)
        let dy = Double(row - 40)
        let distance = (dx * dx + dy * dy).squareRoot()
        return Float(20_000 / (1 + distance * distance / 20))
    }

    /// Sink of a cell: from a source in the far north to a strong sink in the south.
    static func sink(row: Int, column: Int, kind: SinkKind) -> Float {
        let value = Double(row) * 12 + Double(column % 7) * 3
        return Float(kind == .npp ? value : value - 100)
    }

    /// Writes the balance tiles and sums them up.
    static func writeTiles(
        model: RunModel,
        layout: TileLayout,
        features: [PolygonFeature],
        missing: [TileID],
        directory: String
    ) throws -> (tiles: [PublishingInput.CommittedTile], constants: BalanceConstants) {
        let atlas = try ZoneAtlas(grid: model.grid, zones: features.map(\.zonePolygon))
        var tiles: [PublishingInput.CommittedTile] = []
        var sum = BalancePartial(layerCount: 0)
        for id in layout.tileIDs where !missing.contains(id) {
            guard let core = layout.core(of: id) else { continue }
            let block = balance(of: core, atlas: atlas, model: model)
            sum.add(
                block,
                coverage: atlas.coverage(of: core),
                deficit: block.bands[0],
                layers: []
            )
            let unit = WorkUnit(stage: .balance, round: 0, tile: id)
            let key = TileObjectKey(lease: LeaseID(unit: unit, attempt: .first), nonce: 7)
            let written = try TileWriter.write(
                to: "\(directory)/tiles/\(key.path)",
                grid: model.grid,
                bands: bands(of: block, core: core, model: model)
            )
            tiles.append(
                PublishingInput.CommittedTile(
                    id: id,
                    core: core,
                    object: TileObject(
                        key: key,
                        bytes: written.bytes,
                        fileDigest: written.fileDigest,
                        samplesDigest: written.samplesDigest
                    )
                )
            )
        }
        return (tiles, BalanceConstants(pairs: [PairBalance(sum, model: model)]))
    }

    private static func balance(
        of core: CellWindow,
        atlas: ZoneAtlas,
        model: RunModel
    ) -> BalanceBlock {
        var emission = RegriddedLayer(emptyOver: core, hasWater: false)
        var sink = RegriddedLayer(emptyOver: core, hasWater: false)
        for row in core.rows {
            for column in core.columns {
                let e = Self.emission(row: row, column: column)
                emission.value[row, column] = e
                emission.validFraction[row, column] = e.isNaN ? 0 : 1
                sink.value[row, column] = Self.sink(
                    row: row,
                    column: column,
                    kind: model.mainSink
                )
                sink.validFraction[row, column] = 1
            }
        }
        var inside = [Bool](repeating: false, count: core.cellCount)
        for zone in atlas.coverage(of: core) {
            for cell in zone.cells { inside[cell.index] = true }
        }
        return BalanceBlock(
            emission: emission,
            sink: sink,
            inside: inside,
            variants: model.deficit.variants,
            parameters: DeficitParameters(emissionFloor: model.deficit.emissionFloor)
        )
    }

    private static func bands(
        of block: BalanceBlock,
        core: CellWindow,
        model: RunModel
    ) -> [TileBand] {
        BalanceBands(model: model).bands.map { band in
            let samples: CellBlock
            switch band.content {
            case .emission: samples = block.emission.value
            case .sink: samples = block.sink.value
            case .emissionValid: samples = block.emission.validFraction
            case .sinkValid: samples = block.sink.validFraction
            case .variant(let variant):
                samples = block.bands[model.deficit.variants.firstIndex(of: variant) ?? 0]
            case .status:
                samples = CellBlock(
                    window: core,
                    samples: block.status.map { Float($0.rawValue) }
                )
            case .response, .participation, .predictor: samples = CellBlock(window: core)
            }
            return TileBand(name: band.name, unit: band.unit, block: samples)
        }
    }
}
