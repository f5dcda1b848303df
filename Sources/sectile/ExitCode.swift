/// The exit codes of every command (scripts depend on them).
enum ExitCode {
    /// Done.
    static let done: Int32 = 0
    /// Failed.
    static let failed: Int32 = 1
    /// Usage or configuration.
    static let usage: Int32 = 2
    /// Done but incomplete: quarantined tiles, labelled in every output.
    static let incomplete: Int32 = 3
    /// Incompatible peer or refused key: do not restart.
    static let incompatible: Int32 = 4
    /// `status` only: no progress though there is work.
    static let stalled: Int32 = 5
    /// `status` only: the coordinator is dead.
    static let coordinatorDead: Int32 = 6
    /// Interrupted from the terminal; the run can be resumed.
    static let interrupted: Int32 = 130
    /// Terminated; the run can be resumed.
    static let terminated: Int32 = 143
}

/// An error that carries its exit code and is shown as one plain message.
struct CommandError: Error, CustomStringConvertible {
    /// The process' exit code.
    let exitCode: Int32
    /// What was found and what to do.
    let description: String

    /// A failure with exit code 1.
    static func failed(_ message: String) -> CommandError {
        CommandError(exitCode: ExitCode.failed, description: message)
    }

    /// A usage or configuration error with exit code 2.
    static func usage(_ message: String) -> CommandError {
        CommandError(exitCode: ExitCode.usage, description: message)
    }
}
