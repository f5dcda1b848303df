import Settings
import Testing
import Tiling

struct SettingsEncodingTests {
    private let base = ConfigurationText.regression + "\n  bandwidth: {neighbours: 120}"

    @Test func `settings survive their encoding`() throws {
        let settings = try parse(base)
        let again = try RunSettings.parse(settings.encoded(), file: "run.json", directory: "/x")
        #expect(try again.encoded() == settings.encoded())
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
