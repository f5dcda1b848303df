import ArgumentParser
import Foundation
import RunStore

/// The command `sectile merge`.
struct MergeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "merge",
        abstract: "Bring the shards of `sectile worker --shard` together in one run directory.",
        discussion: """
            Compares every tile of the shards with its digest, copies it, and commits it in the journal of \
            DIR, which is made when missing. Shards must be of the same plan. Merging again adds what is \
            new. Then `sectile run CONFIG --output DIR` goes on with the stages that need all tiles; what \
            no shard brought, it computes itself.
            """
    )

    @Argument(help: "The run directory: created, or completed when it holds the same plan.")
    var directory: String
    @Argument(help: "The directories of the shards.")
    var shards: [String]

    func run() throws {
        let merge = try ShardMerge(
            into: absolute(directory),
            shards: shards.map { absolute($0) },
            runID: UUID().uuidString.lowercased(),
            probeToken: UUID().uuidString.lowercased(),
            files: PosixFileSystem()
        )
        let report = try merge.perform(
            journal: RunReading.path(directory, journal: nil),
            holder: "process \(ProcessFacts.processID) on \(ProcessFacts.host): sectile merge",
            wallSeconds: Timestamps.secondsSince1970()
        )
        for text in report.refused { print("REFUSED  \(text)") }
        print(
            "\(report.adoptedCount) tiles adopted, \(report.knownCount) were there, "
                + "\(report.refused.count) refused"
        )
        if !report.refused.isEmpty { throw ArgumentParser.ExitCode(ExitCode.failed) }
    }

    private func absolute(_ path: String) -> String {
        URL(fileURLWithPath: path).standardizedFileURL.path
    }
}
