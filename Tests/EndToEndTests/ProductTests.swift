import Foundation
import RasterIO
import Testing

extension EndToEnd {
    /// Products with their own structure: units, months, sectors, fill values, classes.
    @Suite(.enabled(if: RasterTools.areInstalled, "GDAL's programs are not installed"))
    struct ProductTests {
        private let scratch: ScratchDirectory
        private let tools: RasterTools

        init() throws {
            scratch = try ScratchDirectory()
            tools = RasterTools(scratch: scratch)
        }

        /// Writes a layer in the form of a product.
        private func write(
            _ name: String,
            _ options: String,
            as file: String,
            value: (_ row: Int, _ column: Int) -> Double
        ) async throws {
            try SmallInput.writeLayer(name, in: scratch, value: value)
            try await tools.run("gdal_translate -q -a_srs EPSG:4326 \(options) \(name).asc \(file)")
        }

        /// The emission of each zone, with the emission layer declared so.
        private func emissions(_ lines: [String], _ name: String) async throws -> [Double] {
            var input = try SmallInput(in: scratch)
            input.replace(
                "path: emission.asc\n    quantity: density\n    unit: tCO2/km2/yr",
                with: lines.joined(separator: "\n    ")
            )
            let table = try TableReader.read("\(try await input.run(name))/tables/cities.csv")
            let emissions = try table.numbers("E_tCO2_yr").compactMap(\.self)
            #expect(emissions.count == 3)
            return emissions
        }

        private func expectEqual(_ first: [Double], _ second: [Double]) {
            #expect(first.count == second.count)
            for (one, other) in zip(first, second) {
                // Samples are singles.
                #expect(abs(one / other - 1) < 1e-6, "\(first) \(second)")
            }
        }

        private static func pattern(_ row: Int, _ column: Int) -> Double {
            Double(1 + (row * 5 + column * 3) % 41)
        }

        @Test(.timeLimit(.minutes(2)))
        func `twelve months of ODIAC are a year of carbon`() async throws {
            for month in 1...12 {
                let number = month < 10 ? "0\(month)" : "\(month)"
                try await write("month", "", as: "odiac2023_1km_excl_intl_17\(number).tif") {
                    Self.pattern($0, $1) * (10 + Double(month))
                }
            }
            // 12 · 10 + 78 times the pattern.
            try await write("annual", "", as: "annual.tif") { Self.pattern($0, $1) * 198 }
            let months = try await emissions(
                [
                    "path: odiac2023_1km_excl_intl_17??.tif", "combine: mean", "quantity: total",
                    "unit: tC/cell/month", "year: 2017",
                ],
                "months"
            )
            let year = try await emissions(
                ["path: annual.tif", "quantity: total", "unit: tC/yr"],
                "year"
            )
            expectEqual(months, year)
        }

        /// Area of a pixel of a row on the ellipsoid of WGS 84, m².
        private static func areaSquareMetres(row: Int) -> Double {
            let squared = 0.00669437999014
            let eccentricity = squared.squareRoot()
            func authalic(_ degrees: Double) -> Double {
                let sine = sin(degrees * .pi / 180)
                return sine / (1 - squared * sine * sine)
                    + atanh(eccentricity * sine) / eccentricity
            }
            let north = 38 - 0.25 * Double(row)
            let polar = 6_356_752.314245
            return polar * polar / 2 * (0.25 * .pi / 180)
                * (authalic(north) - authalic(north - 0.25))
        }

        @Test(.timeLimit(.minutes(2)))
        func `both units of EDGAR give the same emission, sectors summed`() async throws {
            for (sector, factor) in [("ENE", 300.0), ("TRO", 100)] {
                func tonnes(_ row: Int, _ column: Int) -> Double {
                    Self.pattern(row, column) * factor
                }
                try await write("tonnes", "-of netCDF", as: "\(sector)_emi.nc", value: tonnes)
                try await write("fluxes", "-of netCDF", as: "\(sector)_flx.nc") { row, column in
                    let area = Self.areaSquareMetres(row: row)
                    return tonnes(row, column) * 1000 / (area * 365 * 86_400)
                }
            }
            let sectors = "combine: sum"
            let totals = try await emissions(
                [
                    "path: [ENE_emi.nc, TRO_emi.nc]", sectors, "quantity: total",
                    "unit: tCO2/cell/yr", "year: 2017",
                ],
                "totals"
            )
            let fluxes = try await emissions(
                [
                    "path: [ENE_flx.nc, TRO_flx.nc]", sectors, "quantity: density",
                    "unit: kgCO2 m-2 s-1", "year: 2017",
                ],
                "fluxes"
            )
            expectEqual(totals, fluxes)
        }

        @Test(.timeLimit(.minutes(2)))
        func `WorldPop's fill is nobody, and CLCD's classes are shares`() async throws {
            try await write("people", "-a_nodata -99999", as: "chn_ppp_2017.tif") { row, column in
                column < 10 ? -99999 : Self.pattern(row, column)
            }
            try await write("cover", "-ot Byte -a_nodata none", as: "CLCD_v01_2017_a.tif") {
                Double(($0 / 3 + $1 / 5) % 10)
            }
            var input = try SmallInput(in: scratch)
            func cover(_ name: String, _ classes: String) -> String {
                "name: \(name), role: covariate, path: CLCD_v01_2017_a.tif, quantity: class, "
                    + "classes: \(classes), nodata: 0"
            }
            input.addLayers(
                "name: people, role: covariate, path: chn_ppp_2017.tif, quantity: total, "
                    + "unit: persons, nodata: -99999",
                cover("forest", "[2]"),
                cover("lakes", "[5]"),
                cover("others", "[1, 3, 4, 6, 7, 8, 9]")
            )
            let directory = try await input.run("land")
            let table = try TableReader.read("\(directory)/tables/zone_statistics.csv")
            #expect(try table.numbers("people_min").allSatisfy { ($0 ?? -1) > 0 })
            let areas = try ["people_valid_km2", "emission_valid_km2"].map {
                try #require(try table.numbers($0)[0])
            }
            // The west is half without people.
            #expect(areas[0] < 0.7 * areas[1] && areas[0] > 0)
            for zone in 0..<3 {
                let shares = try ["forest", "lakes", "others"].map {
                    try #require(try table.numbers("\($0)_mean")[zone])
                }
                #expect(abs(shares.reduce(0, +) - 1) < 1e-6, "\(shares)")
            }
        }
    }
}
