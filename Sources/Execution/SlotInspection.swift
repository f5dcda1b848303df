internal import Glibc

/// Asks a process of its own whether a run's inputs can be read here.
///
/// Drivers that crash or hang on an input must not take the worker with them.
package struct SlotInspection: Sendable {
    private let executable: String
    private let arguments: [String]
    private let now: @Sendable () -> Duration

    /// How long the inputs may take to open.
    package static let patience = Duration.seconds(120)

    /// An inspection by the program of a slot.
    package init(
        executable: String,
        arguments: [String],
        now: @escaping @Sendable () -> Duration
    ) {
        self.executable = executable
        self.arguments = arguments
        self.now = now
    }

    /// Why units of a specification cannot be computed here; nil when they can.
    ///
    /// Blocks.
    package func problem(of specification: [UInt8]) -> String? {
        do throws(SlotFrameError) {
            let process = try SlotProcess(
                executable: executable,
                arguments: arguments,
                groupLimitBytes: nil
            )
            let deadline = now() + Self.patience
            while now() < deadline {
                var descriptor = pollfd(fd: process.socket, events: Int16(POLLIN), revents: 0)
                _ = unsafe poll(&descriptor, 1, 100)
                process.listen()
                process.flush()
                let isOpen = process.receive()
                while let report = try process.nextReport() {
                    switch report {
                    case .ready:
                        process.send(SlotCodec.encode(.inspect(specification: specification)))
                    case .inspected(let problem): return problem
                    default: return "the inputs were not looked at: an unexpected report"
                    }
                }
                if !isOpen, let end = process.end(waits: true) {
                    return
                        "the inputs cannot be looked at: the process \(end.sentenceWithLastWords)"
                }
            }
            return "the inputs could not be opened within \(Self.patience)"
        } catch {
            return "the inputs cannot be looked at: \(error)"
        }
    }
}
