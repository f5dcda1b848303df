import CPosix
import Execution
import Foundation
import Logging
import Synchronization
import Telemetry

/// Watches for the notice that this machine will be taken away: a file that appears, a cloud's
/// metadata service.
struct NoticeWatch: Sendable {
    /// The file; nil for none.
    let file: String?
    /// The service; nil for none.
    let service: NoticeService?
    /// Where the service is, instead of its own place.
    let address: MetadataAddress?
    /// Hears of a service that does not answer.
    let logger: Logger

    /// Time between two looks at the file.
    static let filePause = Duration.milliseconds(500)
    /// Time between two questions to the service.
    static let servicePause = Duration.seconds(2)
    /// How long an answer may take, milliseconds.
    static let patienceMilliseconds: Int32 = 2000
    /// Questions in a row without an answer after which somebody should look.
    static let unansweredLimit = 3

    /// Waits for a notice.
    ///
    /// - Returns: what it says, and how long there is, where it is known.
    /// - Throws: `CancellationError` when the task is cancelled.
    func notice() async throws -> (reason: String, grace: Duration?) {
        try await withThrowingTaskGroup(of: (String, Duration?).self) { group in
            if let file {
                group.addTask {
                    while !FileManager.default.fileExists(atPath: file) {
                        try await Task.sleep(for: Self.filePause)
                    }
                    return ("spot notice: \(file) appeared", nil)
                }
            }
            if let service {
                group.addTask { try await ask(service) }
            }
            // Without either there is nothing to wait for but the end of the task.
            group.addTask {
                while true { try await Task.sleep(for: .seconds(3600)) }
            }
            defer { group.cancelAll() }
            guard let first = try await group.next() else { throw CancellationError() }
            return first
        }
    }

    private func ask(_ service: NoticeService) async throws -> (String, Duration?) {
        var polling = NoticePolling(service: service)
        var unanswered = 0
        let place = address ?? service.address
        while true {
            let request = polling.request.text(to: place)
            switch polling.take(await Self.answer(to: request, at: place)) {
            case .notice(let text):
                return (
                    "spot notice: \(service): \(text)", service.leadSeconds.map { .seconds($0) }
                )
            case .askAgain:
                unanswered = 0
                continue
            case .none: unanswered = 0
            case .unanswered:
                unanswered += 1
                if unanswered == Self.unansweredLimit {
                    logger.warning(
                        "the metadata service does not answer",
                        metadata: [
                            LogKey.event: "worker.noticeServiceSilent", "detail": "\(place)",
                        ]
                    )
                }
            }
            try await Task.sleep(for: Self.servicePause)
        }
    }

    /// One question, on a thread of its own: it blocks.
    private static func answer(to request: String, at place: MetadataAddress) async -> HTTPAnswer? {
        await withCheckedContinuation { continuation in
            let thread = Thread {
                var answer = [UInt8](repeating: 0, count: HTTPAnswer.maximumBytes)
                let count = unsafe sectile_exchange(
                    place.host,
                    "\(place.port)",
                    request,
                    request.utf8.count,
                    &answer,
                    answer.count,
                    patienceMilliseconds
                )
                let bytes = count > 0 ? Array(answer.prefix(Int(count))) : []
                continuation.resume(returning: HTTPAnswer(bytes: bytes))
            }
            thread.name = "sectile-notice"
            thread.start()
        }
    }
}
