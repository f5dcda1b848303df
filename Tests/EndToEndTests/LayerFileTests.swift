import Foundation
import RasterIO
import Testing

extension EndToEnd {
    /// Layers of several files, and of pixels finer than the grid.
    struct LayerFileTests {
        private let scratch: ScratchDirectory

        init() throws { scratch = try ScratchDirectory() }

        /// What a plan says that the sink amounts to.
        private static func amounts(_ plan: Finished) -> String? {
            plan.output.split(separator: "\n").first { $0.hasPrefix("  sink: ") }?
                .components(separatedBy: "; ").first
        }

        private func expectRefusal(_ input: SmallInput, naming words: String...) async throws {
            let plan = try await input.plan()
            #expect(plan.exitCode == 2, "\(plan.output)")
            for word in words { #expect(plan.errors.contains(word), "\(plan.errors)") }
        }

        @Test(.timeLimit(.minutes(1)))
        func `a mosaic takes the sheets over the grid, and of two at one place the later`()
            async throws
        {
            var input = try SmallInput(in: scratch)
            let plain = try RunOutcome(directory: try await input.run("plain"))
            let single = try await input.plan()
            try SmallInput.writeLayer("below", in: scratch) { 900 - Double(($0 * 3 + $1) % 50) }
            try SmallInput.writeLayer("far", in: scratch, west: -10) { _, _ in 1 }
            try SmallInput.writeLayer("empty", in: scratch) { _, _ in -9999 }
            input.replace(
                "path: sink.asc",
                with: "path: [below.asc, sink.asc, far.asc, empty.asc]\n    combine: mosaic"
            )
            let plan = try await input.plan()
            let words = "2 of 4 files lie outside the grid or have no value there"
            #expect(plan.output.contains(words), "\(plan.output) \(plan.errors)")
            // What lies below is not counted: the layer amounts to the same.
            #expect(Self.amounts(plan) != nil)
            #expect(Self.amounts(plan) == Self.amounts(single))
            #expect(try RunOutcome(directory: try await input.run("sheets")) == plain)
            // None at all is an error, as for a single file.
            input.replace("[below.asc, sink.asc, far.asc, empty.asc]", with: "[far.asc, empty.asc]")
            try await expectRefusal(input, naming: "layers[1].path[0]", "far.asc", "overlap")
        }

        @Test(.timeLimit(.minutes(1)))
        func `a sum has no file outside the grid`() async throws {
            var input = try SmallInput(in: scratch)
            try SmallInput.writeLayer("far", in: scratch, west: -10) { _, _ in 1 }
            input.replace("path: sink.asc", with: "path: [sink.asc, far.asc]\n    combine: sum")
            try await expectRefusal(input, naming: "layers[1].path[1]", "far.asc", "overlap")
        }

        @Test(
            .enabled(if: RasterTools.areInstalled, "GDAL's programs are not installed"),
            .timeLimit(.minutes(1))
        )
        func `all bands of files with different numbers of bands are refused`() async throws {
            var input = try SmallInput(in: scratch)
            try await RasterTools(scratch: scratch).run(
                "gdalbuildvrt -q -separate two.vrt sink.asc emission.asc"
            )
            input.replace(
                "path: emission.asc",
                with: "path: [emission.asc, two.vrt]\n    band: all\n    combine: sum"
            )
            try await expectRefusal(
                input,
                naming: "layers[0].band",
                "1 band in",
                "emission.asc",
                "2 bands in",
                "two.vrt"
            )
        }

        @Test(
            .enabled(if: RasterTools.areInstalled, "GDAL's programs are not installed"),
            .timeLimit(.minutes(1))
        )
        func `a mosaic of bands needs a value in one of them, a sum in each`() async throws {
            var input = try SmallInput(in: scratch)
            let plain = try await input.plan()
            try SmallInput.writeLayer("empty", in: scratch) { _, _ in -9999 }
            let tools = RasterTools(scratch: scratch)
            try await tools.run("gdalbuildvrt -q -separate half.vrt sink.asc empty.asc")
            try await tools.run("gdalbuildvrt -q -separate none.vrt empty.asc empty.asc")
            input.replace(
                "path: sink.asc",
                with: "path: half.vrt\n    band: all\n    combine: mosaic"
            )
            let plan = try await input.plan()
            #expect(plan.exitCode == 0, "\(plan.errors)")
            #expect(Self.amounts(plan) != nil)
            #expect(Self.amounts(plan) == Self.amounts(plain))
            let complaint = "all pixels within the grid are nodata"
            var sum = input
            sum.replace("combine: mosaic", with: "combine: sum")
            try await expectRefusal(sum, naming: "layers[1].path", "half.vrt", complaint)
            input.replace("half.vrt", with: "none.vrt")
            try await expectRefusal(input, naming: "layers[1].path", "none.vrt", complaint)
        }

        @Test(.timeLimit(.minutes(1)))
        func `a most frequent class of sheets on two lattices is refused`() async throws {
            var input = try SmallInput(in: scratch)
            try SmallInput.writeLayer("cover", in: scratch) { Double(($0 + $1) % 4) }
            // Two fifths of a pixel to the east.
            try SmallInput.writeLayer("askew", in: scratch, west: 104.1) { Double(($0 + $1) % 4) }
            input.addLayers(
                """
                name: dominant, role: covariate, path: [cover.asc, askew.asc], combine: mosaic, quantity: class, statistic: mode
                """
            )
            try await expectRefusal(
                input,
                naming: "layers[2].statistic",
                "cover.asc",
                "askew.asc",
                "lattice"
            )
        }

        @Test(.timeLimit(.minutes(1)))
        func `what the configuration calls missing is no value, and what it gives a value is one`()
            async throws
        {
            var input = try SmallInput(in: scratch)
            try SmallInput.writeLayer("sink", in: scratch) { _, _ in 7 }
            input.replace("path: sink.asc", with: "path: sink.asc\n    nodata: [7]")
            try await expectRefusal(input, naming: "layers[1].path", "sink.asc", "nodata")
            input.replace("nodata: [7]", with: "codes: {7: nodata}")
            try await expectRefusal(input, naming: "layers[1].path", "sink.asc", "nodata")
            // The file calls -9999 missing; the configuration knows better.
            try SmallInput.writeLayer("sink", in: scratch) { _, _ in -9999 }
            input.replace("codes: {7: nodata}", with: "codes: {-9999: 3}")
            let plan = try await input.plan()
            #expect(plan.exitCode == 0, "\(plan.errors)")
        }

        @Test(.timeLimit(.minutes(1)))
        func `a covariate ten times finer than the grid has the mean of its pixels`() async throws {
            var input = try SmallInput(in: scratch)
            func height(_ row: Int, _ column: Int) -> Int { (row * row * 7 + column * 13) % 101 }
            var lines = [
                "ncols 640", "nrows 480", "xllcorner 0", "yllcorner 3500000", "cellsize 1000",
            ]
            for row in 0..<480 {
                lines.append((0..<640).map { "\(height(row, $0))" }.joined(separator: " "))
            }
            try scratch.write(lines.joined(separator: "\n") + "\n", to: "height.asc")
            try input.writeWholeGridZone()
            input.addLayers(
                """
                name: height, role: covariate, path: height.asc, crs: china-albers, quantity: intensity, unit: m
                """
            )
            let plan = try await input.plan()
            #expect(plan.output.contains("20x20 sub-points, mean of pixels"), "\(plan.output)")
            let directory = try await input.run("fine")
            var means: [Double] = []
            for row in 0..<48 {
                for column in 0..<64 {
                    var sum = 0
                    for pixel in 0..<100 {
                        sum += height(row * 10 + pixel / 10, column * 10 + pixel % 10)
                    }
                    means.append(Double(sum) / 100)
                }
            }
            let table = try TableReader.read("\(directory)/tables/zone_statistics.csv")
            for (name, expected) in [
                ("min", means.min()), ("max", means.max()),
                ("mean", means.reduce(0, +) / Double(means.count)),
            ] {
                let found = try #require(try table.numbers("height_\(name)")[0])
                #expect(abs(found - (expected ?? .nan)) < 1e-4, "\(name)")
            }
        }

        @Test(.timeLimit(.minutes(1)))
        func `pixels too fine to be sampled all are warned about with their share`() async throws {
            var input = try SmallInput(in: scratch)
            var lines = ["ncols 40", "nrows 40", "xllcorner 108", "yllcorner 35", "cellsize 5e-05"]
            lines += (0..<40).map { row in (0..<40).map { "\(row + $0)" }.joined(separator: " ") }
            try scratch.write(lines.joined(separator: "\n") + "\n", to: "tiny.asc")
            input.addLayers(
                """
                name: tiny, role: covariate, path: tiny.asc, crs: EPSG:4326, quantity: intensity, unit: m
                """
            )
            let plan = try await input.plan()
            // 5.03 m at 35 degrees north: 1024 sub-points along 10 km lie in 0.515² of the pixels.
            for words in [
                "1024x1024 sub-points", "1024 of its pixels of about 5.03 m", "about 26.5 %",
            ] {
                #expect(plan.output.contains(words), "\(plan.output) \(plan.errors)")
            }
        }

        @Test(.timeLimit(.minutes(1)))
        func `the mean of twelve monthly files is the sum of twelfths`() async throws {
            var names: [String] = []
            for month in 0..<12 {
                try SmallInput.writeLayer("rate\(month)", in: scratch) {
                    Double(100 + ($0 * 7 + $1 * 3 + month * 11) % 60)
                }
                try SmallInput.writeLayer("part\(month)", in: scratch) {
                    Double(100 + ($0 * 7 + $1 * 3 + month * 11) % 60) / 12
                }
                names.append("\(month).asc")
            }
            var totals: [[Double]] = []
            for (kind, rule) in [("rate", "mean"), ("part", "sum")] {
                var input = try SmallInput(in: scratch)
                let paths = names.map { kind + $0 }.joined(separator: ", ")
                input.replace(
                    "path: emission.asc",
                    with: "path: [\(paths)]\n    combine: \(rule)"
                )
                let directory = try await input.run(rule)
                let table = try TableReader.read("\(directory)/tables/cities.csv")
                totals.append(try table.numbers("E_tCO2_yr").compactMap(\.self))
            }
            #expect(totals[0].count == 3 && totals[1].count == 3)
            for (mean, sum) in zip(totals[0], totals[1]) {
                #expect(mean > 0 && abs(sum / mean - 1) < 1e-6, "\(totals)")
            }
        }
    }
}
