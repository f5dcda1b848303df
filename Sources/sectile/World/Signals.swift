// Dispatch does not mark its sources as Sendable; they are made, cancelled and used by one stream.
@unsafe @preconcurrency import Dispatch
import Foundation

/// SIGTERM, SIGINT and others as a stream of events.
///
/// The signals' default action is switched off for the life of the process; whoever starts the stream
/// has to act on it.
enum Signals {
    /// Numbers of the signals received, in order; at most 16 are kept waiting.
    ///
    /// - Parameter others: signals to hear of beside SIGTERM and SIGINT.
    /// - Returns: a stream that ends with its task.
    static func terminations(and others: [Int32] = []) -> AsyncStream<Int32> {
        AsyncStream(bufferingPolicy: .bufferingOldest(16)) { continuation in
            let sources = ([SIGTERM, SIGINT] + others).map { number in
                signal(number, SIG_IGN)
                let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
                source.setEventHandler { continuation.yield(number) }
                source.activate()
                return source
            }
            continuation.onTermination = { _ in
                for source in sources { source.cancel() }
            }
        }
    }
}
