import Foundation
import RasterIO
import Testing

extension EndToEnd {
    /// Everything that is derived, on a small country.
    struct DerivedLayerTests {
        private let scratch: ScratchDirectory

        init() throws { scratch = try ScratchDirectory() }

        private func input() throws -> SmallInput {
            var input = try SmallInput(in: scratch)
            try SmallInput.writeLayer("dem", in: scratch) {
                Double(($0 * 173 + $1 * 59) % 2311)
            }
            try SmallInput.writeLayer("cover", in: scratch) { Double(($0 / 3 + $1 / 5) % 4) + 1 }
            try SmallInput.writeLayer("wind", in: scratch) { Double(($0 * 31 + $1 * 17) % 360) }
            try SmallInput.writeLayer("people", in: scratch) { Double(5 + ($0 * 7 + $1) % 90) }
            try scratch.write(
                "x,y,mw\n106.1,35.2,100\n108.7,34.9,50\n111.3,33.1,25\n111.31,33.11,75\n",
                to: "plants.csv"
            )
            try scratch.write(
                """
                {"type":"FeatureCollection","features":[{"type":"Feature","properties":{},"geometry":
                {"type":"LineString","coordinates":[[104.2,37.8],[107,33],[112.8,31.2]]}}]}
                """,
                to: "roads.geojson"
            )
            input.addLayers(
                """
                name: slope, role: covariate, path: dem.asc, quantity: intensity, unit: m, derive: slope
                name: northness, role: covariate, path: dem.asc, quantity: intensity, unit: m, derive: aspect, component: cosine
                name: wind, role: covariate, path: wind.asc, quantity: angle, unit: degree, component: sine
                name: dominant, role: covariate, path: cover.asc, quantity: class, statistic: mode
                name: built, role: covariate, path: cover.asc, quantity: class, classes: [2, 3]
                name: people, role: covariate, path: people.asc, quantity: density, unit: persons/km2
                name: perHead, role: covariate, derive: ratio, of: [slope, people], quantity: intensity, unit: 1, aggregate: population
                name: plants, role: covariate, path: plants.csv, derive: density, xField: x, yField: y, weightField: mw, quantity: intensity, unit: MW
                name: plantsNear, role: covariate, path: plants.csv, derive: density, xField: x, yField: y, weightField: mw, radiusMetres: 25000, quantity: intensity, unit: MW
                name: plantsAway, role: covariate, path: plants.csv, derive: distance, xField: x, yField: y, quantity: intensity
                name: roads, role: covariate, path: roads.geojson, derive: density, quantity: intensity
                """
            )
            input.replace(
                "variants: [abs, rel, norm]",
                with: "variants: [abs, percap]\n  population: people"
            )
            return input
        }

        private func statistics(
            _ input: SmallInput,
            tileSize: Int,
            _ name: String
        ) async throws -> (statistics: String, directory: String) {
            var input = input
            input.replace("tileSizePixels: 16", with: "tileSizePixels: \(tileSize)")
            let directory = "\(scratch.path)/run-\(name)-\(tileSize)"
            try await SectileProcess.complete(
                try input.write("\(name)-\(tileSize).yaml"),
                to: directory,
                workers: nil
            )
            let text = try String(
                contentsOfFile: "\(directory)/tables/zone_statistics.csv",
                encoding: .utf8
            )
            return (text, directory)
        }

        @Test(.timeLimit(.minutes(2)))
        func `derived layers and zone statistics do not depend on tiles`() async throws {
            let whole = try await statistics(input(), tileSize: 64, "derived")
            for size in [16, 23] {
                let cut = try await statistics(input(), tileSize: size, "derived")
                #expect(cut.statistics == whole.statistics, "\(size)")
                #expect(
                    try RunOutcome(directory: cut.directory)
                        == RunOutcome(directory: whole.directory)
                )
            }
            let table = try TableReader.read("\(whole.directory)/tables/zone_statistics.csv")
            // 250 MW and the road lie within the zones, whose cells have 100 km².
            let megawatts = try table.numbers("plants_sum").compactMap(\.self).reduce(0, +) * 100
            #expect(abs(megawatts - 250) < 1e-3)
            // Within 25 km of a centre: the mean over all cells is nearly the same, the peak much lower.
            let near = try table.numbers("plantsNear_sum").compactMap(\.self).reduce(0, +) * 100
            #expect(abs(near - 250) < 15)
            let peaks = try ["plants_max", "plantsNear_max"].map {
                try table.numbers($0).compactMap(\.self).max() ?? 0
            }
            #expect(peaks[1] < peaks[0] / 10 && peaks[1] > 0)
            #expect(try table.numbers("perHead_population_mean").allSatisfy { $0 != nil })
            for name in ["wind", "northness"] {
                let largest = try table.numbers("\(name)_max").compactMap(\.self).max() ?? 2
                #expect(largest <= 1, "\(name)")
            }
            for measure in ["sum", "mean", "variance"] {
                #expect(try table.numbers("dominant_\(measure)").allSatisfy { $0 == nil })
            }
            let dominant = try table.numbers("dominant_max").compactMap(\.self)
            #expect(dominant.allSatisfy { $0.rounded() == $0 && (1...4).contains($0) })
        }

        /// The small input with further layers and one zone around the whole grid: every cell counts once.
        private func wholeGrid(_ layers: String) throws -> SmallInput {
            var input = try SmallInput(in: scratch)
            try input.writeWholeGridZone()
            input.addLayers(layers)
            return input
        }

        /// A figure of a layer over the only zone.
        private func figure(_ name: String, _ table: Table) throws -> Double {
            try #require(try table.numbers(name)[0])
        }

        @Test(.timeLimit(.minutes(1)))
        func `a road has its length in the density and its place in the distance`() async throws {
            let places = [(105.5, 35.5), (108.0, 33.5), (110.5, 34.5), (111.5, 36.0)]
            let text = places.map { "[\($0.0),\($0.1)]" }.joined(separator: ",")
            try scratch.write(
                #"{"type":"FeatureCollection","features":[{"type":"Feature","properties":{},"#
                    + #""geometry":{"type":"LineString","coordinates":[\#(text)]}}]}"#,
                to: "road.geojson"
            )
            let input = try wholeGrid(
                """
                name: roads, role: covariate, path: road.geojson, derive: density, quantity: intensity
                name: away, role: covariate, path: road.geojson, derive: distance, quantity: intensity
                """
            )
            let run = try await statistics(input, tileSize: 16, "road")
            let table = try TableReader.read("\(run.directory)/tables/zone_statistics.csv")
            // The line in the plane of the grid, km.
            var xs = places.map(\.0)
            var ys = places.map(\.1)
            let transform = try CoordinateTransform(
                from: try ReferenceParser.parse("EPSG:4326"),
                to: try ReferenceParser.parse("china-albers")
            )
            transform.transform(xs: &xs, ys: &ys)
            let points = zip(xs, ys).map { SIMD2($0 / 1000, $1 / 1000) }
            func length(_ vector: SIMD2<Double>) -> Double { (vector * vector).sum().squareRoot() }
            let total = (1..<4).reduce(0) { $0 + length(points[$1] - points[$1 - 1]) }
            #expect(total > 600)
            // Cells have 100 km².
            let sum = try figure("roads_sum", table) * 100
            #expect(abs(sum / total - 1) < 1e-6, "\(sum), not \(total)")
            var distances: [Double] = []
            for cell in 0..<(48 * 64) {
                let centre = SIMD2(Double(cell % 64) * 10 + 5, 3980 - Double(cell / 64) * 10 - 5)
                let least = (1..<4).map { index -> Double in
                    let (start, piece) = (points[index - 1], points[index] - points[index - 1])
                    let place = ((centre - start) * piece).sum() / (piece * piece).sum()
                    return length(centre - start - piece * min(1, max(0, place)))
                }
                distances.append(least.min() ?? .nan)
            }
            let mean = distances.reduce(0, +) / Double(distances.count)
            #expect(abs(try figure("away_mean", table) / mean - 1) < 1e-6)
            #expect(abs(try figure("away_max", table) / (distances.max() ?? 0) - 1) < 1e-6)
            #expect(abs(try figure("away_min", table) - (distances.min() ?? 0)) < 1e-4)
        }

        @Test(.timeLimit(.minutes(1)))
        func `an aspect points down the slope`() async throws {
            try SmallInput.writeLayer("east", in: scratch) { Double(100 * $1 + 0 * $0) }
            try SmallInput.writeLayer("south", in: scratch) { Double(100 * $0 + 0 * $1) }
            let layers = ["east", "south"].flatMap { file in
                ["sine", "cosine"].map { component in
                    "name: \(file)-\(component), role: covariate, path: \(file).asc, quantity: intensity, "
                        + "unit: m, derive: aspect, component: \(component)"
                }
            }
            let run = try await statistics(
                wholeGrid(layers.joined(separator: "\n")),
                tileSize: 16,
                "aspect"
            )
            let table = try TableReader.read("\(run.directory)/tables/zone_statistics.csv")
            // What rises eastward falls to the west, what rises southward to the north.
            for (name, expected) in [
                ("east-sine", -1.0), ("east-cosine", 0), ("south-sine", 0), ("south-cosine", 1),
            ] {
                #expect(try figure("\(name)_count", table) == 64 * 48, "\(name)")
                for measure in ["min", "max"] {
                    let found = try figure("\(name)_\(measure)", table)
                    #expect(abs(found - expected) < 1e-6, "\(name): \(found)")
                }
            }
        }

        @Test(.timeLimit(.minutes(1)))
        func `products, sums and differences are those of the cells`() async throws {
            func value(_ row: Int, _ column: Int) -> Double { Double((row * 7 + column * 3) % 23) }
            try SmallInput.writeLayer("a", in: scratch, value: value)
            // b = 2 a + 1 in every pixel, hence in every cell.
            try SmallInput.writeLayer("b", in: scratch) { 2 * value($0, $1) + 1 }
            let input = try wholeGrid(
                """
                name: a, role: covariate, path: a.asc, quantity: intensity, unit: 1
                name: b, role: covariate, path: b.asc, quantity: intensity, unit: 1
                name: times, role: covariate, derive: product, of: [a, b], quantity: intensity, unit: 1
                name: plus, role: covariate, derive: sum, of: [a, b], quantity: intensity, unit: 1
                name: minus, role: covariate, derive: difference, of: [a, b], quantity: intensity, unit: 1
                """
            )
            let run = try await statistics(input, tileSize: 16, "operations")
            let table = try TableReader.read("\(run.directory)/tables/zone_statistics.csv")
            let mean = try figure("a_mean", table)
            let square = try figure("a_variance", table) + mean * mean
            let (least, most) = (try figure("a_min", table), try figure("a_max", table))
            for (name, expected) in [
                ("times_mean", 2 * square + mean), ("times_max", 2 * most * most + most),
                ("plus_mean", 3 * mean + 1), ("plus_min", 3 * least + 1),
                ("minus_mean", -mean - 1), ("minus_min", -most - 1), ("minus_max", -least - 1),
            ] {
                let found = try figure(name, table)
                #expect(abs(found - expected) < 1e-5 * max(1, abs(expected)), "\(name): \(found)")
            }
        }

        @Test(
            .enabled(if: RasterTools.areInstalled, "GDAL's programs are not installed"),
            .timeLimit(.minutes(2))
        )
        func `sheets of a relief are one relief, at their edges, too`() async throws {
            let tools = RasterTools(scratch: scratch)
            var input = try SmallInput(in: scratch)
            try SmallInput.writeLayer("dem", in: scratch) {
                Double(($0 * 173 + $1 * 59) % 2311)
            }
            for (index, part) in ["0 0 17 13", "17 0 19 13", "0 13 17 19", "17 13 19 19"]
                .enumerated()
            {
                try await tools.run("gdal_translate -q -srcwin \(part) dem.asc sheet\(index).tif")
            }
            input.addLayers(
                """
                name: slope, role: covariate, path: dem.asc, quantity: intensity, unit: m, derive: slope
                name: height, role: covariate, path: dem.asc, quantity: intensity, unit: m, resampling: bilinear
                """
            )
            let whole = try await statistics(input, tileSize: 16, "relief")
            input.replace("path: dem.asc", with: "path: 'sheet?.tif', combine: mosaic")
            let sheets = try await statistics(input, tileSize: 16, "sheets")
            #expect(sheets.statistics == whole.statistics)
        }

        @Test(.timeLimit(.minutes(2)), arguments: ["zeroSink", "mask"])
        func `a land cover tells where water is`(policy: String) async throws {
            var input = try SmallInput(in: scratch)
            // A lake of 3 by 2 degrees: 607 cells, of which some 50 to 100 lie on its shore.
            try SmallInput.writeLayer("cover", in: scratch) { row, column in
                (8..<16).contains(row) && (8..<20).contains(column) ? 5 : 1
            }
            input.addLayers(
                "name: lake, role: covariate, path: cover.asc, quantity: class, classes: [5]"
            )
            input.replace(
                "variants: [abs, rel, norm]",
                with: "variants: [abs]\n  water: \(policy)\n  waterLayer: lake"
            )
            let directory = try await input.run(policy)
            let codes = try #require(try mosaicBands("status", of: directory)["deficit"])
            let bands = try mosaicBands("deficit", of: directory)
            let emission = try #require(bands["emission"])
            let sink = try #require(bands["sink"])
            let absolute = try #require(bands["abs"])
            let lake = codes.indices.filter { codes[$0] == 20 }
            #expect((450...607).contains(lake.count), "\(lake.count)")
            if policy == "mask" {
                #expect(lake.allSatisfy { absolute[$0].isNaN && emission[$0].isNaN })
            } else {
                #expect(lake.allSatisfy { sink[$0] == 0 && absolute[$0] == emission[$0] })
                #expect(lake.allSatisfy { emission[$0] > 0 })
            }
            let land = codes.indices.filter { codes[$0] == 0 }
            #expect(land.count > 1000)
            #expect(land.allSatisfy { sink[$0] > 0 })
        }

        @Test(.timeLimit(.minutes(2)))
        func `net ecosystem production is what respiration leaves of the primary one`() async throws
        {
            func npp(_ row: Int, _ column: Int) -> Double { 20 + 3 * Double((row + column) % 37) }
            func respiration(_ row: Int, _ column: Int) -> Double { Double((row * 7) % 60) }
            func sinks(_ input: SmallInput, _ name: String) async throws -> [Double] {
                let bands = try mosaicBands("deficit", of: try await input.run(name))
                return try #require(bands["sink"])
            }
            var parts = try SmallInput(in: scratch)
            var whole = parts
            try SmallInput.writeLayer("sink", in: scratch, value: npp)
            // The same respiration in carbon, per hectare.
            try SmallInput.writeLayer("rh", in: scratch) { respiration($0, $1) * 12 / 4400 }
            try SmallInput.writeLayer("nep", in: scratch) { npp($0, $1) - respiration($0, $1) }
            parts.addLayers(
                """
                name: rh, role: sink, sink: custom, path: rh.asc, quantity: density, unit: tC/ha/yr
                name: nep, role: sink, sink: nep, derive: difference, of: [sink, rh], quantity: density
                """
            )
            parts.replace("variants: [abs, rel, norm]", with: "pairs: [[emission, nep]]")
            whole.replace("path: sink.asc", with: "path: nep.asc")
            whole.replace("sink: npp", with: "sink: nep")
            let (derived, read) = try await (sinks(parts, "parts"), sinks(whole, "whole"))
            #expect(derived.count { $0 < 0 } > 30)
            #expect(zip(derived, read).allSatisfy { abs($0 - $1) < 1e-3 || $0.isNaN && $1.isNaN })
        }

        @Test(.timeLimit(.minutes(2)))
        func `zones within built-up land count that part of each cell alone`() async throws {
            let whole = try await statistics(input(), tileSize: 64, "whole")
            var built = try input()
            built.replace("zones:\n  path", with: "zones:\n  within: built\n  path")
            let part = try await statistics(built, tileSize: 64, "built")
            let cut = try await statistics(built, tileSize: 16, "built")
            #expect(part.statistics == cut.statistics)
            let all = try TableReader.read("\(whole.directory)/tables/cities.csv")
            let some = try TableReader.read("\(part.directory)/tables/cities.csv")
            let shares = try TableReader.read("\(whole.directory)/tables/zone_statistics.csv")
                .numbers("built_mean")
            for row in 0..<3 {
                let counted = try #require(try some.numbers("counted_km2")[row])
                let area = try #require(try all.numbers("area_km2")[row])
                let share = try #require(shares[row])
                #expect(counted < area && counted > 0)
                // Cells at the grid's edge count in the area, not in the mean of the share.
                let missing = try #require(try all.numbers("area_outside_grid_share")[row])
                #expect(abs(counted / (area * (1 - missing)) / share - 1) < 0.02)
                let emitted = try #require(try some.numbers("E_tCO2_yr")[row])
                #expect(emitted < (try #require(try all.numbers("E_tCO2_yr")[row])))
            }
        }

        @Test(.timeLimit(.minutes(1)))
        func `several pairs tell each city how far its answer depends on the products`()
            async throws
        {
            var input = try input()
            try SmallInput.writeLayer("sink2", in: scratch) { 300 - 2 * Double(($0 * 5 + $1) % 90) }
            input.addLayers(
                """
                name: other, role: sink, sink: nep, path: sink2.asc, quantity: density, unit: tCO2/km2/yr
                """
            )
            input.replace(
                "variants: [abs, percap]",
                with: "pairs: [[emission, sink], [emission, other]]\n  zoneVariants: [esc]\n"
                    + "  variants: [abs, percap]"
            )
            let run = try await statistics(input, tileSize: 16, "pairs")
            let table = try TableReader.read("\(run.directory)/tables/cities.csv")
            let first = try table.numbers("D_tCO2_yr")
            let second = try table.numbers("D_tCO2_yr_emission_other")
            let agrees = try table.texts("sign_agrees")
            for row in 0..<3 {
                let values = [try #require(first[row]), try #require(second[row])]
                #expect(try table.numbers("D_tCO2_yr_min")[row] == values.min())
                #expect(try table.numbers("D_tCO2_yr_max")[row] == values.max())
                let isSame = (values[0] > 0) == (values[1] > 0)
                #expect(agrees[row] == (isSame ? "yes" : "no"))
                #expect(try table.numbers("rank_D_min")[row] != nil)
            }
            // The coefficients, weighted by the shares of the emission, have the mean 1.
            let emissions = try table.numbers("E_tCO2_yr").compactMap(\.self)
            let coefficients = try table.numbers("esc").compactMap(\.self)
            let mean = zip(emissions, coefficients).reduce(0) { $0 + $1.0 * $1.1 }
            #expect(abs(mean / emissions.reduce(0, +) - 1) < 1e-12)
        }
    }
}
