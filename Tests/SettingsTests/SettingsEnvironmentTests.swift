import Settings
import Testing

struct SettingsEnvironmentTests {
    private let text = ConfigurationText.minimal + "\ntiling: {tileSizePixels: 64}"

    @Test
    func `a flag goes before a variable, a variable before the file, the file before the default`()
        throws
    {
        let variable = ["SECTILE_TILING_TILESIZEPIXELS": "128"]
        let flag = ["tiling.tileSizePixels": "256"]
        #expect(try parse(ConfigurationText.minimal).tiling.tileSizePixels == 512)
        #expect(try parse(text).tiling.tileSizePixels == 64)
        #expect(try parse(text, environment: variable).tiling.tileSizePixels == 128)
        #expect(try parse(text, environment: variable, flags: flag).tiling.tileSizePixels == 256)
        #expect(
            try parse(ConfigurationText.minimal, environment: variable).tiling.tileSizePixels == 128
        )
    }

    @Test func `a variable can give a key that the file leaves out`() throws {
        let text = ConfigurationText.minimal(replacing: "  rows: 10\n", with: "")
        #expect(try parse(text, environment: ["SECTILE_GRID_ROWS": "7"]).grid.rows == 7)
        let settings = try parse(
            ConfigurationText.minimal,
            environment: ["SECTILE_ENGINE_LEASE_HEARTBEATSECONDS": "0.5"]
        )
        #expect(settings.engine.lease.heartbeatSeconds == 0.5)
    }

    @Test func `a bad variable is named in the message`() {
        let lines = problems(text, environment: ["SECTILE_TILING_TILESIZEPIXELS": "huge"])
        #expect(
            lines == [
                "SECTILE_TILING_TILESIZEPIXELS: tiling.tileSizePixels: \"huge\" is no whole number; "
                    + "legal: a whole number 16 to 8192"
            ]
        )
        let flagged = problems(text, flags: ["output.keepTiles": "some"])
        #expect(flagged.first?.hasPrefix("flag for output.keepTiles: output.keepTiles: ") ?? false)
    }

    @Test func `variables that nothing reads are found, with what may be meant`() {
        let unknown = SettingsEnvironment.unknown(in: [
            "SECTILE_TILING_TILESIZEPIXEL": "1", "SECTILE_LOG_LEVEL": "debug", "HOME": "/",
            "SECTILE_XYZ": "1",
        ])
        #expect(unknown.map(\.name) == ["SECTILE_TILING_TILESIZEPIXEL", "SECTILE_XYZ"])
        #expect(unknown.map(\.meant) == ["SECTILE_TILING_TILESIZEPIXELS", nil])
    }

    @Test func `no two settings share a variable`() {
        let names = SettingsEnvironment.variables.map(\.name) + ProcessKey.all.map(\.variable)
        #expect(Set(names).count == names.count)
        #expect(names.contains("SECTILE_DEFICIT_EMISSIONFLOOR"))
    }
}
