import ArgumentParser
import Foundation
import RunStore
import Tiling

/// The command `sectile clean`.
struct CleanCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "clean",
        abstract: "Remove what is not committed or no longer needed.",
        discussion: """
            Removes tile files that no commit names, temporary files of killed processes, and what was \
            asked of coordinators that are gone. Committed tiles, results, keys, logs and the journal \
            stay. What workers that outlived their coordinator may still report stays, unless the run \
            is over. Not while a coordinator is at work: it sweeps by itself when it starts and ends.
            """
    )

    @OptionGroup var place: RunPlace
    @Flag(help: "Only say what would be removed.")
    var dryRun = false

    func run() throws {
        let control = place.control
        let report = try RunCleaning(
            opened: try control.opened(),
            journalPath: control.journalPath,
            isDryRun: dryRun
        ).perform()
        for path in report.paths { print(path) }
        let verb = dryRun ? "would be removed" : "removed"
        print("\(report.paths.count) files, \(report.bytes) bytes \(verb)")
    }
}
