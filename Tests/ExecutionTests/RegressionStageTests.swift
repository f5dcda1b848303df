import Analysis
import CarbonBalance
import ContentDigest
import Execution
import Foundation
import Lattice
import RasterIO
import Regression
import Testing
import Tiling

/// The stages of the regression on one tile, whatever its memory and however its window was planned.
struct RegressionStageTests {
    private static let columns = 120
    private static let rows = 100
    private static let tileSize = 20

    private let directory: TemporaryDirectory
    private let model: RunModel
    private let layout: TileLayout
    private let observations: ObservationPartial
    private let halo: HaloIndex

    init() throws {
        let directory = try TemporaryDirectory.run()
        self.directory = directory
        let model = try Self.model()
        self.model = model
        let regression = try #require(model.cellRegression)
        let layout = TileLayout(grid: model.grid, tileSizePixels: Self.tileSize)
        self.layout = layout
        var observations = ObservationPartial(model: regression, grid: model.grid)
        var list = ObjectList(stage: .balance, round: 0)
        for tile in layout.tiles(intersecting: model.grid.window) {
            let core = try #require(layout.core(of: tile))
            let bands = BalanceBands(model: model)
            let places = try [BalanceBands.Content.participation, .response, .predictor(0)].map {
                try #require(bands.index(of: $0))
            }
            var blocks = bands.names.map { _ in CellBlock(window: core) }
            for row in core.rows {
                for column in core.columns {
                    let isThere = Self.isThere(row, column)
                    blocks[places[0]][row, column] =
                        Float(
                            isThere
                                ? ObservationBlock.observation
                                : RegressionStatus.noResponse.rawValue
                        )
                    guard isThere else { continue }
                    let one = Float((row * 37 + column * 91) % 101) / 101
                    let response =
                        one * Float(column) / 30 + Float((row * 13 + column * 7) % 17) / 17
                    blocks[places[1]][row, column] = response
                    blocks[places[2]][row, column] = one
                    observations.add(
                        row: row,
                        column: column,
                        values: [Double(one), Double(response)]
                    )
                    observations.count(locations: 1)
                }
            }
            let unit = WorkUnit(stage: .balance, round: 0, tile: tile)
            let lease = LeaseID(unit: unit, attempt: Attempt(1))
            let object = try ObjectWriter(runDirectory: directory.path, nonce: 7).write(lease) {
                path in
                try TileWriter.write(
                    to: path,
                    grid: model.grid,
                    bands: zip(bands.names, blocks).map { TileBand(name: $0, block: $1) }
                ).samplesDigest
            }
            list.append(
                ObjectList.Record(
                    tile: tile,
                    attempt: lease.attempt,
                    nonce: 7,
                    bytes: object.bytes,
                    fileDigest: PackedDigest(object.fileDigest),
                    samplesDigest: PackedDigest(object.samplesDigest)
                )
            )
        }
        self.observations = observations
        halo = HaloIndex([list])
    }

    /// Everything but a lake, and but every fifth cell of the west.
    private static func isThere(_ row: Int, _ column: Int) -> Bool {
        let isLake = (18..<34).contains(row) && (24..<44).contains(column)
        return !isLake && !(column < 20 && (row * 7 + column) % 5 == 0)
    }

    private static func layer(_ name: String, sink: SinkKind? = nil) -> LayerModel {
        .fixture(name, subpointsPerAxis: 2, sink: sink, role: name, supportMetres: 10_000)
    }

    private static func model() throws -> RunModel {
        RunModel(
            name: "stages",
            grid: Grid(
                reference: try ReferenceParser.parse("china-albers"),
                originX: 0,
                originY: 4_000_000,
                cellSizeMetres: 10_000,
                columns: columns,
                rows: rows
            ),
            layers: [layer("emission"), layer("sink", sink: .npp), layer("one")],
            zones: nil,
            deficit: DeficitModel(
                pairs: [DeficitModel.Pair(emissionLayer: 0, sinkLayer: 1, suffix: "")],
                emissionFloor: 1,
                minimumValidFraction: 0.5,
                minimumValidShare: 0.5,
                masksWater: false,
                variants: [.logRatio],
                populationLayer: nil,
                gdpLayer: nil
            ),
            regression: RegressionModel(
                response: .variant(.logRatio),
                covariates: [.init(name: "one", layer: 2, transform: .none, unit: "1")],
                masks: [],
                kernel: .bisquare,
                minimumEmission: nil,
                spacingCells: 1,
                // About 23 cells far: farther than the blocks that observations are counted by.
                bandwidth: .neighbours(1600),
                bufferMetres: 20_000,
                capMetres: nil,
                fitsCells: true,
                fitsZones: false
            )
        )
    }

    /// What a tile leaves, computed within a memory of so many bytes a slot (0: no limit) by counts that
    /// promise so many times as many observations as there are.
    private func computed(
        _ stage: Stage,
        tile: TileID,
        memoryBytes: Int = 0,
        promise: Int = 1
    ) throws -> (samples: ContentDigest, partial: [UInt8]) {
        let regression = try #require(model.cellRegression)
        var constants = ObservationConstants(
            observations,
            model: regression,
            variant: .logRatio
        )
        for _ in 1..<max(1, promise) { constants.pyramid.merge(observations.pyramid) }
        var encoded: [Stage: [UInt8]] = [
            .balance: try ModelCoding.encode(
                BalanceConstants(pairs: [], observations: constants)
            )
        ]
        if stage == .fit {
            var found = BandwidthConstants()
            found.choice = BandwidthConstants.Choice(
                value: 800,
                state: "given",
                searchedMinimum: nil,
                searchedMaximum: nil,
                isExhaustive: false,
                warning: nil,
                sigmaSquared: 0.5,
                traceS: 30,
                correctedAlpha: 0.01,
                criticalT: 2.6
            )
            encoded[.bandwidth] = try ModelCoding.encode(found)
        }
        let own = try #require(halo.object(of: tile, stage: .balance))
        // Two computations of one lease by processes that do not know of each other.
        let computer = StageComputer(
            nonce: UInt32.random(in: 1...UInt32.max),
            memoryPerSlotBytes: memoryBytes,
            instructionSet: .baseline,
            seconds: { 0 },
            residentBytes: { 0 }
        )
        let result = try computer.compute(
            TileRequest(
                lease: LeaseID(
                    unit: WorkUnit(stage: stage, round: 0, tile: tile),
                    attempt: Attempt(1)
                ),
                core: try #require(layout.core(of: tile)),
                inputs: [own],
                specification: try model.encoded(),
                constants: encoded,
                runDirectory: directory.path,
                halo: halo
            ),
            cancellation: CancellationFlag()
        )
        return (result.object.samplesDigest, result.partial)
    }

    private static let tiles = [TileID(row: 0, column: 0), TileID(row: 1, column: 1)]

    @Test(arguments: tiles)
    func `a tile that is cut to fit its memory is the tile that is not`(tile: TileID) throws {
        let whole = try computed(.fit, tile: tile)
        // A sixth of it holds the observations of no quarter of the tile.
        let cut = try computed(.fit, tile: tile, memoryBytes: 6 << 16)
        #expect(cut == whole)
        let swept = try computed(.bandwidth, tile: tile)
        #expect(try computed(.bandwidth, tile: tile, memoryBytes: 6 << 16) == swept)
    }

    @Test(arguments: tiles)
    func `a window that was planned too small grows, and leaves the same`(tile: TileID) throws {
        let planned = try computed(.fit, tile: tile)
        let grown = try computed(.fit, tile: tile, promise: 200)
        #expect(grown.samples == planned.samples)
        let before = try FitPartial(encoded: planned.partial)
        var after = try FitPartial(encoded: grown.partial)
        #expect(before.certificates.growths == 0)
        #expect(after.certificates.growths > 0)
        #expect(after.certificates.uncertified == 0)
        let core = try #require(layout.core(of: tile))
        let places = core.rows.reduce(0) { count, row in
            count + core.columns.count { Self.isThere(row, $0) }
        }
        #expect(after.certificates.certified == places)
        after.certificates.growths = 0
        #expect(after == before)
        let swept = try CandidatePartial(encoded: computed(.bandwidth, tile: tile).partial)
        var other = try CandidatePartial(
            encoded: computed(.bandwidth, tile: tile, promise: 200).partial
        )
        #expect(other.certificates.growths > 0)
        other.certificates.growths = 0
        #expect(other == swept)
    }
}
