import Messaging
package import RunStore
import Tiling
import WireProtocol

extension RunState {
    /// The workers as an operator wants to see them, by slot.
    ///
    /// - Parameters:
    ///   - now: the present moment.
    ///   - wallSeconds: the wall clock at that moment, seconds since 1970; for the skew of clocks only.
    /// - Returns: a report for each worker that is in session or holds leases.
    package func workerReports(at now: MonotonicInstant, wallSeconds: Double) -> [WorkerReport] {
        usedSlots.compactMap { slot in
            guard let worker = workers[slot] else { return nil }
            let running = worker.held.prefix(WorkerReport.runningLimit).map { key in
                let unit = leaseID(key).unit
                return "\(unit.stage.rawValue)/\(unit.tile)"
            }
            let silence = now.milliseconds(since: worker.heardAt)
            return WorkerReport(
                id: worker.id.text,
                host: worker.host,
                processID: worker.processID,
                key: worker.userID.map { Self.fingerprint(of: $0) } ?? "",
                slots: worker.slots,
                running: Array(running),
                leaseCount: worker.held.count,
                committedCount: worker.committedCount,
                failedCount: worker.failedCount,
                residentBytes: worker.residentBytes,
                silentSeconds: Double(max(0, silence)) / 1000,
                clockSkewSeconds: worker.beatAt.map { beatAt in
                    worker.wallClockSeconds + now.seconds(since: beatAt) - wallSeconds
                },
                state: state(of: worker, at: now)
            )
        }
    }

    private func state(of worker: WorkerRecord, at now: MonotonicInstant) -> WorkerReport.State {
        if worker.session == nil { return .away }
        if worker.isDraining { return .draining }
        if worker.isDistrusted { return .benched }
        return worker.benchedUntil.map { $0 > now } ?? false ? .benched : .active
    }

    private static func fingerprint(of userID: String) -> String {
        (try? CurvePublicKey(z85: userID))?.fingerprint ?? userID
    }
}
