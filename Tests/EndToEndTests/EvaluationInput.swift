import Foundation

/// The evaluation configuration with other tiles, in a file of its own.
struct EvaluationInput {
    /// The configuration file.
    let path: String

    /// Writes `config/<name>.yaml` with absolute input paths, another tile size and short leases.
    init(_ name: String = "china-grid01", tileSizePixels: Int, in scratch: ScratchDirectory) throws
    {
        let source = Program.repository.appendingPathComponent("config/\(name).yaml")
        var text = try String(contentsOf: source, encoding: .utf8)
        let data = Program.evaluationData?.path ?? ""
        text = text.replacingOccurrences(of: "../../shared/data/china", with: data)
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map { line in
            line.contains("tileSizePixels:") ? "  tileSizePixels: \(tileSizePixels)" : String(line)
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
