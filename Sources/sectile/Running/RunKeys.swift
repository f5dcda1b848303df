import Foundation
import Messaging

/// The keys of a run: the server's, one for the join file, one for each local worker; and who else
/// is allowed.
struct RunKeys: Sendable {
    /// The coordinator's pair; it stays the same when the run is resumed, so that workers find it.
    let server: CurveKeyPair
    /// The pair that `join.json` brings.
    let sharedWorker: CurveKeyPair
    /// The key files of the local workers.
    let localWorkerPaths: [String]
    /// Everyone who is admitted.
    let allowList: AllowList
    private let allowListPath: String

    /// Reads the keys of a run directory, or makes them.
    ///
    /// - Throws: `CommandError` naming a key file that is exposed or damaged.
    init(directory: String, localWorkers: Int) throws {
        do {
            server = try Self.pair("\(directory)/coordinator.key")
            sharedWorker = try Self.pair("\(directory)/worker.key")
            localWorkerPaths = (0..<localWorkers).map { "\(directory)/local-\($0 + 1).key" }
            allowListPath = "\(directory)/allow-list"
            let isNew = !FileManager.default.fileExists(atPath: allowListPath)
            var list = isNew ? AllowList() : try AllowList(contentsOfFile: allowListPath)
            let before = list
            if isNew {
                // Only once: an operator who revokes the shared key means it.
                list.insert(
                    try AllowList.Entry(publicKey: sharedWorker.publicKey, label: "join.json")
                )
            }
            for (index, path) in localWorkerPaths.enumerated() {
                let key = try Self.pair(path).publicKey
                list.insert(try AllowList.Entry(publicKey: key, label: "local-\(index + 1)"))
            }
            if isNew || list != before { try list.write(toFile: allowListPath) }
            allowList = list
        } catch {
            throw CommandError.usage("\(error)")
        }
    }

    private static func pair(_ path: String) throws(MessagingError) -> CurveKeyPair {
        if FileManager.default.fileExists(atPath: path) {
            return try CurveKeyPair(contentsOfFile: path)
        }
        let pair = try CurveKeyPair.generate()
        try pair.write(toNewFile: path)
        return pair
    }

    /// Puts changes of the allow-list file in force, until the task is cancelled.
    func watch(_ authenticator: Authenticator) async throws -> Never {
        while true {
            try await Task.sleep(for: .seconds(1))
            // A file that is being edited may be wrong for a moment: the list in force stays.
            guard let list = try? AllowList(contentsOfFile: allowListPath),
                list != authenticator.allowList
            else { continue }
            authenticator.replace(with: list)
        }
    }
}
