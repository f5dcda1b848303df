import Foundation
import Tiling

/// A line of a log.
struct LogLine: Decodable {
    let event: String
    let detail: String?
    let stage: String?
    let tile: String?
    let attempt: String?
    let worker: String?
    let host: String?
    let session: String?
    let epoch: String?
    let errorClass: String?
    let peakMebibytes: String?

    private enum CodingKeys: String, CodingKey {
        case event, detail, stage, epoch
        case tile = "tile.id"
        case attempt = "tile.attempt"
        case worker = "worker.id"
        case host = "worker.host"
        case session = "session.id"
        case errorClass = "error.class"
        case peakMebibytes = "memory.peakMiB"
    }

    /// True for a line about a tile, and about one attempt at it where one is named.
    func concerns(_ stage: Stage, _ tile: TileID, attempt: Int? = nil) -> Bool {
        self.stage == stage.rawValue && self.tile == "\(tile)"
            && (attempt.map { self.attempt == "\($0)" } ?? true)
    }

    /// The whole lines of a log.
    static func lines(of path: String) throws -> [LogLine] {
        let text = try String(contentsOfFile: path, encoding: .utf8)
        // A line that is being written is not read.
        return text.split(separator: "\n").compactMap {
            try? JSONDecoder().decode(LogLine.self, from: Data($0.utf8))
        }
    }

    /// The lines of the coordinator of a run directory.
    static func coordinator(of directory: String) throws -> [LogLine] {
        try lines(of: "\(directory)/logs/coordinator.jsonl")
    }

    /// The lines of all workers of a run directory.
    static func workers(of directory: String) throws -> [LogLine] {
        let logs = "\(directory)/logs"
        return try FileManager.default.contentsOfDirectory(atPath: logs)
            .filter { $0.hasPrefix("worker-") }
            .flatMap { try lines(of: "\(logs)/\($0)") }
    }
}
