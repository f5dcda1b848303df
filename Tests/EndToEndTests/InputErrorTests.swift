import Foundation
import Testing

extension EndToEnd {
    struct InputErrorTests {
        private let scratch: ScratchDirectory
        private var input: SmallInput

        init() throws {
            scratch = try ScratchDirectory()
            input = try SmallInput(in: scratch)
        }

        /// Runs the configuration, which must be refused before anything is written.
        private func expectRefusal(
            naming words: String...,
            sourceLocation: SourceLocation = #_sourceLocation
        ) async throws {
            let path = try input.write()
            let directory = "\(scratch.path)/run"
            let finished = try await SectileProcess.run("run", path, "--output", directory)
            #expect(finished.exitCode == 2, "\(finished.errors)", sourceLocation: sourceLocation)
            for word in words {
                #expect(
                    finished.errors.contains(word),
                    "no '\(word)' in: \(finished.errors)",
                    sourceLocation: sourceLocation
                )
            }
            let complaints = finished.complaints.count
            #expect(complaints == 1, "\(finished.errors)", sourceLocation: sourceLocation)
            let isThere = FileManager.default.fileExists(atPath: directory)
            #expect(!isThere, "something was written", sourceLocation: sourceLocation)
        }

        @Test(.timeLimit(.minutes(1)))
        mutating func `a missing file is named with its key`() async throws {
            input.replace("path: sink.asc", with: "path: absent.asc")
            // Line and column of the value, as for errors of the configuration itself.
            try await expectRefusal(naming: "small.yaml:21:11: layers[1].path: ", "absent.asc")
        }

        @Test(.timeLimit(.minutes(1)))
        mutating func `a grid that is not equal-area is refused with a legal one`() async throws {
            input.replace("crs: china-albers", with: "crs: EPSG:3857")
            try await expectRefusal(naming: "grid.crs", "equal-area", "china-albers")
        }

        @Test(.timeLimit(.minutes(1)))
        mutating func `an unknown unit is refused with its key`() async throws {
            input.replace(
                "sink: npp\n    path: sink.asc\n    quantity: density\n    unit: tCO2/km2/yr",
                with:
                    "sink: npp\n    path: sink.asc\n    quantity: density\n    unit: stone/acre/yr"
            )
            try await expectRefusal(naming: "unit", "stone")
        }

        @Test(.timeLimit(.minutes(1)))
        mutating func `an unknown key is refused with its line and the key that is meant`()
            async throws
        {
            input.replace("tileSizePixels: 16", with: "tileSizePixel: 16")
            try await expectRefusal(naming: "tileSizePixel", "tileSizePixels", ":10")
        }

        @Test(.timeLimit(.minutes(1)))
        mutating func `all errors are reported at once`() async throws {
            input.replace("path: sink.asc", with: "path: absent.asc")
            input.replace("path: zones.geojson", with: "path: nowhere.geojson")
            try await expectRefusal(naming: "absent.asc", "nowhere.geojson")
        }

        @Test(.timeLimit(.minutes(1)))
        func `a layer that does not overlap the grid is refused with both extents`() async throws {
            try SmallInput.writeLayer("sink", in: scratch, west: -10) { _, _ in 1 }
            try await expectRefusal(naming: "sink.asc", "overlap", "longitude -10")
        }

        @Test(.timeLimit(.minutes(1)))
        func `a layer without any value is refused`() async throws {
            try SmallInput.writeLayer("sink", in: scratch) { _, _ in -9999 }
            try await expectRefusal(naming: "layers[1].path", "sink.asc", "nodata")
        }

        @Test(.timeLimit(.minutes(1)))
        func `a layer without a reference system is refused`() async throws {
            try FileManager.default.removeItem(atPath: "\(scratch.path)/sink.prj")
            try await expectRefusal(naming: "sink.asc", "reference system")
        }

        @Test(
            .timeLimit(.minutes(1)),
            .enabled(if: Program.tool("gdal_translate") != nil, "gdal_translate is not installed")
        )
        mutating func `a raster that was cut in the middle is refused`() async throws {
            let raster = try await TiledRaster(of: "emission", in: scratch)
            try raster.truncate(toShare: 0.5)
            input.replace("path: emission.asc", with: "path: emission.tif")
            try await expectRefusal(naming: "layers[0].path", "emission.tif")
        }

        @Test(.timeLimit(.minutes(1)))
        func `an invalid zone is repaired and the operator is told`() async throws {
            let bowtie = "[105,31],[107,35],[107,31],[105,35],[105,31]"
            let text = SmallInput.zones([
                ("1", "bowtie", bowtie),
                ("2", "north", "[108,34],[112,34],[112,37],[108,37],[108,34]"),
            ])
            try scratch.write(text, to: "zones.geojson")
            let directory = "\(scratch.path)/run"
            let finished = try await SectileProcess.complete(try input.write(), to: directory)
            #expect(finished.errors.contains("1 invalid geometries repaired"))
            #expect(finished.errors.contains("bowtie") || finished.errors.contains("'1'"))
            let report = try String(contentsOfFile: "\(directory)/report.html", encoding: .utf8)
            #expect(report.contains("repaired"))
            let cities = try String(
                contentsOfFile: "\(directory)/tables/cities.csv",
                encoding: .utf8
            )
            #expect(cities.contains("1,bowtie,"))
        }
    }
}
