import Foundation
import RasterIO
import Testing

extension EndToEnd {
    /// A fixture with the product's true structure: HDF4-EOS, sinusoidal sphere, codes, scale.
    @Suite(
        .enabled(
            if: GDALRuntime.driverIsAvailable("HDF4Image"),
            "this GDAL has no HDF4 driver"
        )
    )
    struct ModisCodeTests {
        private let scratch: ScratchDirectory
        private let input: SmallInput

        init() throws {
            scratch = try ScratchDirectory()
            var input = try SmallInput(in: scratch)
            let file = Program.repository.appendingPathComponent(
                "Tests/Fixtures/MOD17A3HGF.A2017001.h26v05.061.hdf"
            ).path
            input.replace("originX: 0", with: "originX: -420000")
            input.replace("originY: 3980000", with: "originY: 4080000")
            input.replace(
                "path: sink.asc\n    quantity: density\n    unit: tCO2/km2/yr",
                with: """
                    path: \(file)
                        subdataset: Npp_500m
                        quantity: density
                        unit: kgC/m2/yr
                        codes: {32761: nodata, 32762: 0, 32763: nodata, 32764: 0, 32765: 0, 32766: water, 32767: nodata}
                    """
            )
            try SmallInput.writeLayer("emission", in: scratch, west: 100) { _, _ in 5000 }
            let core = "[103.5,34.6],[104.1,34.6],[104.1,35.2],[103.5,35.2],[103.5,34.6]"
            let country = "[102,36.9],[104,36.9],[104,37.6],[102,37.6],[102,36.9]"
            try scratch.write(
                SmallInput.zones([("1", "core", core), ("2", "country", country)]),
                to: "zones.geojson"
            )
            self.input = input
        }

        @Test(.timeLimit(.minutes(1)))
        func `a city's core absorbs nothing and stays in the study`() async throws {
            let directory = try await input.run("core")
            let table = try TableReader.read("\(directory)/tables/cities.csv")
            let names = try table.texts("name")
            let core = try #require(names.firstIndex(of: "core"))
            let country = try #require(names.firstIndex(of: "country"))
            let sinks = try table.numbers("S_npp_tCO2_yr")
            let areas = try table.numbers("area_km2")
            #expect(sinks[core] == 0)
            #expect(try table.numbers("RD")[core] == 1)
            #expect(try table.numbers("valid_share")[core] == 1)
            // About 0.4 to 0.5 kgC m⁻² yr⁻¹ in the country: 1470 to 1840 tCO2 km⁻² yr⁻¹.
            let outside = try table.numbers("area_outside_grid_share")
            let area = try #require(areas[country]) * (1 - (try #require(outside[country])))
            let density = try #require(sinks[country]) / area
            #expect((1400...1900).contains(density), "\(density)")
        }

        @Test(.timeLimit(.minutes(1)))
        func `codes that are not declared are noticed before a tile runs`() async throws {
            var naive = input
            naive.replace(
                "    codes: {32761: nodata, 32762: 0, 32763: nodata, 32764: 0, 32765: 0, 32766: water, "
                    + "32767: nodata}\n",
                with: ""
            )
            let plan = try await SectileProcess.run("plan", try naive.write("naive.yaml"))
            #expect(plan.exitCode == 2, "\(plan.errors)")
            #expect(plan.errors.contains("layers[1].codes: is missing"), "\(plan.errors)")
            #expect(plan.errors.contains("write 'codes: mod17', or 'codes: {}'"), "\(plan.errors)")
        }

        @Test(.timeLimit(.minutes(1)))
        func `the product's codes have a name, and samples may be declared measurements`()
            async throws
        {
            let named = try await plan(codes: "mod17")
            let listed = try await SectileProcess.run("plan", try input.write(), "--json")
            #expect(named.exitCode == 0, "\(named.errors)")
            let digests = try [named, listed].map { try Self.digest(of: $0.output) }
            #expect(digests[0] == digests[1])
            #expect(!named.output.contains("32762 is urban land"))
            let measured = try await plan(codes: "{}")
            #expect(measured.exitCode == 0, "\(measured.errors)")
            #expect(!measured.output.contains("32762 is urban land"))
            // One code too few: what is left is told.
            let partial = try await plan(codes: "{32767: nodata}")
            #expect(partial.exitCode == 0, "\(partial.errors)")
            #expect(partial.output.contains("32762 is urban land"), "\(partial.output)")
        }

        private func plan(codes: String) async throws -> Finished {
            var changed = input
            changed.replace(
                "{32761: nodata, 32762: 0, 32763: nodata, 32764: 0, 32765: 0, 32766: water, "
                    + "32767: nodata}",
                with: codes
            )
            return try await SectileProcess.run("plan", try changed.write("other.yaml"), "--json")
        }

        private static func digest(of json: String) throws -> String {
            let object = try JSONSerialization.jsonObject(with: Data(json.utf8)) as? [String: Any]
            return try #require(object?["digest"] as? String)
        }
    }
}
