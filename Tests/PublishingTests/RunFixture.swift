import Analysis
import CarbonBalance
import ContentDigest
import Foundation
import Lattice
import RasterIO
import Tiling

@testable import Publishing

/// A small run on disk: balance tiles of a made-up nation, its zones and figures.
///
/// 130 × 100 cells of 10 km on the Albers projection of China. Emission is high around one place and
/// missing in the west, the sink varies from south to north; two zones share a meridian, a third
/// reaches out of the grid in the east.
struct RunFixture {
    let directory: String
    let input: PublishingInput

    static let columns = 130
    static let rows = 100

    struct Options {
        var tileSize = 64
        var sink = SinkKind.nep
        var isProxy = false
        var missing: [TileID] = []
        var variants: [DeficitVariant] = [.absolute, .relative, .normalised, .logRatio]
        var regression: RegressionFixture?
        var names = ["West", "East, \"the\" rest", "Coast"]
    }

    init(_ options: Options = Options()) throws {
        directory =
            FileManager.default.temporaryDirectory
            .appendingPathComponent("sectile-publishing-\(UUID().uuidString)").path
        for name in ["tiles/balance", "zones"] {
            try FileManager.default.createDirectory(
                atPath: "\(directory)/\(name)",
                withIntermediateDirectories: true
            )
        }
        let model = try Self.model(options)
        let layout = TileLayout(grid: model.grid, tileSizePixels: options.tileSize)
        let features = Self.features(model.grid, names: options.names)
        try Self.writeZones(features, model: model, directory: directory)
        let partials = try Self.writeTiles(
            model: model,
            layout: layout,
            features: features,
            missing: options.missing,
            directory: directory
        )
        // A closure may not see the directory while the fixture is not whole.
        let place = directory
        let regression = try options.regression.map {
            try Self.regressionResults(
                $0,
                model: model,
                tiles: partials.tiles,
                directory: place
            )
        }
        var balance = partials.constants
        balance.observations = regression?.observations
        input = PublishingInput(
            directory: directory,
            model: model,
            layout: layout,
            tiles: partials.tiles,
            missingTiles: options.missing.map { tile in
                PublishingInput.MissingTile(
                    id: tile,
                    stage: .balance,
                    message: "cannot read the <emission> file"
                )
            },
            prepare: Self.prepare(model),
            balance: balance,
            zones: features.map { ZoneSet.Identity(id: $0.id, name: $0.name) },
            layerNotes: Self.notes,
            inputs: [
                PublishingInput.InputFile(
                    use: "emission",
                    path: "emission.tif",
                    bytes: 1234,
                    digest: ContentDigest(of: "emission")
                )
            ],
            warnings: [],
            facts: Self.facts(options),
            regression: regression?.results,
            statistics: regression == nil ? nil : try ZoneStatistics(partials: [], model: model)
        )
    }

    private static let notes = [
        PublishingInput.LayerNote(
            layer: "emission",
            summary: "a made-up raster",
            interpretation: ["nodata is NaN", "values < 0 are refused"]
        )
    ]

    /// National figures of the layers; none without a regression, which alone needs them.
    private static func prepare(_ model: RunModel) -> PrepareConstants {
        let totals = model.layers.map {
            LayerTotals(
                name: $0.name,
                cellCount: 1,
                validAreaKm2: 1e6,
                integral: 1,
                minimum: -1,
                maximum: 1
            )
        }
        return PrepareConstants(
            layers: model.regression == nil ? [] : totals,
            deficitScales: [750]
        )
    }

    func remove() { try? FileManager.default.removeItem(atPath: directory) }

    func path(_ name: String) -> String { "\(directory)/\(name)" }

    func text(_ name: String) throws -> String {
        try String(contentsOfFile: path(name), encoding: .utf8)
    }

    /// The report without its pictures, whose letters mean nothing.
    func words(_ name: String) throws -> String {
        let parts = try text(name).components(separatedBy: "data:image/png;base64,")
        return parts.enumerated().map { index, part in
            index == 0 ? part : String(part.drop { $0 != "\"" })
        }.joined()
    }

    func bytes(_ name: String) throws -> Data {
        try Data(contentsOf: URL(fileURLWithPath: path(name)))
    }

    private static func facts(_ options: Options) -> RunFacts {
        RunFacts(
            runID: "run-1",
            startedAt: "2026-01-02T03:04:05Z",
            finishedAt: "2026-01-02T03:05:06Z",
            state: options.missing.isEmpty ? .done : .incomplete,
            planDigest: ContentDigest(of: "plan"),
            stages: [
                RunFacts.StageFacts(
                    stage: .balance,
                    tileCount: 6,
                    committedCount: 6 - options.missing.count,
                    quarantinedCount: options.missing.count,
                    attemptCount: 8,
                    wallSeconds: 1.5,
                    readSeconds: 0.5,
                    computeSeconds: 0.25,
                    writeSeconds: 0.125,
                    peakResidentBytes: 50 << 20
                )
            ],
            workerCount: 2,
            versions: [
                RunFacts.Version(name: "sectile", version: "0.1-test"),
                RunFacts.Version(name: "GDAL", version: "3.6.2"),
            ],
            host: [RunFacts.Note(label: "cores", text: "2")],
            configuration: #"{"name":"fixture & co","grid":{"columns":130}}"#
        )
    }

    private static func model(_ options: Options) throws -> RunModel {
        let grid = Grid(
            reference: try ReferenceParser.parse(ReferenceParser.chinaAlbersAlias),
            originX: -650_000,
            originY: 4_500_000,
            cellSizeMetres: 10_000,
            columns: columns,
            rows: rows
        )
        return RunModel(
            name: "fixture & co",
            grid: grid,
            layers: [
                layer("emission", sink: nil, isProxy: options.isProxy),
                layer("uptake", sink: options.sink, isProxy: false),
            ] + (options.regression == nil ? [] : [elevation]),
            zones: ZonesModel(
                path: "zones/resolved.gpkg",
                encodedPath: "inputs/zones.bin",
                digest: ContentDigest(of: "zones"),
                count: 3,
                masksOutside: true
            ),
            deficit: DeficitModel(
                pairs: [DeficitModel.Pair(emissionLayer: 0, sinkLayer: 1, suffix: "")],
                emissionFloor: 1,
                minimumValidFraction: 0.5,
                minimumValidShare: 0.5,
                masksWater: false,
                variants: options.variants,
                populationLayer: nil,
                gdpLayer: nil
            ),
            regression: options.regression.map(Self.regression)
        )
    }

    /// A covariate that, as it happens, was made from the emission.
    private static var elevation: LayerModel {
        var layer = layer("elevation", sink: nil, isProxy: false)
        layer.facts.role = "covariate"
        layer.facts.derivedFrom = ["emission"]
        layer.internalUnit = "m"
        return layer
    }

    private static func layer(_ name: String, sink: SinkKind?, isProxy: Bool) -> LayerModel {
        LayerModel(
            name: name,
            paths: ["\(name).tif"],
            combination: .sum,
            band: 1,
            fingerprints: [ContentDigest(of: name)],
            quantity: .density,
            nodata: nil,
            codes: [],
            scale: nil,
            offset: nil,
            unitFactor: 1,
            internalUnit: FluxUnit.standardText,
            classes: [],
            isBilinear: false,
            subpointsPerAxis: 4,
            minimumValidFraction: 0,
            waterIsZero: true,
            sink: sink,
            facts: LayerFacts(
                role: sink == nil ? "emission" : "sink",
                unit: FluxUnit.standardText,
                year: 2017,
                supportMetres: 10_000,
                derivedFrom: [],
                isProxy: isProxy,
                source: "made up",
                accounting: nil,
                sectors: []
            )
        )
    }

    private static func features(_ grid: Grid, names: [String]) -> [PolygonFeature] {
        let box = grid.extent(of: grid.window)
        func rectangle(_ west: Double, _ east: Double) -> PolygonPart {
            PolygonPart(rings: [
                PolygonRing(
                    xs: [west, east, east, west, west],
                    ys: [
                        box.minimumY + 55_000, box.minimumY + 55_000, box.maximumY - 55_000,
                        box.maximumY - 55_000, box.minimumY + 55_000,
                    ]
                )
            ])
        }
        let edges = [
            (box.minimumX + 102_500, box.minimumX + 552_500),
            (box.minimumX + 552_500, box.minimumX + 1_000_000),
            (box.minimumX + 1_000_000, box.maximumX + 300_000),
        ]
        return zip(["010", "02", "03"], zip(names, edges)).map { id, zone in
            PolygonFeature(
                id: id,
                name: zone.0,
                parts: [rectangle(zone.1.0, zone.1.1)],
                attributes: []
            )
        }
    }

    private static func writeZones(
        _ features: [PolygonFeature],
        model: RunModel,
        directory: String
    ) throws {
        try VectorWriter.write(
            to: "\(directory)/zones/resolved.gpkg",
            layer: "zones",
            reference: model.grid.reference,
            columns: [
                AttributeColumn(name: "zone_id", kind: .text),
                AttributeColumn(name: "zone_name", kind: .text),
            ],
            features: features.map { feature in
                VectorFeature(
                    geometry: .polygons(feature.parts),
                    values: [.text(feature.id), .text(feature.name)]
                )
            }
        )
    }
}
