import ArgumentParser
import Foundation
import RunStore
import Tiling

/// What the commands to a run have in common.
struct RunPlace: ParsableArguments {
    @Argument(help: "The run directory.")
    var directory: String
    @Option(help: "The journal, when it is not in the run directory.")
    var journal: String?

    /// The run.
    var control: RunControl { RunControl(directory, journal: journal) }
}

/// The command `sectile pause`.
struct PauseCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pause",
        abstract: "Begin no new tiles; what runs is finished.",
        discussion: """
            From any machine that sees the run directory. With no coordinator at work it is kept in the \
            journal for the next one. `sectile resume DIR` goes on.
            """
    )

    @OptionGroup var place: RunPlace

    func run() async throws { print(try await place.control.perform(.pause)) }
}

/// The command `sectile resume`.
struct ResumeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "resume",
        abstract: "Go on after a pause.",
        discussion: """
            This ends a pause, and takes a cancellation back: the command that started the run then goes \
            on from what is committed. A run whose coordinator died needs no more than that command.
            """
    )

    @OptionGroup var place: RunPlace

    func run() async throws { print(try await place.control.perform(.resume)) }
}

/// The command `sectile cancel`.
struct CancelCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cancel",
        abstract: "End a run: leases are taken back, workers leave, committed tiles stay.",
        discussion: """
            Twice is as good as once. The coordinator ends with exit code 1, and does not begin the run \
            again (exit code 2) unless `sectile resume`, --retry or --new says so.
            """
    )

    @OptionGroup var place: RunPlace

    func run() async throws { print(try await place.control.perform(.cancel)) }
}

/// The command `sectile drain`.
struct DrainCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "drain",
        abstract: "Let a worker finish what it has and leave.",
        discussion: """
            WORKER is the front of its identity (four characters or more, `sectile workers DIR` shows \
            them), or a host name: then every worker there is meant. The worker ends with exit code 0; \
            a local worker of `sectile run` is not replaced then.
            """
    )

    @Argument(help: "The run directory.")
    var directory: String
    @Argument(help: "The front of a worker's identity, or a host name.")
    var worker: String

    func run() async throws {
        guard (1...ControlRequest.nameLimit).contains(worker.utf8.count) else {
            throw CommandError.usage(
                "the worker's name has \(worker.utf8.count) bytes; legal: 1 to "
                    + "\(ControlRequest.nameLimit)"
            )
        }
        print(try await RunControl(directory, journal: nil).perform(.drain(worker: worker)))
    }
}

/// The command `sectile retry`.
struct RetryCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "retry",
        abstract: "Put quarantined tiles back.",
        discussion: """
            What was held against them is forgotten. Where later stages were computed without a tile, \
            they are computed again. With no coordinator at work it is kept in the journal: the command \
            that started the run then computes them.
            """
    )

    @OptionGroup var place: RunPlace
    @Option(help: "One tile, such as r003c012; default: all that are quarantined.")
    var tile: String?

    func run() async throws {
        let id = try tile.map { text in
            guard let id = TileID(text) else {
                throw CommandError.usage("'\(text)' is no tile; a tile reads like r003c012")
            }
            return id
        }
        print(try await place.control.perform(.retry(id)))
    }
}
