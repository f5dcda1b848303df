import ArgumentParser
import Coordination
import Foundation
import Logging
import Messaging
import Publishing
import RasterIO
import RunStore
import Settings
import Telemetry
import Tiling

/// What `run` and `coordinator` have in common.
struct RunOptions: ParsableArguments {
    @Argument(help: "The configuration, a YAML file (config/example.yaml explains every key).")
    var config: String?
    @Option(help: "A run.json, instead of the configuration: what that run did is done again.")
    var from: String?
    @Option(
        name: .shortAndLong,
        help: "The run directory: created, or resumed when it holds the same plan."
    )
    var output: String
    @Flag(help: "Begin anew: a run in the directory, whatever its plan, becomes DIR.old-1, -2, …")
    var new = false
    @Flag(help: "Put quarantined tiles back.")
    var retry = false
    @Option(help: "Tile files that remain when the run is done: none, results or all.")
    var keepTiles: String?
    @Option(help: "Quarantined tiles beyond which the run stops as hopeless, with exit code 1.")
    var maxQuarantined: Int?
    @Option(help: "The journal, when the run directory is on a network file system.")
    var journal: String?
    @Option(
        help:
            "Least severe lines on the terminal: debug, info, notice, warning, error; SECTILE_LOG_LEVEL."
    )
    var logLevel: String?
    @Option(help: "Lines on the terminal: text, or json as in the log files; SECTILE_LOG_FORMAT.")
    var logFormat: String?

    /// The flags that replace keys of the configuration.
    var flags: [String: String] {
        var flags: [String: String] = [:]
        if let keepTiles { flags["output.keepTiles"] = keepTiles }
        if let maxQuarantined { flags["engine.maximumQuarantined"] = "\(maxQuarantined)" }
        return flags
    }

    /// The run directory, absolute.
    var directory: String {
        URL(fileURLWithPath: output).standardizedFileURL.path
    }

    /// What goes to the terminal.
    func terminal(default level: LogLevel) throws -> LogSettings {
        var flags: [ProcessKey: String] = [:]
        flags[.logLevel] = logLevel
        flags[.logFormat] = logFormat
        do {
            return try LogSettings.resolve(
                flags: flags,
                environment: ProcessInfo.processInfo.environment,
                defaultLevel: level
            )
        } catch { throw CommandError.usage("\(error)") }
    }

    /// Reads and resolves the configuration that was given, or that of an earlier run.
    func planned() throws -> PlannedRun {
        switch (config, from) {
        case (let config?, nil): return try Self.planned(config, flags: flags)
        case (nil, let from?):
            let text = try RunRecord.configuration(in: from)
            return try Self.planned(from, contents: text, flags: flags)
        default: throw CommandError.usage("give either a configuration, or --from run.json")
        }
    }

    /// Reads and resolves the configuration.
    ///
    /// - Parameters:
    ///   - config: the file.
    ///   - contents: its content, where that is not what the file holds.
    ///   - flags: values of command-line flags by key path; they replace what the file says.
    /// - Returns: the plan.
    /// - Throws: `CommandError` with exit code 2 and every problem.
    static func planned(
        _ config: String,
        contents: [UInt8]? = nil,
        flags: [String: String] = [:]
    ) throws -> PlannedRun {
        do {
            try GDALRuntime.start(cacheBytes: 256 << 20)
        } catch { throw CommandError.failed("\(error)") }
        let environment = ProcessInfo.processInfo.environment
        for unknown in SettingsEnvironment.unknown(in: environment) {
            let hint = unknown.meant.map { "; did you mean \($0)?" } ?? ""
            StandardStreamSink.error.write(
                line: "warning: \(unknown.name) is no variable of this program\(hint)"
            )
        }
        do {
            let place = FileManager.default.currentDirectoryPath
            let settings =
                if let contents {
                    try RunSettings.parse(
                        contents,
                        file: config,
                        directory: place,
                        environment: environment,
                        flags: flags
                    )
                } else {
                    try RunSettings.load(
                        path: config,
                        currentDirectory: place,
                        environment: environment,
                        flags: flags
                    )
                }
            return try RunPlanner(settings: settings, file: config).plan()
        } catch let error as SettingsError {
            throw CommandError.usage("\(error)")
        } catch let error as PlanError {
            // Settings taken from another document have no lines of their own.
            guard contents == nil, let file = FileManager.default.contents(atPath: config) else {
                throw CommandError.usage("\(error)")
            }
            let places = SettingsPlaces(Array(file), environment: environment, flags: flags)
            throw CommandError.usage(error.text(places))
        }
    }

    /// Runs a plan and publishes its results; ends the command with the contract's exit code.
    func execute(_ host: RunHost, replacing: Bool) async throws {
        if replacing { try DirectoryReplacement(directory: directory).perform() }
        do {
            try await host.run { end in try conclude(end, of: host) }
        } catch let error as MessagingError {
            throw CommandError.usage("\(error)")
        }
    }

    /// Publishes what came of a run, under the run's lock.
    private func conclude(_ end: RunHost.End, of host: RunHost) throws {
        switch end.outcome {
        case .done, .incomplete: break
        case .cancelled: throw CommandError.failed("the run was cancelled")
        case .failed(let reason): throw CommandError.failed("the run failed: \(reason)")
        case .interrupted:
            let code = end.signal == SIGTERM ? ExitCode.terminated : ExitCode.interrupted
            throw CommandError(
                exitCode: code,
                description: "interrupted; the same command goes on where this one stopped"
            )
        }
        let reader = try RunReading.reader(directory, journal: host.journalPath)
        guard try !reader.snapshot().removedStages.contains(.balance) else {
            StandardStreamSink.error.write(
                line: "the results stand as they were published; their tiles were removed "
                    + "(output.keepTiles)"
            )
            return
        }
        try Self.publish(directory: directory, reader: reader)
        let removed = try TileRemoval(
            directory: directory,
            journalPath: host.journalPath,
            keep: host.planned.settings.output.keepTiles
        ).perform()
        if removed.count > 0 {
            StandardStreamSink.error.write(
                line:
                    "\(removed.count) tile files, \(removed.bytes) bytes removed (output.keepTiles)"
            )
        }
    }

    /// Publishes and says where the results are.
    static func publish(directory: String, reader: JournalReader) throws {
        let outcome = try Signals.endingProcess(
            saying: "interrupted while publishing; the tiles are committed, and `sectile mosaic "
                + "\(directory)` or the same command publishes them"
        ) {
            StandardStreamSink.error.write(line: "\(Timestamps.now()) publishing")
            return try Publication(directory: directory, reader: reader).publish()
        }
        for warning in outcome.results.warnings {
            StandardStreamSink.error.write(line: "warning: \(warning)")
        }
        for path in outcome.results.all { print("\(directory)/\(path)") }
        guard outcome.missingTiles == 0 else {
            throw CommandError(
                exitCode: ExitCode.incomplete,
                description: "done but incomplete: \(outcome.missingTiles) tiles are missing, "
                    + "which every output says; `sectile status \(directory)` tells why"
            )
        }
    }
}

/// Makes room for a new run where another one is.
struct DirectoryReplacement {
    /// The run directory.
    let directory: String

    /// Moves the old run aside, so that nothing is lost by a slip.
    func perform() throws {
        let files = PosixFileSystem()
        guard try RunDirectory.open(at: directory, files: files) != nil else { return }
        var number = 1
        while FileManager.default.fileExists(atPath: "\(directory).old-\(number)") { number += 1 }
        let target = "\(directory).old-\(number)"
        try FileManager.default.moveItem(atPath: directory, toPath: target)
        StandardStreamSink.error.write(line: "the run that was there is now \(target)")
    }
}

extension RunStoreError {
    /// The exit code: usage for what the operator has to change, incompatible for what a newer version
    /// wrote, else failed.
    var exitCode: Int32 {
        switch code {
        case .otherPlan, .foreignFiles, .locked, .networkFileSystem, .permission, .noRun, .damaged,
            .olderSchema:
            ExitCode.usage
        case .newerSchema: ExitCode.incompatible
        default: ExitCode.failed
        }
    }
}
