import Foundation
import RasterIO
import Testing

extension EndToEndCountries {
    @Suite(.enabled(if: Program.canEvaluate, "the evaluation data are absent"))
    struct TotalsTests {
        /// What a test reads of `run.json`.
        private struct RunDocument: Decodable {
            struct Layer: Decodable {
                let name: String
                let integral: Double
            }
            struct Closure: Decodable {
                struct Zones: Decodable {
                    let count: Int
                    let medianDifference: Double
                }
                let layer: String
                let difference: Double
                let zonesOver10000km2: Zones
            }
            struct National: Decodable {
                let statusCounts: [String: Int]
            }
            struct Run: Decodable {
                let state: String
            }
            struct Statements: Decodable {
                let sink: String?
            }
            let layers: [Layer]
            let closure: [Closure]
            let national: [National]
            let run: Run
            let statements: Statements

            init(directory: String) throws {
                let data = try Data(contentsOf: URL(fileURLWithPath: "\(directory)/run.json"))
                self = try JSONDecoder().decode(RunDocument.self, from: data)
            }
        }

        private static let caption = "NPP: gross of respiration and harvest, not a carbon sink"

        @Test(.timeLimit(.minutes(1)))
        func `national and city totals close on 10 km cells`() async throws {
            let run = try RunDocument(directory: try await SharedRuns.reference())
            #expect(run.run.state == "done")
            // Σ value × ellipsoidal cell area on the source grid, computed outside.
            for (name, expected) in [("emission", 9.480e9), ("sink", 8.576e9)] {
                let layer = try #require(run.layers.first { $0.name == name })
                #expect(abs(layer.integral / expected - 1) < 5e-4, "\(name): \(layer.integral)")
                let closure = try #require(run.closure.first { $0.layer == name })
                #expect(abs(closure.difference) < 5e-4)
                #expect(closure.zonesOver10000km2.count > 200)
                #expect(closure.zonesOver10000km2.medianDifference <= 0.01)
            }
        }

        @Test(.timeLimit(.minutes(1)))
        func `every output of a run with NPP says that it is no carbon sink`() async throws {
            let directory = try await SharedRuns.reference()
            #expect(try RunDocument(directory: directory).statements.sink == Self.caption)
            for name in [
                "report.html", "tables/cities.csv", "tables/cities.csv-metadata.json",
                "stac/deficit.json", "mosaic/deficit_rel.qml", "mosaic/deficit_abs.vrt",
            ] {
                let text = try String(contentsOfFile: "\(directory)/\(name)", encoding: .utf8)
                #expect(text.contains(Self.caption), "\(name)")
            }
            let cities = try String(
                contentsOfFile: "\(directory)/tables/cities.csv",
                encoding: .utf8
            )
            #expect(cities.split(separator: "\n")[0].contains(Self.caption))
            // The table's and the mosaics' metadata are text within their files.
            for name in ["tables/cities.gpkg", "mosaic/deficit.tif"] {
                let data = try Data(contentsOf: URL(fileURLWithPath: "\(directory)/\(name)"))
                #expect(data.range(of: Data(Self.caption.utf8)) != nil, "\(name)")
            }
        }

        @Test(.timeLimit(.minutes(1)))
        func `no output of a run with NPP speaks of surplus or neutrality`() async throws {
            let directory = try await SharedRuns.reference()
            for (name, text) in try texts(of: directory) {
                #expect(!text.contains("surplus"), "\(name)")
                #expect(!text.contains("neutral"), "\(name)")
            }
        }

        @Test(.timeLimit(.minutes(1)))
        func `with NEP sinks may be negative and the word surplus stands`() async throws {
            let directory = try await SharedRuns.reference("china-grid01-nep")
            let run = try RunDocument(directory: directory)
            #expect(run.national.first?.statusCounts["13"] ?? 0 > 0)
            #expect(run.statements.sink?.contains("NPP") != true)
            let cities = try String(
                contentsOfFile: "\(directory)/tables/cities.csv",
                encoding: .utf8
            )
            #expect(!cities.contains("NPP"))
            #expect(cities.contains(",surplus,"))
        }

        /// Text outputs in lower case, without the pictures that the report carries within.
        private func texts(of directory: String) throws -> [(name: String, text: String)] {
            let endings = ["html", "csv", "json", "qml", "vrt"]
            return try FileManager.default.subpathsOfDirectory(atPath: directory).sorted()
                .filter { name in endings.contains { name.hasSuffix($0) } }
                .map { name in
                    let text = try String(contentsOfFile: "\(directory)/\(name)", encoding: .utf8)
                    let parts = text.components(separatedBy: "base64,")
                    let visible =
                        parts.prefix(1)
                        + parts.dropFirst().map { part in
                            String(part.drop { $0 != "\"" })
                        }
                    return (name, visible.joined().lowercased())
                }
        }
    }
}
