private import Foundation

/// What a coordinator answers.
package struct ControlReply: Hashable, Sendable, Codable {
    /// True when it was done.
    package var isAccepted: Bool
    /// What was done, or why not.
    package var message: String
    /// The workers, where they were asked for.
    package var workers: [WorkerReport]?

    /// The largest reply that is read, bytes: the most workers with their tiles.
    package static let byteLimit = 8 << 20

    /// An answer.
    package init(isAccepted: Bool, message: String, workers: [WorkerReport]? = nil) {
        self.isAccepted = isAccepted
        self.message = message
        self.workers = workers
    }

    /// The text that lies in a file.
    package var encoded: [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        encoder.nonConformingFloatEncodingStrategy = .convertToString(
            positiveInfinity: "inf",
            negativeInfinity: "-inf",
            nan: "nan"
        )
        // Texts, numbers and lists of them can always be written.
        return (try? encoder.encode(self)).map { Array($0) } ?? []
    }

    /// Reads an answer; nil when it is none.
    package init?(encoded: [UInt8]) {
        let decoder = JSONDecoder()
        decoder.nonConformingFloatDecodingStrategy = .convertFromString(
            positiveInfinity: "inf",
            negativeInfinity: "-inf",
            nan: "nan"
        )
        guard let reply = try? decoder.decode(ControlReply.self, from: Data(encoded)) else {
            return nil
        }
        self = reply
    }
}
