import Foundation
import Testing

extension EndToEnd {
    @Suite(.enabled(if: RasterTools.areInstalled, "GDAL's programs or Python are not installed"))
    struct InputFormatTests {
        private let scratch: ScratchDirectory

        init() throws { scratch = try ScratchDirectory() }

        private func outcome(_ input: SmallInput, _ name: String) async throws -> RunOutcome {
            try RunOutcome(directory: try await input.run(name))
        }

        @Test(.timeLimit(.minutes(4)))
        func `the same raster in every form gives the same mosaic and the same table`() async throws
        {
            let plain = try await outcome(try SmallInput(in: scratch), "plain")
            for form in RasterForm.all {
                var input = try SmallInput(in: scratch)
                input.replace("path: emission.asc", with: try await form.make(in: scratch))
                let other = try await outcome(input, form.name)
                #expect(other == plain, "\(form.name)")
            }
        }

        @Test(.timeLimit(.minutes(1)))
        func `a worker with little memory reads in parts and computes the same`() async throws {
            var input = try SmallInput(in: scratch)
            _ = try await TiledRaster(of: "emission", in: scratch)
            input.replace("path: emission.asc", with: "path: emission.tif")
            input.replace("tileSizePixels: 16", with: "tileSizePixels: 64")
            let roomy = try await outcome(input, "roomy")
            let finished = try await SectileProcess(
                ["run", try input.write("tight.yaml"), "--output", "\(scratch.path)/run-tight"],
                environment: ["SECTILE_WORKER_MEMORY": "64MiB"]
            ).finished()
            #expect(finished.exitCode == 0, "\(finished.errors)")
            #expect(try RunOutcome(directory: "\(scratch.path)/run-tight") == roomy)
        }

        @Test(.timeLimit(.minutes(1)))
        func `strips 40,000 pixels wide fit into a worker's memory`() async throws {
            var input = try SmallInput(in: scratch)
            try await RasterTools(scratch: scratch).run(
                "gdal_translate -q -ot Int16 -outsize 40000 2048 -co BLOCKYSIZE=256 -co "
                    + "COMPRESS=DEFLATE emission.asc wide.tif"
            )
            input.replace("path: emission.asc", with: "path: wide.tif")
            let directory = "\(scratch.path)/run-wide"
            let finished = try await SectileProcess(
                ["run", try input.write("wide.yaml"), "--output", directory, "--workers", "1"],
                environment: ["SECTILE_WORKER_MEMORY": "256MiB"]
            ).finished()
            #expect(finished.exitCode == 0, "\(finished.errors)")
            // All its pixels within the grid: 80 million, 640 MB in double precision.
            let text = try String(contentsOfFile: "\(directory)/run.json", encoding: .utf8)
            let peaks = text.matches(of: #/"peakResidentBytes" : (\d+)/#).compactMap { Int($0.1) }
            #expect(
                !peaks.isEmpty && peaks.allSatisfy { (1..<(256 << 20)).contains($0) },
                "\(peaks)"
            )
        }

        @Test(.timeLimit(.minutes(1)))
        func `an unknown variable is refused with the variables that exist`() async throws {
            var input = try SmallInput(in: scratch)
            for command in RasterForm.twoVariables {
                try await RasterTools(scratch: scratch).run(command)
            }
            input.replace("path: emission.asc", with: "path: two.nc\n    subdataset: co2")
            let plan = try await input.plan()
            #expect(plan.exitCode == 2)
            for word in ["layers[0].path", "co2", "Band1, Band2"] {
                #expect(plan.errors.contains(word), "\(plan.errors)")
            }
        }

        @Test(.timeLimit(.minutes(1)))
        func `a pattern without files is refused with its key`() async throws {
            var input = try SmallInput(in: scratch)
            input.replace("path: emission.asc", with: "path: absent_*.tif\n    combine: sum")
            let plan = try await input.plan()
            #expect(plan.exitCode == 2)
            #expect(plan.errors.contains("layers[0].path"), "\(plan.errors)")
            #expect(plan.errors.contains("absent_*.tif"), "\(plan.errors)")
        }

        @Test(.timeLimit(.minutes(1)))
        func `a variable of HDF5 without a position is placed by its configuration`() async throws {
            var input = try SmallInput(in: scratch)
            let file = Program.repository.appendingPathComponent("Tests/Fixtures/npp.h5").path
            input.replace(
                "path: sink.asc",
                with: """
                    path: \(file)
                        subdataset: npp
                        crs: EPSG:4326
                        extent: [104, 30, 113, 38]
                    """
            )
            let fixture = try await outcome(input, "hdf5")
            // As make_hdf5.py counts.
            try SmallInput.writeLayer("sink", in: scratch) { Double(($0 * 36 + $1) % 97) }
            var plain = input
            plain.configuration = try SmallInput(in: scratch).configuration
            try SmallInput.writeLayer("sink", in: scratch) { Double(($0 * 36 + $1) % 97) }
            let text = try await outcome(plain, "text")
            #expect(fixture == text)
        }

        @Test(.timeLimit(.minutes(1)))
        func `a rate per month that is summed is warned of before a tile runs`() async throws {
            var input = try SmallInput(in: scratch)
            for command in RasterForm.quarters {
                try await RasterTools(scratch: scratch).run(command)
            }
            input.replace(
                "path: emission.asc\n    quantity: density\n    unit: tCO2/km2/yr",
                with:
                    "path: q*.tif\n    combine: sum\n    quantity: density\n    unit: tCO2/km2/month"
            )
            let plan = try await input.plan()
            #expect(plan.exitCode == 0, "\(plan.errors)")
            #expect(plan.output.contains("count 4 times"), "\(plan.output)")
        }
    }
}
