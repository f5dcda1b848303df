import Coordination
import Foundation
import Logging
import RunStore
import Telemetry
import Tiling
import WireProtocol

/// Carries out what operators ask of a running coordinator through `DIR/control`.
struct ControlService {
    /// The run.
    let coordinator: Coordinator
    /// Where requests lie.
    let control: ControlDirectory
    /// Takes a line for each request.
    let logger: Logger

    private static let interval = Duration.milliseconds(250)
    /// Looks after which an answer that nobody fetched is removed: a minute's.
    private static let patience = 240
    /// How long a decision may take to become durable before that is said, milliseconds.
    private static let durabilityMilliseconds = 5000

    /// Answers until the task is cancelled.
    func run() async throws -> Never {
        var answered: [(look: Int, id: String)] = []
        var look = 0
        while true {
            look += 1
            // A directory that cannot be listed now may be there again at the next look.
            for finding in (try? control.take()) ?? [] {
                if let id = await answer(finding) { answered.append((look, id)) }
            }
            while let first = answered.first, look - first.look > Self.patience {
                control.forget(first.id)
                answered.removeFirst()
            }
            try await Task.sleep(for: Self.interval)
        }
    }

    /// Carries a request out and answers it; the identity that was answered, if any.
    private func answer(_ finding: ControlDirectory.Finding) async -> String? {
        switch finding {
        case .refused(let id, let name, let reason):
            log("control.refused", .warning, "\(name): \(reason)")
            guard let id else { return nil }
            try? control.answer(id, ControlReply(isAccepted: false, message: reason))
            return id
        case .request(let id, let request):
            var reply = await carryOut(request)
            if reply.isAccepted, request != .workers {
                // A run that ends by the request cancels this task; it ends only once that is durable.
                let isDurable = try? await coordinator.decisionsAreDurable(
                    withinMilliseconds: Self.durabilityMilliseconds
                )
                if isDurable == false {
                    reply.message += "; the journal cannot be written at the moment"
                }
            }
            if request != .workers {
                log(
                    reply.isAccepted ? "control.accepted" : "control.refused",
                    reply.isAccepted ? .notice : .warning,
                    "\(request.verb): \(reply.message)"
                )
            }
            try? control.answer(id, reply)
            return id
        }
    }

    private func log(_ event: String, _ level: Logger.Level, _ detail: String) {
        logger.log(
            level: level,
            "\(event)",
            metadata: [LogKey.event: "\(event)", "detail": "\(detail)"]
        )
    }

    private func carryOut(_ request: ControlRequest) async -> ControlReply {
        let phase = await coordinator.progress().phase
        func accepted(_ message: String) -> ControlReply {
            ControlReply(isAccepted: true, message: message)
        }
        if phase.isOver, request != .workers, request != .cancel || phase != .cancelled {
            return ControlReply(isAccepted: false, message: "the run is over: \(phase.rawValue)")
        }
        switch request {
        case .pause:
            await coordinator.pause()
            return accepted(
                phase == .paused ? "was paused already" : "paused: what runs is finished"
            )
        case .resume:
            await coordinator.resume()
            return accepted(phase == .paused ? "resumed" : "was not paused")
        case .cancel:
            await coordinator.cancel()
            return accepted(phase == .cancelled ? "was cancelled already" : "cancelled")
        case .drain(let name): return await drain(name)
        case .retry(let tile): return await retry(tile)
        case .workers:
            return ControlReply(
                isAccepted: true,
                message: "",
                workers: await coordinator.workerReports()
            )
        }
    }

    private func drain(_ name: String) async -> ControlReply {
        let reports = await coordinator.workerReports()
        let meant = WorkerName(name).matches(among: reports)
        guard !meant.isEmpty else {
            return ControlReply(
                isAccepted: false,
                message: "no worker '\(name)' is in session; `sectile workers DIR` names them"
            )
        }
        for report in meant {
            if let id = WorkerID(report.id) { await coordinator.drain(id) }
        }
        let texts = meant.map { "\($0.id.prefix(8)) on \($0.host) (\($0.leaseCount) tiles)" }
        return ControlReply(
            isAccepted: true,
            message: "draining \(texts.prefix(8).joined(separator: ", "))"
                + (texts.count > 8 ? " and \(texts.count - 8) more" : "")
        )
    }

    private func retry(_ tile: TileID?) async -> ControlReply {
        let before = await coordinator.progress().quarantinedCount
        await coordinator.retry(tile)
        let count = before - (await coordinator.progress().quarantinedCount)
        guard count > 0 else {
            return ControlReply(
                isAccepted: false,
                message: (tile.map { "\($0)" } ?? "no tile") + " is not quarantined"
            )
        }
        return ControlReply(isAccepted: true, message: "\(count) quarantined tiles are put back")
    }
}

/// How an operator names workers: by the front of an identity, or by a host.
struct WorkerName {
    /// What was typed.
    let text: String

    /// The fewest characters of an identity.
    static let fewestCharacters = 4

    /// Takes what was typed.
    init(_ text: String) { self.text = text }

    /// The workers that are meant.
    func matches(among reports: [WorkerReport]) -> [WorkerReport] {
        reports.filter { matches(id: $0.id, host: $0.host) }
    }

    /// True when a worker is meant.
    func matches(id: String, host: String) -> Bool {
        host == text
            || (text.utf8.count >= Self.fewestCharacters && id.hasPrefix(text.lowercased()))
    }
}
