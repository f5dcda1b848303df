import Foundation
import RasterIO
import Testing

extension EndToEnd {
    @Suite(.enabled(if: RasterTools.areInstalled, "GDAL's programs or Python are not installed"))
    struct VectorInputTests {
        private let scratch: ScratchDirectory
        private let tools: RasterTools

        init() throws {
            scratch = try ScratchDirectory()
            tools = RasterTools(scratch: scratch)
        }

        @Test(.timeLimit(.minutes(2)))
        func `the same zones in every format give the same table`() async throws {
            let plain = try RunOutcome(directory: try await SmallInput(in: scratch).run("geojson"))
            for (file, arguments) in [
                ("zones.gpkg", ["-f", "GPKG"]),
                ("zones.fgb", ["-f", "FlatGeobuf", "-lco", "SPATIAL_INDEX=NO"]),
                ("zones.shp", ["-f", "ESRI Shapefile"]),
            ] {
                try await tools.run(["ogr2ogr"] + arguments + [file, "zones.geojson"])
                var input = try SmallInput(in: scratch)
                input.replace("path: zones.geojson", with: "path: \(file)")
                #expect(try RunOutcome(directory: try await input.run(file)) == plain, "\(file)")
            }
        }

        @Test(.timeLimit(.minutes(1)))
        func `a Shapefile in GBK has readable names`() async throws {
            var input = try SmallInput(in: scratch)
            let text = try String(contentsOfFile: "\(scratch.path)/zones.geojson", encoding: .utf8)
            try scratch.write(
                text.replacingOccurrences(of: "north", with: "北京市"),
                to: "chinese.geojson"
            )
            try await tools.run(
                [
                    "ogr2ogr", "-f", "ESRI Shapefile", "-lco", "ENCODING=GBK", "gbk.shp",
                    "chinese.geojson",
                ]
            )
            // Many files come without the sidecar that names the encoding.
            try FileManager.default.removeItem(atPath: "\(scratch.path)/gbk.cpg")
            input.replace("path: zones.geojson", with: "path: gbk.shp\n  encoding: GBK")
            let table = try TableReader.read("\(try await input.run("gbk"))/tables/cities.csv")
            #expect(try table.texts("name").contains("北京市"))
        }

        @Test(.timeLimit(.minutes(1)))
        func `attributes are joined by code as text and what does not match is listed`()
            async throws
        {
            var input = try SmallInput(in: scratch)
            let text = try String(contentsOfFile: "\(scratch.path)/zones.geojson", encoding: .utf8)
            let coded = text.replacingOccurrences(of: #""id":"1""#, with: #""id":"010203""#)
            try scratch.write(coded, to: "zones.geojson")
            try scratch.write(
                "code,gdp,share\n010203,500,0.25\n2,,0.5\n999999,1,1\n",
                to: "cities.csv"
            )
            input.addLayers(
                "name: gdp, role: covariate, attribute: gdp, quantity: total, unit: 10^8 CNY",
                "name: share, role: covariate, attribute: share, quantity: intensity, unit: 1"
            )
            input.replace("zones:\n", with: "zones:\n  attributes: {path: cities.csv, key: code}\n")
            input.replace("variants: [abs, rel, norm]", with: "variants: [abs, pergdp]\n  gdp: gdp")
            let plan = try await input.plan()
            #expect(plan.exitCode == 0, "\(plan.errors)")
            #expect(plan.output.contains("1 of 3 zones have no row"), "\(plan.output)")
            #expect(plan.output.contains("3 south"), "\(plan.output)")
            #expect(plan.output.contains("1 codes of"), "\(plan.output)")
            #expect(plan.output.contains("999999"), "\(plan.output)")

            let directory = try await input.run("joined")
            let table = try TableReader.read("\(directory)/tables/zone_statistics.csv")
            let ids = try table.texts("id")
            let west = try #require(ids.firstIndex(of: "010203"))
            let south = try #require(ids.firstIndex(of: "3"))
            #expect(try table.numbers("share_mean")[west].map { abs($0 - 0.25) < 1e-15 } == true)
            #expect(try table.numbers("gdp_mean")[south] == nil)
            let cities = try TableReader.read("\(directory)/tables/cities.csv")
            let deficits = try cities.numbers("D_tCO2_yr")
            let ratios = try cities.numbers("pergdp_tCO2_per_10k_CNY")
            // 500 times 10⁸ CNY are 5·10⁶ times 10⁴; the part of the zone outside the grid has none of D.
            let inside = 1 - (try #require(try cities.numbers("area_outside_grid_share")[west]))
            let expected = try #require(deficits[west]) / (5e6 * inside)
            #expect(abs(try #require(ratios[west]) / expected - 1) < 1e-9)
            #expect(ratios[south] == nil)
        }

        @Test(.timeLimit(.minutes(1)))
        func `boundaries that miss the edge of the data by the shift are warned about`()
            async throws
        {
            func zone(_ isShifted: Bool) -> String {
                let corners = [(106.0, 33.0), (107, 33), (107, 34), (106, 34), (106, 33)]
                let points = zip(corners, corners.dropFirst()).flatMap { start, end in
                    (0..<10).map { step in
                        let t = Double(step) / 10
                        return (
                            start.0 + t * (end.0 - start.0), start.1 + t * (end.1 - start.1)
                        )
                    }
                }
                let ring = (points + points.prefix(1)).map { longitude, latitude in
                    let moved = ShiftedDatum.forward(longitude: longitude, latitude: latitude)
                    return isShifted
                        ? "[\(moved.longitude),\(moved.latitude)]" : "[\(longitude),\(latitude)]"
                }
                return SmallInput.zones([("1", "island", ring.joined(separator: ","))])
            }
            try scratch.write(zone(false), to: "island.geojson")
            try scratch.write(zone(true), to: "moved.geojson")
            try await tools.run(
                "gdal_rasterize -q -burn 1 -init 0 -a_nodata 0 -te 105.9 32.9 107.1 34.1 -tr 0.002 "
                    + "0.002 -ot Byte -co COMPRESS=DEFLATE island.geojson land.tif"
            )
            for (file, datum, verdict) in [
                ("island", "wgs84", nil), ("moved", "wgs84", "the boundaries look shifted"),
                ("moved", "gcj02", nil), ("island", "gcj02", "do not look shifted, though"),
            ] {
                var input = try SmallInput(in: scratch)
                input.addLayers(
                    "name: land, role: covariate, path: land.tif, quantity: intensity, unit: 1"
                )
                input.replace(
                    "path: zones.geojson",
                    with: "path: \(file).geojson\n  datum: \(datum)"
                )
                let plan = try await input.plan()
                #expect(plan.exitCode == 0, "\(plan.errors)")
                if let verdict {
                    #expect(plan.output.contains(verdict), "\(file) \(datum): \(plan.output)")
                    #expect(plan.output.contains("where the data of land end"))
                } else {
                    #expect(!plan.output.contains("look shifted"), "\(file) \(datum)")
                }
            }
        }

        @Test(.timeLimit(.minutes(1)))
        func `points of a web map are told, and put back in their place on request`() async throws {
            let places = [(106.1, 35.2), (108.7, 34.9), (111.3, 33.1)]
            func table(_ points: [(Double, Double)]) -> String {
                "x,y\n" + points.map { "\($0.0),\($0.1)\n" }.joined()
            }
            let moved = places.map { longitude, latitude in
                let point = ShiftedDatum.forward(longitude: longitude, latitude: latitude)
                return (point.longitude, point.latitude)
            }
            try scratch.write(table(places), to: "plants.csv")
            try scratch.write(table(moved), to: "amap_plants.csv")
            func input(_ path: String) throws -> SmallInput {
                var input = try SmallInput(in: scratch)
                input.addLayers(
                    """
                    name: away, role: covariate, path: \(path), derive: distance, xField: x, yField: y, quantity: intensity
                    """
                )
                return input
            }
            let told = try await PlanReport(input("amap_plants.csv"))
            #expect(told.hasWarning("away: the points look shifted", "'amap'", "datum: gcj02"))
            #expect(try await !PlanReport(input("plants.csv")).hasWarning("look shifted"))
            let files = ["plants.csv", "amap_plants.csv, datum: gcj02", "amap_plants.csv"]
            var means: [[Double?]] = []
            for (index, file) in files.enumerated() {
                let directory = try await input(file).run("points\(index)")
                let path = "\(directory)/tables/zone_statistics.csv"
                means.append(try TableReader.read(path).numbers("away_mean"))
            }
            var largest = 0.0
            for zone in 0..<3 {
                let plain = try #require(means[0][zone])
                #expect(abs(try #require(means[1][zone]) - plain) < 1e-4)
                largest = max(largest, abs(try #require(means[2][zone]) - plain))
            }
            // Left where they are drawn, the points lie some hundred metres away.
            #expect(largest > 0.05)
        }

        @Test(.timeLimit(.minutes(1)))
        func `boundaries of a web map are put back in their place on request`() async throws {
            let plain = try TableReader.read(
                "\(try await SmallInput(in: scratch).run("true"))/tables/cities.csv"
            )
            // The same zones as a Chinese web map would draw them, corner by corner.
            func ring(_ corners: [(Double, Double)]) -> String {
                corners.map { longitude, latitude in
                    let point = ShiftedDatum.forward(longitude: longitude, latitude: latitude)
                    return "[\(point.longitude),\(point.latitude)]"
                }.joined(separator: ",")
            }
            let west = [(104.0, 30.0), (108, 30), (108, 38), (104, 38), (104, 30)]
            let north = [(108.0, 34.0), (113, 34), (113, 38), (108, 38), (108, 34)]
            let south = [(108.0, 30.0), (113, 30), (113, 34), (108, 34), (108, 30)]
            var input = try SmallInput(in: scratch)
            try scratch.write(
                SmallInput.zones([
                    ("1", "west", ring(west)), ("2", "north", ring(north)),
                    ("3", "south", ring(south)),
                ]),
                to: "amap.geojson"
            )
            input.replace("path: zones.geojson", with: "path: amap.geojson")
            let plan = try await input.plan()
            #expect(plan.output.contains("look shifted"), "\(plan.output)")
            input.replace("path: amap.geojson", with: "path: amap.geojson\n  datum: gcj02")
            let restored = try TableReader.read(
                "\(try await input.run("restored"))/tables/cities.csv"
            )
            for (mine, theirs) in zip(
                try restored.numbers("area_km2"),
                try plain.numbers("area_km2")
            ) {
                #expect(abs(try #require(mine) / (try #require(theirs)) - 1) < 1e-8)
            }
        }
    }
}
