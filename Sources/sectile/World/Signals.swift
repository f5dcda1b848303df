// Dispatch does not mark its sources as Sendable; they are made, cancelled and used by one stream.
@unsafe @preconcurrency import Dispatch
import Foundation
import Telemetry

/// SIGTERM, SIGINT and others as a stream of events.
///
/// The signals' default action is switched off while somebody listens; whoever starts the stream has
/// to act on it.
enum Signals {
    private static let endings = [SIGTERM, SIGINT]

    /// Lets a process outlive whoever read its output: a run does not end with a terminal or a pager.
    static func ignoreBrokenPipes() { signal(SIGPIPE, SIG_IGN) }

    /// Numbers of the signals received, in order; at most 16 are kept waiting.
    ///
    /// - Parameters:
    ///   - others: signals to hear of beside SIGTERM and SIGINT; they stay ignored afterwards.
    ///   - endsAfterwards: true when SIGTERM and SIGINT shall end the process once nobody reads the
    ///     stream any more; else they stay ignored, for a process that is leaving anyway.
    /// - Returns: a stream that ends with its task.
    static func terminations(
        and others: [Int32] = [],
        endsAfterwards: Bool = false
    ) -> AsyncStream<Int32> {
        AsyncStream(bufferingPolicy: .bufferingOldest(16)) { continuation in
            let sources = (endings + others).map { number in
                signal(number, SIG_IGN)
                let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
                source.setEventHandler { continuation.yield(number) }
                source.activate()
                return source
            }
            continuation.onTermination = { _ in
                for source in sources { source.cancel() }
                if endsAfterwards { restoreEndings() }
            }
        }
    }

    /// Does work that may be cut short at any moment: SIGTERM and SIGINT end the process at once, with
    /// exit code 143 or 130.
    ///
    /// - Parameters:
    ///   - message: what standard error is told then.
    ///   - body: the work; nothing of it that is half done counts.
    /// - Returns: what the work returns.
    /// - Throws: what the work throws.
    static func endingProcess<Value>(
        saying message: String,
        _ body: () throws -> Value
    ) rethrows -> Value {
        // A handler of the system's own: while the sources of a stream that has ended are still being
        // dismantled, new ones would join them and hear nothing.
        let text = unsafe strdup("error: \(message)\n")
        unsafe farewell = text
        for number in endings {
            signal(number) { number in
                if let text = unsafe Signals.farewell { unsafe write(2, text, strlen(text)) }
                _exit(128 + number)
            }
        }
        defer {
            restoreEndings()
            unsafe farewell = nil
            unsafe free(text)
        }
        return try body()
    }

    /// What a handler of signals writes: it may not allocate.
    private nonisolated(unsafe) static var farewell: UnsafeMutablePointer<CChar>?

    private static func restoreEndings() {
        for number in endings { signal(number, SIG_DFL) }
    }
}
