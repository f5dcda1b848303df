import ArgumentParser
import Foundation
import Telemetry
import Tiling

/// The command `sectile logs`.
struct LogsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "logs",
        abstract: "The lines of all logs in DIR/logs, in the order of their times.",
        discussion: """
            The coordinator logs there, and every worker that was given DIR/join.json and no --scratch; \
            others keep their logs themselves. --tile and --worker keep only what names them. --json prints \
            the lines as they stand, for jq. The events are explained in the documentation (Logs).
            """
    )

    @Argument(help: "The run directory.")
    var directory: String
    @Option(help: "Only lines about a tile, such as r003c012.")
    var tile: String?
    @Option(help: "Only lines about a worker: the front of its identity, or its host.")
    var worker: String?
    @Flag(help: "The lines as they stand, one JSON object each.")
    var json = false
    @Flag(help: "Go on with what is written from now on, until interrupted.")
    var follow = false

    private static let interval = Duration.milliseconds(500)

    func run() async throws {
        let filter = try LogFilter(tile: tile, worker: worker)
        let place = URL(fileURLWithPath: directory).standardizedFileURL.path + "/logs"
        guard FileManager.default.fileExists(atPath: place) else {
            throw CommandError.usage("\(place) does not exist; give a run directory")
        }
        var merge = LogMerge(directory: place)
        while true {
            merge.lookForFiles()
            while let line = merge.next() {
                guard filter.passes(line) else { continue }
                StandardStreamSink.output.write(line: json ? line.text : line.plain)
            }
            guard follow else { return }
            try await Task.sleep(for: Self.interval)
        }
    }
}

/// Which lines are wanted.
struct LogFilter {
    private let tile: TileID?
    private let worker: WorkerName?

    /// Lines about a tile, a worker, or both; of all where nothing is given.
    init(tile: String?, worker: String?) throws {
        self.tile = try tile.map { text in
            guard let id = TileID(text) else {
                throw CommandError.usage("'\(text)' is no tile; a tile reads like r003c012")
            }
            return id
        }
        self.worker = worker.map { WorkerName($0) }
    }

    /// True when a line is wanted.
    func passes(_ line: LogLine) -> Bool {
        if let tile, line.value(of: "tile.id") != "\(tile)" { return false }
        guard let worker else { return true }
        let host = String(line.value(of: "worker.host") ?? "")
        guard let id = line.value(of: "worker.id") else { return false }
        // Lines bear the first eight characters of an identity.
        return worker.matches(id: String(id), host: host)
            || id.count >= WorkerName.fewestCharacters && worker.text.lowercased().hasPrefix(id)
    }
}

/// The lines of several files in the order of their times.
struct LogMerge {
    private let directory: String
    private var files: [LogFile] = []

    /// The log files of a directory.
    init(directory: String) { self.directory = directory }

    /// Takes up files that were not there before, and drops those that are gone.
    mutating func lookForFiles() {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? []
        var paths: [LogFile.Identity: String] = [:]
        for name in names where name.hasSuffix(".jsonl") {
            let path = "\(directory)/\(name)"
            if let identity = LogFile.Identity(of: path) { paths[identity] = path }
        }
        // A name that changes while a directory is listed may be missing from the list.
        files.removeAll { paths[$0.identity] == nil && !$0.isThere }
        for index in files.indices {
            if let path = paths.removeValue(forKey: files[index].identity) {
                files[index].path = path
            }
        }
        for (identity, path) in paths.sorted(by: { $0.value < $1.value }) {
            files.append(LogFile(identity, path: path))
        }
    }

    /// The earliest line that is there.
    mutating func next() -> LogLine? {
        var earliest: (index: Int, line: LogLine)?
        for index in files.indices {
            guard let line = files[index].first() else { continue }
            if earliest.map({ line.time < $0.line.time }) ?? true { earliest = (index, line) }
        }
        guard let earliest else { return nil }
        files[earliest.index].removeFirst()
        return earliest.line
    }
}
