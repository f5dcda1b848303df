import Settings
import Testing

struct AdvisoryTests {
    @Test func `years more than five apart are told, five are not`() throws {
        func advisories(_ year: Int) throws -> [SettingsAdvisory] {
            let text = ConfigurationText.minimal(
                replacing: "path: emission.tif",
                with: "path: emission.tif\n    year: 2010"
            )
            return try parse(
                ConfigurationText.replaced(
                    text,
                    "path: sink.tif",
                    "path: sink.tif\n    year: \(year)"
                )
            ).advisories
        }
        #expect(try advisories(2015).isEmpty)
        #expect(
            try advisories(2016).map(\.message)
                == ["emission (2010) and sink (2016) are 6 years apart"]
        )
    }

    @Test func `a unit per second, hour or day needs the year`() throws {
        func advisories(_ unit: String, _ further: String = "") throws -> [SettingsAdvisory] {
            try parse(
                ConfigurationText.minimal(replacing: "unit: tC/yr", with: "unit: \(unit)\(further)")
            ).advisories
        }
        for unit in ["kgC/h", "tC/day", "gCO2/s"] {
            let found = try advisories(unit)
            #expect(
                found.map(\.message)
                    == ["emission: '\(unit)' needs 'year'; 365 days are assumed"]
            )
            #expect(found.first?.keyPath == "layers[0].year")
            #expect(try advisories(unit, "\n    year: 2016").isEmpty)
        }
        #expect(try advisories("tC/month").isEmpty)
    }

    @Test func `shared ancestors are found through other layers`() throws {
        let text = ConfigurationText.replaced(
            ConfigurationText.regression,
            "path: emission.tif",
            "path: emission.tif\n    derivedFrom: [lights]"
        )
        #expect(try parse(text).circularities.isEmpty)
        let derived = ConfigurationText.replaced(
            text,
            "    path: height.tif",
            "    path: height.tif\n    derivedFrom: [mid]"
        )
        let mid = """
              - name: mid
                role: covariate
                path: mid.tif
                quantity: intensity
                unit: 1
                derivedFrom: [lights]
            regression:
            """
        let whole = ConfigurationText.replaced(derived, "regression:", mid)
        #expect(
            try parse(whole).circularities
                == [Circularity(covariate: "height", ancestors: ["lights"])]
        )
    }

    @Test func `what is computed of the response's layers shares them`() throws {
        let layers = """
              - name: people
                role: covariate
                path: people.tif
                quantity: density
                unit: persons/km2
              - name: perHead
                role: covariate
                derive: ratio
                of: [sink, people]
                quantity: intensity
                unit: 1
              - name: twice
                role: covariate
                derive: product
                of: [perHead, height]
                quantity: intensity
                unit: 1
            regression:
            """
        let text = ConfigurationText.replaced(ConfigurationText.regression, "regression:", layers)
        func circularities(_ covariates: String) throws -> [Circularity] {
            try parse(ConfigurationText.replaced(text, "[height]", covariates)).circularities
        }
        #expect(try circularities("[height, people]").isEmpty)
        #expect(
            try circularities("[height, perHead, twice]") == [
                Circularity(covariate: "perHead", ancestors: ["sink"]),
                Circularity(covariate: "twice", ancestors: ["sink"]),
            ]
        )
    }
}
