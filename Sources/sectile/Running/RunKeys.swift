import Coordination
import Foundation
import Logging
import Messaging
import Telemetry

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
            allowList = try Self.completed(
                allowListPath,
                shared: sharedWorker.publicKey,
                local: try localWorkerPaths.map { try Self.pair($0).publicKey }
            )
        } catch let error as CommandError {
            throw error
        } catch {
            throw CommandError.usage("\(error)")
        }
    }

    /// The allow-list with the run's own keys, in the file, too.
    private static func completed(
        _ path: String,
        shared: CurvePublicKey,
        local: [CurvePublicKey]
    ) throws -> AllowList {
        try FileLock.holding(path) {
            let isNew = !FileManager.default.fileExists(atPath: path)
            var list = isNew ? AllowList() : try AllowList(contentsOfFile: path)
            let before = list
            if isNew {
                // Only once: an operator who revokes the shared key means it.
                list.insert(try AllowList.Entry(publicKey: shared, label: "join.json"))
            }
            for (index, key) in local.enumerated() {
                list.insert(try AllowList.Entry(publicKey: key, label: "local-\(index + 1)"))
            }
            if isNew || list != before { try list.write(toFile: path) }
            return list
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
    ///
    /// A file that is not there or cannot be read admits nobody new: the list in force stays, and the
    /// operator hears of it once for each change.
    func watch(
        _ authenticator: Authenticator,
        of coordinator: Coordinator,
        logger: Logger
    ) async throws -> Never {
        var seen: String?
        var told: String?
        while true {
            try await Task.sleep(for: .seconds(1))
            do throws(MessagingError) {
                let list = try AllowList(contentsOfFile: allowListPath)
                seen = nil
                told = nil
                guard list != authenticator.allowList else { continue }
                let revoked = authenticator.replace(with: list)
                if !revoked.isEmpty { await coordinator.endSessions(of: revoked) }
                logger.notice(
                    "the allow-list was changed",
                    metadata: [
                        LogKey.event: "keys.changed",
                        "detail": "\(list.entries.count) keys, \(revoked.count) revoked",
                    ]
                )
            } catch {
                let complaint = error.description
                // A file that is written in place may be wrong for a moment: what stays is told, once.
                if complaint == seen, complaint != told {
                    told = complaint
                    logger.warning(
                        "the allow-list cannot be read",
                        metadata: [
                            LogKey.event: "keys.unreadable",
                            "detail": "\(complaint); the list that was read before stays in force",
                        ]
                    )
                }
                seen = complaint
            }
        }
    }
}
