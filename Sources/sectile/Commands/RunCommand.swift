import ArgumentParser
import Foundation
import Logging
import Settings
import Telemetry
import Tiling

/// The command `sectile run`.
struct RunCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run",
        abstract: "Everything on this machine: a coordinator, local workers, then maps and tables.",
        discussion: """
            Starts a coordinator and N worker processes that talk over ZeroMQ with keys made for the \
            run, computes every tile, and publishes mosaics, tables, pictures and the report. On a \
            directory that holds the same plan it resumes: what is committed is not computed again. \
            Workers on other machines may join meanwhile with DIR/join.json when --listen lets them.
            """
    )

    @OptionGroup var options: RunOptions
    @Option(
        help: "Local worker processes; default: one per core that this process may use."
    )
    var workers: Int?
    @Option(help: "Where to listen; the default serves this machine only.")
    var listen = "tcp://127.0.0.1:0"

    func run() async throws {
        Signals.ignoreBrokenPipes()
        guard let endpoint = Endpoint(listen) else {
            throw CommandError.usage(
                "--listen: '\(listen)'; legal: \(Endpoint.legalForms.joined(separator: ", "))"
            )
        }
        let count =
            workers
            ?? SlotCount.automatic.count(
                environment: ProcessInfo.processInfo.environment
            )
        guard (1...1024).contains(count) else {
            throw CommandError.usage("--workers: \(count); legal: 1 to 1024")
        }
        let terminal = try options.terminal(default: .warning)
        let planned = try options.planned()
        for warning in planned.warnings {
            StandardStreamSink.error.write(line: "warning: \(warning)")
        }
        StandardStreamSink.error.write(
            line: "\(planned.plan.name): \(planned.layout.count) tiles, "
                + "\(planned.plan.stages.count) stages, \(count) workers"
        )
        try await options.execute(
            RunHost(
                planned: planned,
                directory: options.directory,
                listen: endpoint,
                advertise: endpoint.isWildcard ? [] : [endpoint.host],
                journalPath: options.journal,
                localWorkers: count,
                retriesQuarantined: options.retry,
                terminal: terminal
            ),
            replacing: options.new
        )
    }
}

/// The command `sectile coordinator`.
struct CoordinatorCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "coordinator",
        abstract: "The coordinator alone: waits for workers, then publishes.",
        discussion: """
            Writes DIR/join.json (mode 0600), the one file that a worker on another machine needs: \
            sectile worker --join join.json. SIGTERM and SIGINT leave a run that the same command \
            resumes; workers are told to keep computing and to come back.
            """
    )

    @OptionGroup var options: RunOptions
    @Option(
        help: """
            Where to listen: tcp://HOST:PORT; tcp://*:0 takes any free port; default: \
            SECTILE_COORDINATOR_LISTEN, else tcp://0.0.0.0:5555.
            """
    )
    var listen: String?
    @Option(help: "The host that workers are told in join.json; default: this machine's name.")
    var advertise: String?

    func run() async throws {
        Signals.ignoreBrokenPipes()
        var flags: [ProcessKey: String] = [:]
        flags[.listen] = listen
        flags[.advertise] = advertise
        flags[.journal] = options.journal
        let settings: CoordinatorSettings
        do {
            settings = try CoordinatorSettings.resolve(
                flags: flags,
                environment: ProcessInfo.processInfo.environment
            )
        } catch { throw CommandError.usage("\(error)") }
        let terminal = try options.terminal(default: .notice)
        let planned = try options.planned()
        for warning in planned.warnings {
            StandardStreamSink.error.write(line: "warning: \(warning)")
        }
        try await options.execute(
            RunHost(
                planned: planned,
                directory: options.directory,
                listen: settings.listen,
                advertise: settings.advertise.map { [$0] } ?? [],
                journalPath: settings.journal,
                localWorkers: 0,
                retriesQuarantined: options.retry,
                terminal: terminal
            ),
            replacing: options.new
        )
    }
}
