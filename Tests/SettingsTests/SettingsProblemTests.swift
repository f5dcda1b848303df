import Settings
import Testing

/// Every kind of mistake, with the line and column that the message names.
struct SettingsProblemTests {
    private func minimal(_ piece: String, _ other: String) -> String {
        ConfigurationText.minimal(replacing: piece, with: other)
    }

    private func regression(_ lines: String) -> String {
        ConfigurationText.regression + "\n" + lines
    }

    @Test func `all problems of a file are told at once, in its order`() {
        let text = """
            name: china
            grid:
              crs: china-albers
              originX: west
              originY: 0
              cellSizeMetres: -5
              columns: 20
            tiling:
              tileSize: 128
            layers:
              - name: emission
                role: emision
                path: emission.tif
                quantity: total
                unit: tC/yr
              - name: sink
                role: sink
                path: sink.tif
                quantity: density
                unit: tC/y
            deficit:
              emissionFloor: 0
              pairs: [[emission, npp]]
            """
        let lines = problems(text)
        let places = lines.map { $0.split(separator: " ").prefix(2).joined(separator: " ") }
        #expect(
            places == [
                "china.yaml:3:3: grid.rows:",
                "china.yaml:4:12: grid.originX:",
                "china.yaml:6:19: grid.cellSizeMetres:",
                "china.yaml:9:3: tiling.tileSize:",
                "china.yaml:12:11: layers[0].role:",
                "china.yaml:16:5: layers[1].sink:",
                "china.yaml:20:11: layers[1].unit:",
                "china.yaml:22:18: deficit.emissionFloor:",
                "china.yaml:23:22: deficit.pairs[0][1]:",
            ],
            "\(lines.joined(separator: "\n"))"
        )
    }

    @Test func `an unknown key is answered with the nearest legal one`() {
        expectProblem(
            in: minimal("    path: emission.tif", "    path: emission.tif\n    suport: 5"),
            at: "13:5",
            saying: "layers[0].suport: unknown key; did you mean \"support\"?",
            "derivedFrom"
        )
        expectProblem(
            in: minimal("columns: 20", "columns: 20\n  emissionFloor: 3"),
            at: "8:3",
            saying: "grid.emissionFloor: unknown key; it belongs under \"deficit\"",
            "legal: crs, originX"
        )
    }

    @Test func `a missing key is named with what is legal`() {
        expectProblem(
            in: minimal("  rows: 10\n", ""),
            at: "3:3",
            saying: "grid.rows: is missing",
            "1 to 1000000"
        )
        expectProblem(in: minimal("name: small\n", ""), at: "1:1", saying: "name: is missing")
        expectProblem(
            in: minimal("path: sink.tif", "path:"),
            at: "18:10",
            saying: "layers[1].path: is empty"
        )
    }

    @Test func `a wrong type is told with what was found`() {
        expectProblem(
            in: minimal("rows: 10", "rows: ten"),
            at: "8:9",
            saying: "grid.rows: \"ten\" is no whole number; legal: a whole number 1 to 1000000"
        )
        expectProblem(in: minimal("rows: 10", "rows: 10.5"), at: "8:9", saying: "no whole number")
        expectProblem(in: minimal("rows: 10", "rows: '10'"), at: "8:9", saying: "no whole number")
        expectProblem(in: minimal("rows: 10", "rows: [10]"), at: "8:9", saying: "is a list")
        expectProblem(in: minimal("originX: 0", "originX: .nan"), at: "4:12", saying: "not finite")
        expectProblem(in: minimal("originX: 0", "originX: -.inf"), at: "4:12", saying: "not finite")
        expectProblem(
            in: minimal("originX: 0", "originX: 0x10"),
            at: "4:12",
            saying: "is no number"
        )
        expectProblem(
            in: minimal("path: sink.tif", "path: sink.tif\n    proxy: yes"),
            at: "19:12",
            saying: "neither true nor false",
            "legal: true, false"
        )
    }

    @Test func `numbers outside their range are refused, those at its ends are not`() {
        for size in [16, 8192] {
            #expect(
                problems(ConfigurationText.minimal + "\ntiling: {tileSizePixels: \(size)}").isEmpty
            )
        }
        for size in ["15", "8193", "-16", "99999999999999999999"] {
            expectProblem(
                in: ConfigurationText.minimal + "\ntiling: {tileSizePixels: \(size)}",
                at: "21:26",
                saying: "\(size) is out of range",
                "16 to 8192"
            )
        }
        expectProblem(in: minimal("rows: 10", "rows: 0"), at: "8:9", saying: "out of range")
        expectProblem(
            in: ConfigurationText.minimal + "\ndeficit: {emissionFloor: 0}",
            at: "21:26",
            saying: "legal: a number greater than 0"
        )
        expectProblem(
            in: ConfigurationText.minimal(replacing: "columns: 20", with: "columns: 1000000")
                .replacingRows(with: 1_000_000) + "\ntiling: {tileSizePixels: 8192}",
            at: "7:12",
            saying: "1000000000000 cells"
        )
        expectProblem(
            in: ConfigurationText.minimal(replacing: "columns: 20", with: "columns: 20000")
                .replacingRows(with: 20000) + "\ntiling: {tileSizePixels: 16}",
            at: "21:26",
            saying: "1562500 tiles"
        )
    }

    @Test func `a bad word is answered with the legal ones`() {
        expectProblem(
            in: minimal("sink: npp", "sink: gpp"),
            at: "17:11",
            saying: "layers[1].sink: \"gpp\" is not known",
            "legal: npp, nep, custom"
        )
        expectProblem(
            in: ConfigurationText.minimal + "\ndeficit: {variants: [abs, relative]}",
            at: "21:27",
            saying: "deficit.variants[1]: \"relative\" is not known; did you mean \"rel\"?"
        )
    }

    @Test func `units are missing, unknown, or contradict the quantity`() {
        expectProblem(
            in: minimal("    unit: tC/yr\n", ""),
            at: "10:5",
            saying: "layers[0].unit: is missing",
            "mass of C or CO2"
        )
        expectProblem(
            in: minimal("unit: tC/yr", "unit: tC/yer"),
            at: "14:11",
            saying: "\"tC/yer\" at character 4",
            "legal"
        )
        expectProblem(
            in: minimal("unit: tC/yr", "unit: tC/km2/yr"),
            at: "14:11",
            saying: "layers[0].unit",
            "'quantity: total' is per cell"
        )
        expectProblem(
            in: minimal("unit: kgC/m2/yr", "unit: kgC/yr"),
            at: "20:11",
            saying: "'quantity: density' is per area"
        )
        expectProblem(
            in: minimal("unit: tC/yr", "unit: t/yr"),
            at: "14:11",
            saying: "does the mass weigh C or CO2?"
        )
        expectProblem(
            in: ConfigurationText.minimal
                + ConfigurationText.replaced(ConfigurationText.covariate, "    unit: m", ""),
            at: "21:5",
            saying: "layers[2].unit: is missing"
        )
        expectProblem(
            in: ConfigurationText.minimal
                + ConfigurationText.replaced(ConfigurationText.covariate, "intensity", "total")
                + " km-2",
            at: "25:11",
            saying: "per area"
        )
    }

    @Test func `roles, quantities and classes may not contradict each other`() {
        expectProblem(
            in: minimal("    sink: npp\n", ""),
            at: "15:5",
            saying: "layers[1].sink: is missing"
        )
        expectProblem(
            in: minimal("path: emission.tif", "path: emission.tif\n    sink: npp"),
            at: "13:11",
            saying: "no meaning for role emission"
        )
        expectProblem(
            in: minimal("quantity: density", "quantity: intensity"),
            at: "19:15",
            saying: "intensity contradicts role sink; legal: total, density"
        )
        let classes =
            ConfigurationText.minimal + """

                  - name: forest
                    role: covariate
                    path: landcover.tif
                    quantity: class
                """
        expectProblem(in: classes, at: "21:5", saying: "layers[2].classes: is missing")
        #expect(problems(classes + "\n    classes: [2]").isEmpty)
        expectProblem(
            in: classes + "\n    classes: [2, 2]",
            at: "25:14",
            saying: "names a class twice"
        )
        expectProblem(
            in: classes + "\n    classes: [2]\n    unit: m",
            at: "26:11",
            saying: "contradicts quantity class"
        )
        expectProblem(
            in: classes + "\n    classes: [2]\n    resampling: bilinear",
            at: "26:17",
            saying: "contradicts quantity class"
        )
        expectProblem(
            in: ConfigurationText.minimal + ConfigurationText.covariate + "\n    classes: [2]",
            at: "26:14",
            saying: "contradicts quantity intensity"
        )
        expectProblem(
            in: minimal("path: sink.tif", "path: sink.tif\n    transform: log"),
            at: "19:16",
            saying: "only covariates are transformed"
        )
        expectProblem(
            in: minimal("path: emission.tif", "path: emission.tif\n    codes: {5: water}"),
            at: "13:16",
            saying: "layers[0].codes.5: water has a meaning for role sink only"
        )
        expectProblem(
            in: minimal("path: sink.tif", "path: sink.tif\n    codes: {urban: 0}"),
            at: "19:13",
            saying: "code \"urban\" is no whole number"
        )
    }

    @Test func `what does not add up is not summed, and classes have no mean`() {
        func layer(_ text: String) -> String {
            ConfigurationText.minimal + """

                  - name: third
                    role: covariate
                    path: [a.tif, b.tif]
                    \(text)
                """
        }
        expectProblem(
            in: layer("quantity: intensity\n    unit: m\n    combine: sum"),
            at: "26:14",
            saying: "layers[2].combine: \"sum\" contradicts quantity intensity",
            "legal: mean, mosaic"
        )
        expectProblem(
            in: layer("quantity: class\n    classes: [2]\n    combine: sum"),
            at: "26:14",
            saying: "contradicts quantity class",
            "legal: mean, mosaic"
        )
        expectProblem(
            in: layer("quantity: angle\n    unit: degree\n    component: sine\n    combine: sum"),
            at: "27:14",
            saying: "contradicts quantity angle",
            "legal: mean, mosaic"
        )
        for rule in ["sum", "mean"] {
            expectProblem(
                in: layer("quantity: class\n    statistic: mode\n    combine: \(rule)"),
                at: "26:14",
                saying: "contradicts statistic mode",
                "legal: mosaic"
            )
        }
        for text in [
            "quantity: intensity\n    unit: m\n    combine: mean",
            "quantity: class\n    classes: [2]\n    combine: mosaic",
            "quantity: class\n    statistic: mode\n    combine: mosaic",
            "quantity: density\n    unit: persons/km2\n    combine: sum",
        ] {
            #expect(problems(layer(text)).isEmpty, "\(text)")
        }
    }

    @Test func `a sink may be the difference of fluxes, and nothing else that is derived`() throws {
        func text(_ layer: String) -> String {
            ConfigurationText.minimal + ConfigurationText.covariate
                + "\n  - {name: nep, role: sink, sink: nep, \(layer)}"
                + "\ndeficit: {pairs: [[emission, nep]]}"
        }
        let nep = "derive: difference, of: [sink, emission], quantity: density"
        let layer = try parse(text(nep)).layers[3]
        #expect(layer.unit == "tCO2 km-2 yr-1")
        #expect(layer.operands == ["sink", "emission"])
        #expect(problems(text(nep + ", unit: tCO2/km2/yr")).isEmpty)
        func expectOne(_ layer: String, _ words: String) {
            let found = problems(text(layer))
            #expect(found.count == 1, "\(found)")
            #expect(found.first?.contains(words) == true, "\(found)")
        }
        expectOne(nep + ", unit: gC/m2/yr", "the difference is taken of fluxes in tCO2 km-2 yr-1")
        expectOne(
            "derive: difference, of: [sink, height], quantity: density",
            "\"height\" is a layer of role covariate"
        )
        expectOne(
            "derive: difference, of: [sink, emission], quantity: total",
            "total contradicts derive difference"
        )
        let sum = problems(
            text("derive: sum, of: [sink, emission], quantity: density, unit: tC/km2/yr")
        )
        #expect(
            sum.contains { $0.contains("only covariates are derived, and sinks by difference") }
        )
    }

    @Test func `keys have places for whoever reads further than the configuration`() {
        let places = SettingsPlaces(
            Array(ConfigurationText.minimal.utf8),
            environment: ["SECTILE_GRID_CRS": "EPSG:6933"]
        )
        #expect(places.location(of: "layers[0].path") == SettingsLocation(line: 12, column: 11))
        #expect(places.location(of: "grid.rows") == SettingsLocation(line: 8, column: 9))
        // What is missing stands where its mapping begins, what came from outside has that name.
        #expect(places.location(of: "layers[1].codes").line == 15)
        #expect(places.location(of: "grid.crs").origin == "SECTILE_GRID_CRS")
        #expect(SettingsPlaces([0xff]).location(of: "grid.crs") == .file)
    }

    @Test func `a layer of water is a fraction of classes`() throws {
        let text = ConfigurationText.minimal + ConfigurationText.covariate
        expectProblem(
            in: text + "\ndeficit: {waterLayer: height}",
            at: "26:23",
            saying: "\"height\" is no fraction of a cell",
            "quantity class and statistic fraction"
        )
        expectProblem(
            in: text + "\ndeficit: {waterLayer: sink}",
            at: "26:23",
            saying: "is a layer of role sink"
        )
        let classes = ConfigurationText.replaced(
            text,
            "quantity: intensity\n    unit: m",
            "quantity: class\n    classes: [5]"
        )
        let settings = try parse(classes + "\ndeficit: {waterLayer: height}")
        #expect(settings.deficit.waterLayer == "height")
    }

    @Test func `class codes are not regressed on`() {
        let mode = ConfigurationText.replaced(
            ConfigurationText.regression,
            "quantity: intensity\n    unit: m",
            "quantity: class\n    statistic: mode"
        )
        expectProblem(
            in: mode,
            at: "27:16",
            saying: "regression.covariates[0]",
            "class codes are no numbers",
            "classes: [...]"
        )
        let response = ConfigurationText.replaced(mode, "covariates: [height]", "response: height")
        #expect(
            problems(response).contains { $0.contains("response: \"height\" has statistic mode") }
        )
    }

    @Test func `a named map of codes is that of a sink`() {
        expectProblem(
            in: minimal("path: sink.tif", "path: sink.tif\n    codes: modis"),
            at: "19:12",
            saying: "is no mapping",
            "mod17"
        )
        expectProblem(
            in: minimal("path: emission.tif", "path: emission.tif\n    codes: mod17"),
            at: "13:12",
            saying: "layers[0].codes.32766: water has a meaning for role sink only"
        )
    }

    @Test func `names refer to layers of the right role`() {
        expectProblem(
            in: ConfigurationText.minimal + "\ndeficit: {pairs: [[emission, sinc]]}",
            at: "21:30",
            saying: "deficit.pairs[0][1]: \"sinc\" is no layer; did you mean \"sink\"?"
        )
        expectProblem(
            in: ConfigurationText.minimal + "\ndeficit: {pairs: [[sink, sink]]}",
            at: "21:20",
            saying: "\"sink\" is a layer of role sink; legal: emission"
        )
        expectProblem(
            in: regression("  response: deficit"),
            at: "28:13",
            saying: "\"deficit\" is no layer",
            "logratio"
        )
        expectProblem(
            in: ConfigurationText.replaced(
                ConfigurationText.regression,
                "covariates: [height]",
                "covariates: [height, slope]"
            ),
            at: "27:24",
            saying: "regression.covariates[1]: \"slope\" is no layer; legal: height"
        )
        expectProblem(
            in: ConfigurationText.replaced(
                ConfigurationText.regression,
                "covariates: [height]",
                "covariates: [height, height]"
            ),
            at: "27:24",
            saying: "named twice"
        )
        expectProblem(
            in: minimal("name: sink", "name: emission"),
            at: "15:11",
            saying: "\"emission\" is the name of layers[0], too"
        )
        expectProblem(
            in: minimal("name: sink", "name: rel"),
            at: "15:11",
            saying: "name of a band of the results"
        )
    }

    @Test func `a regression needs covariates, and zones for zones`() {
        expectProblem(
            in: ConfigurationText.minimal + "\nregression: {response: abs}",
            at: "21:13",
            saying: "regression.covariates: is missing"
        )
        expectProblem(
            in: regression("  covariates: []").replacingFirst("  covariates: [height]\n", ""),
            at: "27:15",
            saying: "has 0 elements"
        )
        expectProblem(
            in: regression("  units: [cell, zone]"),
            at: "28:10",
            saying: "zone needs zones"
        )
        expectProblem(
            in: regression("  response: percap"),
            at: "28:13",
            saying: "percap needs deficit.population"
        )
    }

    @Test func `bandwidth keys fit their type and each other`() {
        expectProblem(
            in: regression("  bandwidth: {type: adaptive, metres: 5}"),
            at: "28:39",
            saying: "no meaning for type adaptive"
        )
        expectProblem(
            in: regression("  bandwidth: {neighbours: 50, criterion: cv}"),
            at: "28:42",
            saying: "contradicts neighbours"
        )
        expectProblem(
            in: regression("  bandwidth: {minimum: 50, maximum: 40}"),
            at: "28:37",
            saying: "40 is not above the minimum, 50"
        )
        expectProblem(
            in: regression("  bandwidth: {minimum: some}"),
            at: "28:24",
            saying: "\"some\" is no whole number; legal: auto, a whole number"
        )
    }

    @Test func `several emission layers need pairs`() {
        let second = """

              - name: other
                role: emission
                path: other.tif
                quantity: total
                unit: tCO2/yr
            """
        expectProblem(
            in: ConfigurationText.minimal + second,
            at: "1:1",
            saying: "deficit.pairs: is missing: there are 2 emission and 1 sink layers"
        )
        #expect(
            problems(
                ConfigurationText.minimal + second
                    + "\ndeficit: {pairs: [[other, sink], [emission, sink]]}"
            ).isEmpty
        )
    }

    @Test func `repeated keys are told, together with all else`() {
        let text = minimal("rows: 10", "rows: 10\n  rows: 12\n  colums: 3")
        let lines = problems(text)
        #expect(lines.count == 2, "\(lines)")
        #expect(lines.first == "china.yaml:8:3: key \"rows\" occurs more than once in this mapping")
        #expect(lines.last?.hasPrefix("china.yaml:10:3: grid.colums: unknown key") ?? false)
    }

    @Test func `broken YAML is told with its place`() {
        let lines = problems("name: small\ngrid: [1, 2\nlayers: 3\n")
        #expect(lines.count == 1)
        #expect(lines.first?.hasPrefix("china.yaml:3:7: no YAML: ") ?? false, "\(lines)")
        #expect(problems("") == ["china.yaml: is empty"])
        #expect(problems("- 1").first?.hasPrefix("china.yaml:1:1: is no mapping") ?? false)
        #expect(problems("a: *b").first?.contains("undefined alias") ?? false)
        #expect(problems("a: 1\n---\nb: 2").first?.contains("another document") ?? false)
        #expect(problems(String(repeating: "[", count: 100_000)).count == 1)
    }

    @Test func `aliases that multiply are refused without being unfolded`() {
        var text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
        for level in 1...30 {
            let alias = Array(repeating: "*a\(level - 1)", count: 10).joined(separator: ", ")
            text += "a\(level): &a\(level) [\(alias)]\n"
        }
        let lines = problems(text + "name: *a30\ngrid: *a30\nlayers: *a30\n")
        #expect(lines.contains { $0.contains("name: is a list") })
        #expect(lines.count < 60)
    }

    @Test func `bytes that are no text, and too many of them, are refused`() throws {
        let notText = #expect(throws: SettingsError.self) {
            try RunSettings.parse([0x6E, 0xFF, 0xFE], file: "c.yaml", directory: "/")
        }
        #expect(notText?.code == .notText)
        let tooLarge = #expect(throws: SettingsError.self) {
            try RunSettings.parse(
                [UInt8](repeating: 0x23, count: RunSettings.maximumBytes + 1),
                file: "c.yaml",
                directory: "/"
            )
        }
        #expect(tooLarge?.code == .tooLarge)
        let missing = #expect(throws: SettingsError.self) {
            try RunSettings.load(path: "no-such.yaml", currentDirectory: "/nonexistent")
        }
        #expect(missing?.code == .unreadable)
        #expect(missing?.description.hasPrefix("no-such.yaml: cannot be read") ?? false)
    }

    @Test func `leases and pauses are checked against each other`() {
        expectProblem(
            in: ConfigurationText.minimal + "\nengine: {lease: {heartbeatSeconds: 5}}",
            at: "21:17",
            saying: "engine.lease.durationSeconds: 9 is less than two heartbeats of 5"
        )
    }
}

extension String {
    fileprivate func replacingRows(with rows: Int) -> String {
        ConfigurationText.replaced(self, "rows: 10", "rows: \(rows)")
    }

    fileprivate func replacingFirst(_ piece: String, _ other: String) -> String {
        ConfigurationText.replaced(self, piece, other)
    }
}
