import Coordination
import Foundation
import Telemetry
import Tiling

/// Shows how far a run is: one line that is rewritten on a terminal, plain lines elsewhere.
struct ProgressDisplay {
    /// The run.
    let coordinator: Coordinator

    private static let terminalInterval = Duration.milliseconds(250)
    private static let plainInterval = Duration.seconds(5)

    /// Shows progress until the task is cancelled.
    func run() async throws -> Never {
        let isTerminal = isatty(STDERR_FILENO) == 1
        var last = ""
        defer { if isTerminal, !last.isEmpty { write("\r\u{1B}[K") } }
        while true {
            try await Task.sleep(for: isTerminal ? Self.terminalInterval : Self.plainInterval)
            let line = Self.line(of: await coordinator.progress()).text
            guard isTerminal else {
                if line != last { write("\(Timestamps.now()) \(line)\n") }
                last = line
                continue
            }
            last = line
            write("\r\u{1B}[K\(line.prefix(max(20, Self.terminalColumns - 1)))")
        }
    }

    private static var terminalColumns: Int {
        var size = winsize()
        let status = unsafe ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size)
        return status == 0 && size.ws_col > 0 ? Int(size.ws_col) : 80
    }

    private func write(_ text: String) {
        StandardStreamSink.error.write(passing: text)
    }

    /// The line for a state of progress.
    static func line(of progress: RunProgress) -> ProgressLine {
        let current =
            progress.rounds.first { $0.committedCount + $0.quarantinedCount < $0.tileCount }
            ?? progress.rounds.last
        return ProgressLine(
            stage: current?.stage.rawValue ?? "",
            stageDone: current?.committedCount ?? 0,
            stageTotal: current?.tileCount ?? 0,
            done: progress.committedCount,
            total: progress.tileCount,
            tilesPerSecond: progress.tilesPerSecond ?? 0,
            workers: progress.workers.filter { $0.session != nil }.count,
            retried: progress.retriedCount,
            quarantined: progress.quarantinedCount,
            remainingSeconds: progress.remainingSeconds
        )
    }
}
