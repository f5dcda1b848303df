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

        private mutating func addLayers(_ layers: String...) {
            let lines = layers.map { "  - {\($0)}\n" }.joined()
            input.replace("zones:\n  path", with: lines + "zones:\n  path")
        }

        private mutating func addPeople(_ further: String = "") {
            addLayers(
                "name: people, role: covariate, path: people.asc, quantity: density, "
                    + "unit: persons/km2\(further)"
            )
        }

        private func layersOfRun(_ directory: String) throws -> [[String: Any]] {
            let data = try Data(contentsOf: URL(fileURLWithPath: "\(directory)/run.json"))
            let document = try JSONSerialization.jsonObject(with: data) as? [String: Any]
            return try #require(document?["layerFacts"] as? [[String: Any]])
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
                    refused.errors.contains("'\(unit)' is no unit of deficit.population; legal: person"),
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
            addLayers(
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
            addLayers(
                "name: perHead, role: covariate, derive: ratio, of: [emission, people], "
                    + "quantity: intensity, unit: 1",
                "name: fine, role: covariate, derive: sum, of: [people, people], support: 10000, "
                    + "quantity: intensity, unit: 1"
            )
            let directory = "\(scratch.path)/run"
            let finished = try await SectileProcess.run(
                "run",
                try input.write(),
                "--output",
                directory,
                "--workers",
                "1"
            )
            try #require(finished.exitCode == 0, "\(finished.errors)")
            let layers = try layersOfRun(directory)
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
            let oversampled = try #require(plan.warnings.first { $0.contains("independent values") })
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
