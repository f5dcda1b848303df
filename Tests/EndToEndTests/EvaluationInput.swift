import Foundation

/// The evaluation configuration with other tiles, in a file of its own.
struct EvaluationInput {
    /// Values for a window of 60 × 52 cells with every cell an observation, around Beijing, where emission and
    /// covariates are as rough as anywhere.
    static let window = [
        "name": "north", "originX": "200000", "originY": "4600000", "columns": "60",
        "rows": "52", "observations": "{ spacingMetres: none }",
        "bandwidth":
            "{ type: adaptive, criterion: aicc, minimum: 60, maximum: 300, bufferMetres: 20000 }",
    ]

    /// The same cells with observations 30 km apart, by buffered cross-validation.
    static let latticeWindow = window.merging([
        "observations": "{ spacingMetres: 30000 }",
        "bandwidth":
            "{ type: adaptive, criterion: bcv, minimum: 40, maximum: 200, bufferMetres: 40000 }",
    ]) { $1 }

    /// The configuration file.
    let path: String

    /// Writes `config/<name>.yaml` with absolute input paths, another tile size and short leases.
    ///
    /// `replacing` gives lines other values, by their keys: the text behind the key and its colon.
    init(
        _ name: String = "china-grid01",
        tileSizePixels: Int,
        replacing values: [String: String] = [:],
        in scratch: ScratchDirectory
    ) throws {
        let source = Program.repository.appendingPathComponent("config/\(name).yaml")
        var text = try String(contentsOf: source, encoding: .utf8)
        let data = Program.evaluationData?.path ?? ""
        text = text.replacingOccurrences(of: "../../shared/data/china", with: data)
        var values = values
        values["tileSizePixels"] = "\(tileSizePixels)"
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map { line in
            let key = line.prefix { $0 != ":" }
            let name = key.trimmingCharacters(in: .whitespaces)
            return values[name].map { "\(key): \($0)" } ?? String(line)
        }
        // A dead worker's tiles come back after a lease: no result depends on how long that takes.
        let engine = """
            engine:
              lease:
                heartbeatSeconds: 0.5
                durationSeconds: 2

            """
        path = "\(scratch.path)/\(name)-\(tileSizePixels).yaml"
        try (lines.joined(separator: "\n") + engine).write(
            toFile: path,
            atomically: true,
            encoding: .utf8
        )
    }
}
