import Foundation
import Lattice
import RasterIO
import Testing

extension EndToEndCountries {
    /// Local models where neighbours are far away, on one side, or not there at all.
    struct LocalModelGeographyTests {
        private let scratch: ScratchDirectory

        init() throws { scratch = try ScratchDirectory() }

        private func run(
            _ country: OddCountry,
            workers: Int = 2
        ) async throws -> (directory: String, errors: String) {
            let directory = "\(scratch.path)/run-\(UUID().uuidString)"
            let finished = try await SectileProcess.complete(
                country.path,
                to: directory,
                workers: workers
            )
            return (directory, finished.errors)
        }

        /// The regression of the exported observations as a table.
        private func regressed(_ directory: String, _ arguments: [String] = []) async throws
            -> String
        {
            let table = "\(scratch.path)/observations.csv"
            let output = "\(scratch.path)/regressed"
            let exported = try await SectileProcess.run(
                "export",
                directory,
                "--observations",
                table
            )
            try #require(exported.exitCode == 0, "\(exported.errors)")
            let finished = try await SectileProcess(
                [
                    "regress", table, "--x", "x", "--y", "y", "--response", "logratio",
                    "--predictors", "one,two", "--output", output,
                ] + arguments
            ).finished()
            try #require(finished.exitCode == 0, "\(finished.errors)")
            return output
        }

        /// The largest difference between a mosaic and a table of its cells, of the column's largest
        /// value.
        private func largestDifference(
            _ names: [String],
            _ bands: [String: [Double]],
            _ table: Table
        ) throws -> Double {
            let xs = try table.numbers("x").compactMap(\.self)
            let ys = try table.numbers("y").compactMap(\.self)
            var largest = 0.0
            for name in names {
                let wanted = try table.numbers(name)
                let scale = wanted.compactMap(\.self).map(abs).max() ?? 1
                let band = try #require(bands[name], "no band \(name)")
                for index in wanted.indices {
                    let column = Int(xs[index] / OddCountry.cellSizeMetres)
                    let row = Int(
                        (OddCountry.originY - ys[index]) / OddCountry.cellSizeMetres
                    )
                    let own = band[row * OddCountry.columns + column]
                    let other = try #require(wanted[index])
                    largest = max(largest, abs(own - other) / scale)
                }
            }
            return largest
        }

        @Test(
            .timeLimit(.minutes(2)),
            arguments: Program.tried(OddCountry.Shape.allCases, atLeast: 2)
        )
        func `an odd country's models are those of its table, whatever the tiles`(
            shape: OddCountry.Shape
        ) async throws {
            let bandwidth = "{ type: adaptive, neighbours: 60 }"
            let cut = try await run(
                try OddCountry(shape, tileSizePixels: 16, bandwidth: bandwidth, in: scratch)
            )
            let whole = try await run(
                try OddCountry(shape, tileSizePixels: 64, bandwidth: bandwidth, in: scratch),
                workers: 1
            )
            let outcome = try RunOutcome(directory: cut.directory)
            #expect(outcome == (try RunOutcome(directory: whole.directory)))
            let names =
                ["fitted", "residual", "local_r2"]
                + ["intercept", "one", "two"].flatMap { ["beta_\($0)", "se_\($0)"] }
            let local = try TableReader.read(
                try await regressed(cut.directory, ["--value", "60"]) + "/local.csv"
            )
            let largest = try largestDifference(names, mosaicBands("gwr", of: cut.directory), local)
            #expect(largest < 1e-12)
            let record = try runDocument(of: cut.directory)
            let regression = try #require(record["regression"] as? [String: Any])
            let certificates = try #require(regression["certificates"] as? [String: [String: Int]])
            for (stage, counts) in certificates { #expect(counts["uncertified"] == 0, "\(stage)") }
            let places = (0..<OddCountry.rows * OddCountry.columns).count {
                shape.contains(row: $0 / OddCountry.columns, column: $0 % OddCountry.columns)
            }
            #expect(regression["locations"] as? Int == places)
            // Every neighbourhood that there is was found complete: no fewer, no more.
            let observations = try #require(regression["observations"] as? Int)
            #expect(certificates["bandwidth"]?["certified"] == observations)
            #expect(certificates["fit"]?["certified"] == places)
            #expect(certificates["diagnose"]?["certified"] == places)
        }

        @Test(.timeLimit(.minutes(2)))
        func `a search on tiles finds the bandwidth of a search of the table`() async throws {
            let tiled = try await run(
                try OddCountry(
                    .islands,
                    tileSizePixels: 16,
                    bandwidth: "{ type: adaptive, criterion: aicc }",
                    in: scratch
                )
            )
            let output = try await regressed(tiled.directory)
            let own = try TableReader.read("\(tiled.directory)/tables/bandwidth.csv")
            let other = try TableReader.read("\(output)/bandwidth.csv")
            let scores = Dictionary(
                uniqueKeysWithValues: zip(
                    try other.numbers("neighbours").compactMap(\.self),
                    try other.numbers("aicc").compactMap(\.self)
                )
            )
            let values = try own.numbers("aicc").compactMap(\.self)
            let counts = try own.numbers("neighbours").compactMap(\.self)
            for (count, value) in zip(counts, values) {
                // Candidates of the tiles that the table's search did not need are nobody's.
                guard let score = scores[count] else { continue }
                #expect(abs(value - score) <= 1e-12 * abs(score))
            }
            // Each round has its own attempts and times: nothing was tried twice.
            try expectNoRetries(tiled.directory)
            let best = zip(values, counts).min { $0.0 < $1.0 }
            #expect(best?.1 == scores.min { ($0.value, $0.key) < ($1.value, $1.key) }?.key)
        }

        @Test(.timeLimit(.minutes(1)))
        func `more neighbours than observations are refused with the reason, deficits stay`()
            async throws
        {
            let refused = try await run(
                try OddCountry(
                    .islands,
                    tileSizePixels: 16,
                    bandwidth: "{ type: adaptive, neighbours: 400 }",
                    in: scratch
                )
            )
            let reason = "a bandwidth of 400 neighbours exceeds the 266 observations"
            #expect(refused.errors.contains(reason))
            let model = try String(
                contentsOfFile: "\(refused.directory)/tables/model.json",
                encoding: .utf8
            )
            #expect(model.contains(reason))
            let report = try String(
                contentsOfFile: "\(refused.directory)/report.html",
                encoding: .utf8
            )
            #expect(report.contains(reason))
            let deficit = try mosaicBands("deficit", of: refused.directory)
            #expect(deficit["abs"]?.contains { $0.isFinite } == true)
            // An empty map would look like a result.
            let pictures = try FileManager.default.contentsOfDirectory(
                atPath: "\(refused.directory)/preview"
            )
            #expect(!pictures.contains { $0.hasPrefix("gwr_") })
        }

        @Test(.timeLimit(.minutes(1)))
        func `a capped neighbourhood ends at the cap, and each such cell says so`() async throws {
            let capped = try await run(
                try OddCountry(
                    .desert,
                    tileSizePixels: 16,
                    bandwidth: "{ type: adaptive, neighbours: 60 }",
                    regression: "  neighbourhood: { policy: cap, capMetres: 120000 }",
                    in: scratch
                )
            )
            let metres = try #require(
                try mosaicBands("neighbourhood", of: capped.directory)["bandwidth_m"]
            )
            let codes = try #require(try mosaicBands("status", of: capped.directory)["regression"])
            var cappedCount = 0
            for index in codes.indices {
                switch codes[index] {
                case 6:
                    cappedCount += 1
                    #expect(metres[index] == 120_000)
                case 0, 8: #expect(metres[index] <= 120_000)
                // Too few neighbours within the cap: no model, and no invented one.
                case 4: #expect(metres[index].isNaN || metres[index] <= 120_000)
                default: Issue.record("code \(codes[index])")
                }
            }
            #expect(cappedCount > 100)
        }

        /// A way to weigh neighbours, and the same of a table.
        struct Weighing: CustomTestStringConvertible, Sendable {
            let kernel: String
            let bandwidth: String
            /// How far weights reach, in bandwidths.
            var reach = 1.0
            /// Options of the table's regression; empty where it reaches farther than tiles do.
            var options: [String] = []

            var testDescription: String { "\(kernel) \(bandwidth)" }

            static let all = [
                Weighing(
                    kernel: "gaussian",
                    bandwidth: "{ type: adaptive, neighbours: 12 }",
                    reach: 4.291_932_052_579_1
                ),
                Weighing(
                    kernel: "tricube",
                    bandwidth: "{ type: fixed, metres: 95000 }",
                    options: ["--bandwidth", "fixed", "--value", "95000"]
                ),
                Weighing(
                    kernel: "exponential",
                    bandwidth: "{ type: fixed, metres: 21000 }",
                    reach: 9.210_340_371_976_2
                ),
                Weighing(
                    kernel: "epanechnikov",
                    bandwidth: "{ type: adaptive, neighbours: 45 }",
                    options: ["--value", "45"]
                ),
            ]
        }

        @Test(.timeLimit(.minutes(2)), arguments: Program.tried(Weighing.all, atLeast: 2))
        func
            `other kernels and fixed bandwidths are the same on any tiles, and count whom they weigh`(
                weighing: Weighing
            ) async throws
        {
            func country(_ tileSize: Int) throws -> OddCountry {
                try OddCountry(
                    .lake,
                    tileSizePixels: tileSize,
                    bandwidth: weighing.bandwidth,
                    regression: "  kernel: \(weighing.kernel)",
                    in: scratch
                )
            }
            let cut = try await run(try country(16))
            let whole = try await run(try country(64), workers: 1)
            #expect(
                try RunOutcome(directory: cut.directory) == RunOutcome(directory: whole.directory)
            )
            let neighbourhood = try mosaicBands("neighbourhood", of: cut.directory)
            let status = try #require(try mosaicBands("status", of: cut.directory)["regression"])
            let metres = try #require(neighbourhood["bandwidth_m"])
            let used = try #require(neighbourhood["neighbours_used"])
            let density = try #require(neighbourhood["density"])
            let places = (0..<OddCountry.rows * OddCountry.columns).filter {
                OddCountry.Shape.lake.contains(
                    row: $0 / OddCountry.columns,
                    column: $0 % OddCountry.columns
                )
            }
            var compared = 0
            for index in places where [0, 8].contains(status[index]) && index.isMultiple(of: 7) {
                // The band is single precision: a little more, less than the way to the next ring.
                let bandwidth = metres[index] * (1 + 1e-6)
                func count(within distance: Double) -> Int {
                    places.count { other in
                        let rows = other / OddCountry.columns - index / OddCountry.columns
                        let columns = other % OddCountry.columns - index % OddCountry.columns
                        return Double(rows * rows + columns * columns).squareRoot()
                            * OddCountry.cellSizeMetres < distance
                    }
                }
                #expect(used[index] == Double(count(within: bandwidth * weighing.reach)))
                let kilometres = metres[index] / 1000
                let wanted = Double(count(within: bandwidth)) / (.pi * kilometres * kilometres)
                #expect(abs(density[index] - wanted) < 1e-6 * wanted)
                compared += 1
            }
            #expect(compared > 100)
            guard !weighing.options.isEmpty else { return }
            let table = try await regressed(
                cut.directory,
                ["--kernel", weighing.kernel] + weighing.options
            )
            let largest = try largestDifference(
                ["fitted", "residual", "beta_one", "se_one", "beta_two", "se_two"],
                mosaicBands("gwr", of: cut.directory),
                TableReader.read(table + "/local.csv")
            )
            #expect(largest < 1e-11)
        }

        @Test(.timeLimit(.minutes(2)))
        func `buffered cross-validation on tiles is that of the table`() async throws {
            let tiled = try await run(
                try OddCountry(
                    .lake,
                    tileSizePixels: 16,
                    bandwidth: "{ type: adaptive, criterion: bcv, bufferMetres: 25000 }",
                    in: scratch
                )
            )
            let output = try await regressed(
                tiled.directory,
                ["--criterion", "bcv", "--buffer", "25000"]
            )
            let own = try TableReader.read("\(tiled.directory)/tables/bandwidth.csv")
            let other = try TableReader.read("\(output)/bandwidth.csv")
            let scores = Dictionary(
                uniqueKeysWithValues: zip(
                    try other.numbers("neighbours").compactMap(\.self),
                    try other.numbers("bcv")
                )
            )
            var compared = 0
            var best: (count: Double, score: Double)?
            for (count, value) in zip(
                try own.numbers("neighbours").compactMap(\.self),
                try own.numbers("bcv")
            ) {
                guard let value else { continue }
                if value < best?.score ?? .infinity { best = (count, value) }
                guard let score = scores[count] ?? nil else { continue }
                #expect(abs(value - score) <= 1e-11 * abs(score))
                compared += 1
            }
            #expect(compared > 20)
            let model = try runDocument("tables/model.json", of: tiled.directory)
            let cells = try #require(model["cell"] as? [String: Any])
            let chosen = try #require(cells["gwr"] as? [String: Any])
            #expect((chosen["bandwidth"] as? NSNumber)?.doubleValue == best?.count)
        }

        @Test(.timeLimit(.minutes(1)))
        func `an observation that a cap leaves without a model has no part in any sum`()
            async throws
        {
            let capped = try await run(
                try OddCountry(
                    .islands,
                    tileSizePixels: 16,
                    bandwidth: "{ type: adaptive, neighbours: 40 }",
                    regression: "  neighbourhood: { policy: cap, capMetres: 60000 }",
                    in: scratch
                )
            )
            let codes = try #require(try mosaicBands("status", of: capped.directory)["regression"])
            let model = try mosaicBands("gwr", of: capped.directory)
            let fitted = try #require(model["fitted"])
            let residuals = try #require(model["residual"])
            let places = codes.indices.filter { [0, 6, 8].contains(codes[$0]) }
            // The islet of one cell has nobody within the cap.
            #expect(codes[20 * OddCountry.columns + 24] == 4)
            let without = codes.count { $0 == 4 }
            let responses = places.map { fitted[$0] + residuals[$0] }
            let mean = responses.reduce(0, +) / Double(responses.count)
            let total = responses.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
            let rest = places.reduce(0) { $0 + residuals[$1] * residuals[$1] }
            let document = try runDocument("tables/model.json", of: capped.directory)
            let cells = try #require(document["cell"] as? [String: Any])
            let local = try #require(cells["gwr"] as? [String: Any])
            func number(_ key: String) throws -> Double {
                try #require((local[key] as? NSNumber)?.doubleValue, "no \(key)")
            }
            #expect(try number("n") == Double(places.count))
            #expect(places.count + without == 266)
            #expect(abs(try number("tss") - total) < 1e-9 * total)
            #expect(abs(try number("r2") - (1 - rest / total)) < 1e-9)
            // σ² comes from the choice of the bandwidth, RSS from the fit: of the same observations.
            let freedom = Double(places.count) - (try number("tr_s"))
            #expect(abs(try number("sigma2") - rest / freedom) < 1e-9 * rest / freedom)
            // Ordinary least squares is of all of them, and therefore no comparison.
            #expect(cells["comparison"] == nil || cells["comparison"] is NSNull)
            #expect(capped.errors.contains("observations have no local model"))
        }

        @Test(.timeLimit(.minutes(1)))
        func `cells whose neighbourhood reaches a lost tile are refused, the others are as ever`()
            async throws
        {
            let country = try OddCountry(
                .lake,
                tileSizePixels: 16,
                bandwidth: "{ type: adaptive, neighbours: 30 }",
                in: scratch
            )
            let whole = try await run(country)
            let directory = "\(scratch.path)/holed"
            // A corner of the country that cannot be computed, whoever tries.
            let holed = try await SectileProcess(
                ["run", country.path, "--output", directory, "--workers", "2"],
                environment: [
                    "SECTILE_FAULT": "exit:stage=balance,tile=r000c000",
                    "SECTILE_ALLOW_FAULTS": "1",
                ]
            ).finished()
            #expect(holed.exitCode == 3, "\(holed.errors)")
            let codes = try #require(try mosaicBands("status", of: directory)["regression"])
            let before = try #require(try mosaicBands("status", of: whole.directory)["regression"])
            let model = try mosaicBands("gwr", of: directory)
            let wanted = try mosaicBands("gwr", of: whole.directory)
            var counts: [Double: Int] = [:]
            for index in codes.indices where before[index] == 0 {
                counts[codes[index], default: 0] += 1
                guard codes[index] == 0 else { continue }
                for name in ["beta_one", "fitted"] {
                    let own = try #require(model[name]?[index])
                    let other = try #require(wanted[name]?[index])
                    // Neighbours are the same; predictors are centred and scaled by all that there are.
                    #expect(abs(own - other) <= 1e-9 * max(1, abs(other)), "\(name) at \(index)")
                }
            }
            #expect(counts[7] ?? 0 > 20)
            #expect(counts[0] ?? 0 > 500)
            // Beside the hole nobody knows who is missing.
            #expect(codes[16 * OddCountry.columns + 8] == 7)
            let table = "\(scratch.path)/holed.csv"
            let exported = try await SectileProcess.run(
                "export",
                directory,
                "--observations",
                table
            )
            #expect(exported.exitCode == 3)
            #expect(exported.errors.contains("r000c000"), "\(exported.errors)")
        }

        @Test(.timeLimit(.minutes(1)))
        func `a window of the observations is that part of all of them`() async throws {
            let country = try await run(
                try OddCountry(
                    .lake,
                    tileSizePixels: 16,
                    bandwidth: "{ type: adaptive, neighbours: 30 }",
                    in: scratch
                )
            )
            func export(_ arguments: String...) async throws -> (code: Int32, lines: [String]) {
                let path = "\(scratch.path)/\(UUID().uuidString).csv"
                let finished = try await SectileProcess(
                    ["export", country.directory, "--observations", path] + arguments
                ).finished()
                let text = try? String(contentsOfFile: path, encoding: .utf8)
                return (
                    finished.exitCode,
                    (text ?? "").split(separator: "\n").map(String.init)
                )
            }
            let all = try await export()
            let part = try await export("--window", "5,10,20,9")
            #expect(part.code == 0)
            let inside = all.lines.dropFirst().filter { line in
                let values = line.split(separator: ",").prefix(2).compactMap { Double($0) }
                let column = Int(values[0] / OddCountry.cellSizeMetres)
                let row = Int((OddCountry.originY - values[1]) / OddCountry.cellSizeMetres)
                return (5..<25).contains(column) && (10..<19).contains(row)
            }
            #expect(!inside.isEmpty && inside.count < all.lines.count - 1)
            #expect(part.lines == [all.lines[0]] + inside)
            for illegal in ["5,10,20", "5,10,99,9", "a,b,c,d", "5,10,0,9"] {
                #expect(try await export("--window", illegal).code == 2, "\(illegal)")
            }
        }
    }
}
