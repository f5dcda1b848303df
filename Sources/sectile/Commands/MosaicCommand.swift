import ArgumentParser
import Coordination
import Foundation
import RasterIO
import RunStore
import Tiling

/// The command `sectile mosaic`.
struct MosaicCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "mosaic",
        abstract: "Build mosaics, tables, pictures and report again from the committed tiles.",
        discussion:
            "Tiles that are missing stay without value, and every output says so (exit code 3)."
    )

    @Argument(help: "The run directory.")
    var directory: String
    @Option(help: "The journal, when it is not in the run directory.")
    var journal: String?

    func run() throws {
        do { try GDALRuntime.start(cacheBytes: 256 << 20) } catch {
            throw CommandError.failed("\(error)")
        }
        let path = URL(fileURLWithPath: directory).standardizedFileURL.path
        let reader = try RunReading.reader(path, journal: journal)
        guard try !reader.snapshot().removedStages.contains(.balance) else {
            throw CommandError.usage(
                "\(path): its tiles were removed when it was done (output.keepTiles: none); what was "
                    + "published stands"
            )
        }
        try RunOptions.publish(directory: path, reader: reader)
    }
}

/// The command `sectile explain`.
struct ExplainCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "explain",
        abstract: "Every attempt at a tile: who, when, how long, why it ended."
    )

    @Argument(help: "The run directory.")
    var directory: String
    @Argument(help: "The tile, such as r003c012.")
    var tile: String
    @Option(help: "The journal, when it is not in the run directory.")
    var journal: String?

    func run() throws {
        guard let id = TileID(tile) else {
            throw CommandError.usage("'\(tile)' is no tile; a tile reads like r003c012")
        }
        let reader = try RunReading.reader(directory, journal: journal)
        let story = try RunStory(of: id, from: reader)
        guard !story.lines.isEmpty else {
            throw CommandError.usage("nothing happened to \(id) yet, or the run has no such tile")
        }
        for line in story.lines {
            let time = Timestamps.text(of: Date(timeIntervalSince1970: line.wallSeconds))
            print("\(time)  \(line.unit.map { "\($0)" } ?? "-")  \(line.text)")
        }
    }
}
