import Analysis
import ContentDigest
import Foundation
import Publishing
import Settings

/// What the planner found out that no stage needs but every output shows; kept in the run directory,
/// so that results can be published again at any time.
struct PlanRecord: Codable {
    /// What is known of a layer.
    struct Layer: Codable {
        var name: String
        var interpretation: String
        var paths: [String]
        var digests: [ContentDigest]
    }

    /// The effective configuration, JSON text.
    var configuration: String
    /// The layers in the model's order.
    var layers: [Layer]
    /// The zones' file and the identity of its resolved geometry.
    var zonesPath: String?
    var zonesDigest: ContentDigest?
    /// Warnings of the plan.
    var warnings: [String]

    /// Where it lies within the run directory.
    static let relativePath = "inputs/plan.json"

    /// The record of a plan.
    init(_ planned: PlannedRun) throws {
        configuration = String(decoding: try planned.settings.encoded(), as: UTF8.self)
        layers = zip(planned.model.layers, planned.interpretations).map { layer, text in
            Layer(
                name: layer.name,
                interpretation: text,
                paths: layer.paths,
                digests: layer.fingerprints
            )
        }
        zonesPath = planned.settings.zones?.path.resolved
        zonesDigest = planned.zones?.digest
        warnings = planned.warnings
    }

    /// Reads the record of a run.
    init(directory: String) throws {
        let url = URL(fileURLWithPath: "\(directory)/\(Self.relativePath)")
        self = try JSONDecoder().decode(PlanRecord.self, from: try Data(contentsOf: url))
    }

    /// Writes the record into a run directory.
    func write(into directory: String) throws {
        let url = URL(fileURLWithPath: "\(directory)/\(Self.relativePath)")
        try FileManager.default.createDirectory(
            at: url.deletingLastPathComponent(),
            withIntermediateDirectories: true
        )
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        try encoder.encode(self).write(to: url, options: .atomic)
    }

    /// The input files as publishing lists them.
    var inputs: [PublishingInput.InputFile] {
        var files = layers.flatMap { layer in
            zip(layer.paths, layer.digests).map { path, digest in
                PublishingInput.InputFile(
                    use: "layer \(layer.name)",
                    path: path,
                    bytes: Self.size(of: path),
                    digest: digest
                )
            }
        }
        if let zonesPath, let zonesDigest {
            files.append(
                PublishingInput.InputFile(
                    use: "zones (as resolved)",
                    path: zonesPath,
                    bytes: Self.size(of: zonesPath),
                    digest: zonesDigest
                )
            )
        }
        return files
    }

    private static func size(of path: String) -> Int? {
        let attributes = try? FileManager.default.attributesOfItem(atPath: path)
        return (attributes?[.size] as? NSNumber)?.intValue
    }
}
