import CarbonBalance
import Foundation
import Settings
import Testing

/// The example of the contract, word by word.
private let contractText = """
    name: china-demo
    grid:
      crs: china-albers            # alias of the 105°E 25/47 Albers equal-area
      originX: -2760000            # metres, upper-left corner
      originY: 6228000
      cellSizeMetres: 10000
      columns: 512
      rows: 461
    tiling:
      tileSizePixels: 128          # result must not depend on it
    layers:
      - name: emission
        role: emission             # emission | sink | covariate | mask
        path: emission.tif
        year: 2017                 # years more than 5 apart are warned about
        support: 11000             # true resolution in metres
        derivedFrom: [lights]
        proxy: false
        quantity: total            # total (per cell) | density (per area) | intensity | class
        unit: tC/yr
      - name: sink
        role: sink
        sink: npp                  # npp | nep | custom
        path: npp.tif
        band: 1
        quantity: density
        unit: kgC/m2/yr
        scale: 0.0001              # default: the file's own
        codes: { 32761: nodata, 32762: 0, 32763: nodata, 32764: 0, 32765: 0, 32766: water, 32767: nodata }
      - name: population
        role: covariate
        path: population.tif
        quantity: total
        unit: persons
        transform: log1p           # none | log | log1p | sqrt | asinh
      - name: forest
        role: covariate
        path: landcover.tif
        quantity: class
        classes: [2]               # fraction of the cell in these classes
    zones:
      path: prefectures.gpkg
      idField: adcode
      nameField: name
    deficit:
      emissionFloor: 1             # ε, tCO2 km-2 yr-1
      water: zeroSink              # zeroSink | mask
      variants: [abs, rel, norm]
      pairs: [[emission, sink]]
    regression:
      units: [cell, zone]
      response: logratio
      covariates: [population, forest]
      kernel: bisquare
      minimumEmission: 0
      observations: { spacingMetres: auto }
      bandwidth: { type: adaptive, criterion: bcv, minimum: auto, maximum: auto, bufferMetres: auto }
    """

private func path(_ text: String) -> SourcePath {
    SourcePath(text: text, resolved: "/runs/\(text)")
}

private func contractSettings() -> RunSettings {
    var emission = LayerSettings(
        name: "emission",
        role: .emission,
        paths: [path("emission.tif")],
        quantity: .total,
        unit: "tC/yr"
    )
    emission.year = 2017
    emission.support = 11000
    emission.derivedFrom = ["lights"]
    var sink = LayerSettings(
        name: "sink",
        role: .sink,
        paths: [path("npp.tif")],
        quantity: .density,
        unit: "kgC/m2/yr",
        sink: .npp
    )
    sink.scale = 0.0001
    sink.codes = [
        32761: .nodata, 32762: .value(0), 32763: .nodata, 32764: .value(0), 32765: .value(0),
        32766: .water, 32767: .nodata,
    ]
    var population = LayerSettings(
        name: "population",
        role: .covariate,
        paths: [path("population.tif")],
        quantity: .total,
        unit: "persons"
    )
    population.transform = .log1p
    var forest = LayerSettings(
        name: "forest",
        role: .covariate,
        paths: [path("landcover.tif")],
        quantity: .category,
        unit: nil
    )
    forest.classes = [2]
    return RunSettings(
        name: "china-demo",
        grid: GridSettings(
            crs: "china-albers",
            originX: -2_760_000,
            originY: 6_228_000,
            cellSizeMetres: 10_000,
            columns: 512,
            rows: 461
        ),
        tiling: TilingSettings(tileSizePixels: 128),
        layers: [emission, sink, population, forest],
        zones: ZonesSettings(path: path("prefectures.gpkg"), idField: "adcode", nameField: "name"),
        deficit: DeficitSettings(pairs: [DeficitPair(emission: "emission", sink: "sink")]),
        regression: RegressionSettings(
            units: [.cell, .zone],
            covariates: ["population", "forest"],
            minimumEmission: 0
        )
    )
}

struct RunSettingsParseTests {
    @Test func `the example of the contract parses to the settings it describes`() throws {
        let settings = try parse(contractText)
        let expected = contractSettings()
        #expect(settings.layers == expected.layers)
        #expect(settings == expected)
        #expect(settings.layers[0].paths[0].text == "emission.tif")
        #expect(settings.layers[2].resampling == .nearest)
        #expect(try settings.layers[0].fluxUnit().text == "tC/yr")
        #expect(try settings.layers[1].specialCodes() == .mod17)
    }

    @Test func `what is left out has the defaults of the structures`() throws {
        let settings = try parse(ConfigurationText.regression)
        #expect(settings.tiling == TilingSettings())
        #expect(settings.output == OutputSettings())
        #expect(settings.engine == EngineSettings())
        #expect(
            settings.deficit
                == DeficitSettings(pairs: [DeficitPair(emission: "emission", sink: "sink")])
        )
        #expect(settings.regression == RegressionSettings(units: [.cell], covariates: ["height"]))
        #expect(settings.zones == nil)
        #expect(
            settings.layers[2]
                == LayerSettings(
                    name: "height",
                    role: .covariate,
                    paths: [path("height.tif")],
                    quantity: .intensity,
                    unit: "m"
                )
        )
        #expect(settings.layers[2].resampling == .bilinear)
    }

    @Test func `what is explained or divided by keeps its mass, and every cell of it`() throws {
        let layers =
            ConfigurationText.covariate + """

                  - {name: people, role: covariate, path: p.tif, quantity: density, unit: persons/km2}
                  - {name: gdp, role: covariate, path: g.tif, quantity: density, unit: CNY/km2}
                  - {name: wind, role: covariate, path: w.tif, quantity: angle, unit: degree, component: sine}
                """
        func settings(_ rest: String) throws -> [LayerSettings] {
            try parse(ConfigurationText.minimal + layers + "\n" + rest).layers.suffix(4)
        }
        let plain = try settings("")
        #expect(plain.map(\.resampling) == [.bilinear, .bilinear, .bilinear, .bilinear])
        #expect(plain.map(\.minimumValidFraction) == [0.5, 0.5, 0.5, 0.5])
        let used = try settings(
            "deficit: {population: people, gdp: gdp}\n"
                + "regression: {response: height, covariates: [people]}"
        )
        #expect(used.map(\.resampling) == [.nearest, .nearest, .nearest, .bilinear])
        #expect(used.map(\.minimumValidFraction) == [0.5, 0, 0, 0.5])
        let given = ConfigurationText.replaced(
            ConfigurationText.minimal + layers,
            "path: p.tif",
            "path: p.tif, resampling: bilinear, minimumValidFraction: 0.25"
        )
        let people = try parse(given + "\ndeficit: {population: people}").layers[3]
        #expect(people.resampling == .bilinear)
        #expect(people.minimumValidFraction == 0.25)
    }

    @Test func `settings survive their own encoding`() throws {
        let example = try String(
            contentsOf: Repository.file("config/example.yaml"),
            encoding: .utf8
        )
        let texts = [
            contractText, ConfigurationText.minimal, ConfigurationText.regression, example,
            ConfigurationText.regression + "\n  bandwidth: {neighbours: 120}",
            ConfigurationText.regression + "\n  bandwidth: {type: fixed, metres: 50000.5}",
            ConfigurationText.regression
                + "\n  observations: {spacingMetres: none}"
                + "\n  bandwidth: {type: fixed, criterion: aicc, minimumMetres: 2e4, bufferMetres: 0}",
            ConfigurationText.minimal(
                replacing: "path: sink.tif",
                with: "path: sink.tif\n    nodata: [-1, 1e20]\n    offset: -273.15"
            ),
            ConfigurationText.minimal(
                replacing: "path: sink.tif",
                with: "path: sink.tif\n    nodata: none"
            ),
        ]
        for text in texts {
            let settings = try parse(text)
            let encoded = try settings.encoded()
            let again = try RunSettings.parse(encoded, file: "run.json", directory: "/elsewhere")
            #expect(again == settings)
            #expect(try again.encoded() == encoded)
            #expect(try JSONDecoder().decode(RunSettings.self, from: Data(encoded)) == settings)
        }
    }

    @Test func `the recipes of products are legal, and mean what they say`() throws {
        let page = try String(
            contentsOf: Repository.file("Sources/sectile/Documentation.docc/Inputs.md"),
            encoding: .utf8
        )
        // The text before the first fence is no recipe, and then every other part is one.
        let parts = page.components(separatedBy: "```yaml\n").dropFirst()
        let recipes = parts.compactMap { $0.components(separatedBy: "```").first }
        #expect(recipes.count == 5)
        let lines = recipes.joined().split(separator: "\n").map { "  \($0)" }
        let text =
            ConfigurationText.minimal + "\n" + lines.joined(separator: "\n")
            + "\ndeficit: {pairs: [[emission, sink]], waterLayer: lakes}"
        #expect(problems(text) == [])
        let settings = try parse(text)
        #expect(settings.advisories.isEmpty, "\(settings.advisories)")
        func factor(_ name: String) throws -> Double {
            let layer = try #require(settings.layer(named: name))
            return try layer.fluxUnit().factor(for: layer.quantity, year: layer.year)
        }
        #expect(try factor("odiac") == 44)
        #expect(try abs(factor("edgarFluxes") / (31_536_000 * 1000) - 1) < 1e-14)
        #expect(try factor("edgarEmissions") == 1)
        #expect(try abs(factor("graced") / (44.0 / 12 / 1000 * 8760) - 1) < 1e-14)
        #expect(settings.layer(named: "npp")?.codes == CodeChoice.mod17)
        #expect(settings.layer(named: "worldpop")?.nodata == .values([-99999]))
    }

    @Test func `every committed configuration is legal`() throws {
        let folder = Repository.file("config")
        let files = try FileManager.default.contentsOfDirectory(atPath: folder.path)
            .filter { $0.hasSuffix(".yaml") }.sorted()
        #expect(files.contains("example.yaml"))
        for file in files {
            _ = try RunSettings.load(path: file, currentDirectory: folder.path)
        }
    }

    @Test func `bandwidths are read in all their forms`() throws {
        func bandwidth(_ text: String) throws -> BandwidthSettings? {
            try parse(ConfigurationText.regression + "\n  bandwidth: \(text)").regression?.bandwidth
        }
        #expect(try bandwidth("{type: adaptive, neighbours: 120}") == .neighbours(120))
        #expect(try bandwidth("{type: fixed, metres: 50000}") == .metres(50000))
        #expect(
            try bandwidth("{type: fixed, criterion: cv, maximumMetres: 9e5}")
                == .search(
                    BandwidthSearch(
                        range: .fixed(minimumMetres: .automatic, maximumMetres: .value(9e5)),
                        criterion: .cv
                    )
                )
        )
        #expect(
            try bandwidth("{minimum: 40, maximum: auto, bufferMetres: 55000}")
                == .search(
                    BandwidthSearch(
                        range: .adaptive(minimum: .value(40), maximum: .automatic),
                        bufferMetres: .value(55000)
                    )
                )
        )
    }

    @Test func `anchors, aliases and merge keys work`() throws {
        let text =
            ConfigurationText.minimal + """

                  - &height
                    name: height
                    role: covariate
                    path: height.tif
                    quantity: intensity
                    unit: m
                  - <<: *height
                    name: slope
                    path: slope.tif
                """
        let settings = try parse(text)
        #expect(settings.layers.map(\.name) == ["emission", "sink", "height", "slope"])
        #expect(settings.layers[3].unit == "m")
        #expect(settings.layers[3].paths == [path("slope.tif")])
    }

    @Test func `a reference may be written over several lines`() throws {
        let text = ConfigurationText.minimal(
            replacing: "crs: china-albers",
            with: "crs: |\n    PROJCRS[\"Albers\",\n      BASEGEOGCRS[\"WGS 84\"]]"
        )
        #expect(try parse(text).grid.crs == "PROJCRS[\"Albers\", BASEGEOGCRS[\"WGS 84\"]]")
        expectProblem(
            in: ConfigurationText.minimal(replacing: "china-albers", with: "albers-of-china"),
            at: "3:8",
            saying: "\"albers-of-china\" is no reference system",
            "legal: china-albers, EPSG:n"
        )
    }

    @Test func `several files need a rule and keep their order`() throws {
        let text = ConfigurationText.minimal(
            replacing: "path: emission.tif",
            with: "path: [b.tif, a.tif]\n    combine: sum"
        )
        #expect(try parse(text).layers[0].paths == [path("b.tif"), path("a.tif")])
        expectProblem(
            in: ConfigurationText.minimal(
                replacing: "path: emission.tif",
                with: "path: [b.tif, a.tif]"
            ),
            at: "10:5",
            saying: "layers[0].combine: is missing",
            "legal: sum, mean, mosaic"
        )
    }
}

/// The files of the repository, found from this file.
enum Repository {
    static func file(_ path: String) -> URL {
        URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appendingPathComponent(path)
    }
}
