import Coordination
import Dispatch
import Logging
import RunStore
import Telemetry

/// Writes a run's numbers to `DIR/logs/metrics.prom`, for the textfile collector of Prometheus' node_exporter.
struct MetricsFile {
    /// The run.
    let coordinator: Coordinator
    /// Counts what passes the run's log.
    let facts: FactCounter
    /// The file.
    let path: String
    /// Takes a line when the file cannot be written.
    let logger: Logger

    private static let interval = Duration.seconds(10)

    /// Writes until the task is cancelled.
    func run() async throws -> Never {
        var hasComplained = false
        while true {
            let failure = await write(workers: await coordinator.workerReports())
            if let failure, !hasComplained {
                hasComplained = true
                logger.warning(
                    "the metrics cannot be written",
                    metadata: [LogKey.event: "metrics.writeFailed", "detail": "\(failure)"]
                )
            }
            try await Task.sleep(for: Self.interval)
        }
    }

    /// Writes how the run ended; nobody works for it any more.
    func finish() async { _ = await write(workers: []) }

    /// Replaces the file; what kept it from being written, or nil.
    private func write(workers: [WorkerReport]) async -> String? {
        let metrics = RunMetrics(
            progress: await coordinator.progress(),
            workers: workers,
            facts: facts.counts,
            commits: await coordinator.journalCommits
        )
        let bytes = Array(metrics.text.utf8)
        return await withCheckedContinuation { continuation in
            DispatchQueue.global().async { [path] in
                do throws(RunStoreError) {
                    try PosixFileSystem().write(bytes, to: path, permissions: 0o644)
                    continuation.resume(returning: nil)
                } catch {
                    continuation.resume(returning: error.description)
                }
            }
        }
    }
}
