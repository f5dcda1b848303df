import Settings
import Testing
import Tiling

struct ModelTextTests {
    private let base = ConfigurationText.regression + "\n  bandwidth: {neighbours: 120}"

    /// The stages whose text differs between two configurations.
    private func changed(_ left: String, _ right: String) throws -> [Stage] {
        let (left, right) = (try parse(left), try parse(right))
        return try Stage.allCases.filter { try left.modelText(for: $0) != right.modelText(for: $0) }
    }

    @Test func `what can change no sample changes no text`() throws {
        let pairs = [
            ("name: small", "name: other"),
            ("path: emission.tif", "path: elsewhere/emission.tif"),
            ("path: sink.tif", "path: sink.tif\n    source: someone\n    proxy: true"),
            ("path: sink.tif", "path: sink.tif\n    derivedFrom: [ndvi]"),
        ]
        for (piece, other) in pairs {
            #expect(try changed(base, ConfigurationText.replaced(base, piece, other)).isEmpty)
        }
        let appended = [
            "tiling: {tileSizePixels: 64}", "output: {keepTiles: none}", "engine: {attempts: 7}",
            "deficit: {minimumValidShare: 0.9}",
        ]
        for text in appended {
            #expect(try changed(base, base + "\n" + text).isEmpty, "\(text)")
        }
        #expect(
            try changed(
                base,
                ConfigurationText.replaced(
                    base,
                    "china-albers",
                    "+proj=aea +lat_1=25 +lat_2=47 +lat_0=0 +lon_0=105 +x_0=0 +y_0=0 "
                        + "+datum=WGS84 +units=m +no_defs"
                )
            ).isEmpty
        )
    }

    @Test func `the number of neighbours changes only what comes after the balance`() throws {
        let other = ConfigurationText.replaced(base, "neighbours: 120", "neighbours: 121")
        #expect(try changed(base, other) == [.bandwidth, .fit, .diagnose])
        let transformed = ConfigurationText.replaced(
            base,
            "unit: m",
            "unit: m\n    transform: sqrt"
        )
        #expect(try changed(base, transformed) == [.bandwidth, .fit, .diagnose])
    }

    @Test func `the deficit changes everything but the preparation`() throws {
        #expect(
            try changed(base, base + "\ndeficit: {emissionFloor: 2}")
                == [.balance, .bandwidth, .fit, .diagnose]
        )
        #expect(
            try changed(base, base + "\nzones: {path: z.gpkg, idField: id}")
                == [.balance, .bandwidth, .fit, .diagnose]
        )
    }

    @Test func `grid, units and codes change everything`() throws {
        let changes = [
            ("cellSizeMetres: 1000", "cellSizeMetres: 500"),
            ("unit: tC/yr", "unit: tCO2/yr"),
            ("path: sink.tif", "path: sink.tif\n    codes: {32766: water}"),
            ("path: sink.tif", "path: sink.tif\n    scale: 2"),
            ("path: sink.tif", "path: sink.tif\n    nodata: 0"),
            ("path: emission.tif", "path: emission.tif\n    year: 2016"),
        ]
        for (piece, other) in changes {
            #expect(
                try changed(base, ConfigurationText.replaced(base, piece, other)) == Stage.allCases,
                "\(other)"
            )
        }
    }

    @Test func `the water policy concerns the preparation exactly where water is coded`() throws {
        let mask = "\ndeficit: {water: mask}"
        #expect(try changed(base, base + mask).first == .balance)
        let coded = ConfigurationText.replaced(
            base,
            "path: sink.tif",
            "path: sink.tif\n    codes: {32766: water}"
        )
        #expect(try changed(coded, coded + mask) == Stage.allCases)
    }

    @Test func `the text is the same for every encoding of the settings`() throws {
        let settings = try parse(base)
        let again = try RunSettings.parse(settings.encoded(), file: "run.json", directory: "/x")
        for stage in Stage.allCases {
            #expect(try settings.modelText(for: stage) == again.modelText(for: stage))
        }
        #expect(
            try settings.modelText(for: .prepare).hasPrefix("{\"grid\":{\"cellSizeMetres\":1000,")
        )
    }

    @Test func `a run has the stages its settings ask for`() throws {
        #expect(try parse(ConfigurationText.minimal).stages == [.prepare, .balance])
        #expect(try parse(ConfigurationText.regression).stages == Stage.allCases)
        // A given bandwidth is evaluated, too, for the error variance at it.
        #expect(try parse(base).stages == Stage.allCases)
        #expect(
            try parse(
                ConfigurationText.regression
                    + "\n  units: [zone]\nzones: {path: z.gpkg, idField: id}"
            ).stages == [.prepare, .balance]
        )
    }
}
