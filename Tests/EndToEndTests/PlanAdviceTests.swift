import Foundation
import Testing

extension EndToEnd {
    /// What `plan` says of layers beside errors: warnings, and what is handed on to derived layers.
    struct PlanAdviceTests {
        private let scratch: ScratchDirectory
        private var input: SmallInput

        init() throws {
            scratch = try ScratchDirectory()
            input = try SmallInput(in: scratch)
            try SmallInput.writeLayer("people", in: scratch) { Double(5 + ($0 * 7 + $1) % 90) }
            try SmallInput.writeLayer("height", in: scratch) { Double(($0 * 173 + $1 * 59) % 2311) }
        }

        private mutating func addPeople(_ further: String = "") {
            input.addLayers(
                "name: people, role: covariate, path: people.asc, quantity: density, "
                    + "unit: persons/km2\(further)"
            )
        }

        /// What the lines of layers hold, of the country of constants below.
        private static let expectedLines: [(layer: String, pieces: [String])] = [
            (
                "emission",
                [
                    " tCO2 yr-1 in total, mean 100 tCO2 km-2 yr-1; emission, density "
                        + "'tCO2/km2/yr' times 1.0 -> tCO2 km-2 yr-1; 36x32 pixels of about 25.",
                    "4x4 sub-points, nearest",
                ]
            ),
            (
                "people",
                [
                    " persons in total, mean 0.01",
                    "/km²; covariate, total 'persons' per source "
                        + "cell, divided by its ellipsoidal area, times 1.0 -> persons km-2; ",
                ]
            ),
            (
                "height",
                [
                    "height: mean 12 m, 12 to 12; covariate, intensity in 'm', unconverted; ",
                    "bilinear",
                ]
            ),
            (
                "crops",
                [
                    "crops: 100 % of the area in classes 2; covariate, share of the cell in classes [2]"
                ]
            ),
            ("kind", ["kind: classes 2 to 2; covariate, most frequent class; "]),
            (
                "wind",
                [
                    "wind: source 90 to 90 degree, mean 90; covariate, sine of a direction in "
                        + "'degree'; "
                ]
            ),
            (
                "slope",
                [
                    "slope: source 12 to 12 m, mean 12; covariate, slope in degrees of a height in m; "
                ]
            ),
            (
                "gdp",
                [
                    "gdp: covariate, 'gdp' of each zone: total '10^8 CNY' spread over its area, "
                        + "sum 500; 1 zones known, 2 not"
                ]
            ),
            ("away", ["away: covariate, distance in 'km' of 2 points, 1 rows left out"]),
            ("perHead", ["perHead: covariate, ratio of emission, people, cell by cell, in 't'"]),
        ]

        @Test(.timeLimit(.minutes(1)))
        mutating func `every layer says in one line what it is understood to be`() async throws {
            for (name, value) in [
                ("emission", 100.0), ("people", 7), ("height", 12), ("cover", 2), ("wind", 90),
            ] {
                try SmallInput.writeLayer(name, in: scratch) { _, _ in value }
            }
            try scratch.write("x,y\n106.1,35.2\n108.7,34.9\n,1\n", to: "plants.csv")
            try scratch.write("id,gdp\n1,500\n", to: "cities.csv")
            input.replace(
                "nameField: name",
                with: "nameField: name\n  attributes: {path: cities.csv, key: id}"
            )
            input.addLayers(
                "name: people, role: covariate, path: people.asc, quantity: total, unit: persons",
                "name: height, role: covariate, path: height.asc, quantity: intensity, unit: m",
                "name: crops, role: covariate, path: cover.asc, quantity: class, classes: [2]",
                "name: kind, role: covariate, path: cover.asc, quantity: class, statistic: mode",
                "name: wind, role: covariate, path: wind.asc, quantity: angle, unit: degree, "
                    + "component: sine",
                "name: slope, role: covariate, path: height.asc, quantity: intensity, unit: m, "
                    + "derive: slope",
                "name: gdp, role: covariate, attribute: gdp, quantity: total, unit: 10^8 CNY",
                "name: away, role: covariate, path: plants.csv, derive: distance, xField: x, "
                    + "yField: y, quantity: intensity",
                "name: perHead, role: covariate, derive: ratio, of: [emission, people], "
                    + "quantity: intensity, unit: t"
            )
            let lines = try await PlanReport(input).interpretations
            for (layer, pieces) in Self.expectedLines {
                let line = try #require(lines[layer])
                for piece in pieces { #expect(line.contains(piece), "\(line)") }
            }
        }

        @Test(.timeLimit(.minutes(1)))
        mutating func `supports of more than two cells are told, two cells are not`() async throws {
            input.replace(
                "path: emission.asc\n    quantity: density\n    unit: tCO2/km2/yr\n    support: 10000",
                with:
                    "path: emission.asc\n    quantity: density\n    unit: tCO2/km2/yr\n    support: 20000"
            )
            let quiet = try await PlanReport(input)
            #expect(!quiet.hasWarning("independent values"), "\(quiet.warnings)")
            input.replace("support: 20000", with: "support: 20001")
            let loud = try await PlanReport(input)
            #expect(loud.hasWarning("independent values", "emission (20 km) about"))
            #expect(!loud.hasWarning("sink ("), "\(loud.warnings)")
        }

        @Test(.timeLimit(.minutes(1)))
        mutating func `more than three covariates coarser than a neighbourhood are told`()
            async throws
        {
            // 120 neighbours on cells of 10 km are a circle of 2 √(120/π) · 10 km = 123.608 km across.
            for name in ["a", "b", "c", "d"] {
                input.addLayers(
                    "name: \(name), role: covariate, path: height.asc, quantity: intensity, unit: m, "
                        + "support: 123600"
                )
            }
            input.configuration += """
                regression:
                  covariates: [a, b, c, d]
                  observations: {spacingMetres: none}
                  bandwidth: {neighbours: 120}

                """
            #expect(try await !PlanReport(input).hasWarning("are collinear"))
            var coarse = input
            coarse.replace("support: 123600", with: "support: 123700")
            let told = try await PlanReport(coarse)
            #expect(
                told.hasWarning("4 covariates (a, b, c, d) are coarser", "123 km across"),
                "\(told.warnings)"
            )
            coarse.replace("covariates: [a, b, c, d]", with: "covariates: [a, b, c]")
            #expect(try await !PlanReport(coarse).hasWarning("are collinear"))
        }

        @Test(.timeLimit(.minutes(1)))
        mutating func `what percap divides by is counted in people`() async throws {
            addPeople()
            input.replace("variants: [abs, rel, norm]", with: "population: people")
            _ = try await PlanReport(input)
            for unit in ["households/km2", "1 km-2", "CNY/km2"] {
                var other = input
                other.replace("unit: persons/km2", with: "unit: '\(unit)'")
                let refused = try await SectileProcess.run("plan", try other.write("other.yaml"))
                #expect(refused.exitCode == 2, "\(unit): \(refused.errors)")
                #expect(
                    refused.errors.contains(
                        "'\(unit)' is no unit of deficit.population; legal: person"
                    ),
                    "\(refused.errors)"
                )
            }
            for unit in ["inhabitants/ha", "1000 people/km2"] {
                var other = input
                other.replace("unit: persons/km2", with: "unit: \(unit)")
                _ = try await PlanReport(other)
            }
        }

        @Test(.timeLimit(.minutes(1)))
        mutating func `a table's product in the wrong power of ten is noticed`() async throws {
            // A box as large as China on a grid that holds China.
            input.replace("originX: 0", with: "originX: -2760000")
            input.replace("originY: 3980000", with: "originY: 6228000")
            input.replace("cellSizeMetres: 10000", with: "cellSizeMetres: 50000")
            input.replace("columns: 64", with: "columns: 103")
            input.replace("rows: 48", with: "rows: 93")
            let box = "[85,22],[120,22],[120,50],[85,50],[85,22]"
            try scratch.write(SmallInput.zones([("1", "box", box)]), to: "zones.geojson")
            try scratch.write("id,gdp\n1,838136\n", to: "cities.csv")
            input.addLayers(
                "name: gdp, role: covariate, attribute: gdp, quantity: total, unit: 10^8 CNY"
            )
            input.replace(
                "nameField: name",
                with: "nameField: name\n  attributes: {path: cities.csv, key: id}"
            )
            input.replace("variants: [abs, rel, norm]", with: "variants: [pergdp]\n  gdp: gdp")
            let right = try await PlanReport(input)
            #expect(right.hasWarning("emission: national emission"), "\(right.warnings)")
            #expect(!right.hasWarning("gdp: national"), "\(right.warnings)")
            for (unit, slip) in [("10^4 CNY", "10⁴"), ("CNY", "10⁸")] {
                var other = input
                other.replace("unit: 10^8 CNY", with: "unit: \(unit)")
                let plan = try await PlanReport(other)
                #expect(
                    plan.hasWarning("gdp: national gross domestic product", "factor \(slip)"),
                    "\(plan.warnings)"
                )
            }
        }

        @Test(.timeLimit(.minutes(1)))
        mutating func `what is computed of layers is as coarse, as circular and as much a proxy`()
            async throws
        {
            addPeople(", proxy: true")
            input.addLayers(
                "name: perHead, role: covariate, derive: ratio, of: [emission, people], "
                    + "quantity: intensity, unit: 1",
                "name: fine, role: covariate, derive: sum, of: [people, people], support: 10000, "
                    + "quantity: intensity, unit: 1"
            )
            let directory = try await input.run("advice")
            let layers = try #require(
                try runDocument(of: directory)["layerFacts"] as? [[String: Any]]
            )
            let perHead = try #require(layers.first { $0["name"] as? String == "perHead" })
            let people = try #require(layers.first { $0["name"] as? String == "people" })
            let fine = try #require(layers.first { $0["name"] as? String == "fine" })
            #expect(perHead["support_m"] as? Double == people["support_m"] as? Double)
            #expect(try #require(perHead["support_m"] as? Double) > 20_000)
            #expect(perHead["proxy"] as? Bool == true)
            #expect(perHead["derivedFrom"] as? [String] == ["emission", "people"])
            #expect(fine["support_m"] as? Double == 10_000)

            input.configuration += "regression: {covariates: [perHead, fine]}\n"
            let plan = try await PlanReport(input)
            #expect(plan.hasWarning("perHead shares emission with the response"))
            #expect(!plan.hasWarning("fine shares"))
            let oversampled = try #require(
                plan.warnings.first { $0.contains("independent values") }
            )
            #expect(oversampled.contains("perHead (25 km) about"), "\(oversampled)")
            #expect(!oversampled.contains("fine ("))
        }
    }
}

/// What `plan --json` says.
struct PlanReport {
    /// The warnings, a sentence each.
    let warnings: [String]
    /// The lines of the layers, by name.
    let interpretations: [String: String]

    /// Plans a configuration, which must be legal.
    init(_ input: SmallInput) async throws {
        try await self.init(configuration: try input.write("plan.yaml"))
    }

    /// Plans a configuration file, which must be legal.
    init(configuration: String) async throws {
        let finished = try await SectileProcess.run("plan", configuration, "--json")
        try #require(finished.exitCode == 0, "\(finished.errors)")
        let json = try JSONSerialization.jsonObject(with: Data(finished.output.utf8))
        let object = try #require(json as? [String: Any])
        warnings = try #require(object["warnings"] as? [String])
        let layers = try #require(object["layers"] as? [[String: Any]])
        interpretations = Dictionary(
            layers.compactMap { layer in
                (layer["name"] as? String).map { ($0, layer["interpretation"] as? String ?? "") }
            },
            uniquingKeysWith: { first, _ in first }
        )
    }

    /// True when a warning contains all of these words.
    func hasWarning(_ words: String...) -> Bool {
        warnings.contains { warning in words.allSatisfy { warning.contains($0) } }
    }
}
