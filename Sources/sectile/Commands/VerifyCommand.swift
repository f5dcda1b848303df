import ArgumentParser
import Execution
import Foundation
import RasterIO
import Regression
import RunStore
import Settings
import Tiling

/// The command `sectile verify`.
struct VerifyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Compute random committed tiles again and compare them with the journal.",
        discussion: """
            Draws tiles of all stages that are committed, computes each from its inputs and compares the \
            digest of its samples and its partial sums with what the journal has. A difference is exit \
            code 1 and names both provenances: worker, host, versions, time. The same seed draws the \
            same tiles. Nothing in the run directory is changed; it works beside a running coordinator.
            """
    )

    @OptionGroup var place: RunPlace
    @Option(help: "How many tiles; a tile counts once for each stage it is drawn from.")
    var tiles = 8
    @Option(help: "The seed of the draw; default: another one each time, which is printed.")
    var seed: UInt64?
    @Option(help: "Tiles at a time, or auto (affinity, cgroup quota, SLURM_CPUS_PER_TASK).")
    var slots: String?

    /// More would be the run itself.
    private static let tileLimit = 1_000_000

    func run() async throws {
        guard (1...Self.tileLimit).contains(tiles) else {
            throw CommandError.usage("--tiles: \(tiles); legal: 1 to \(Self.tileLimit)")
        }
        let seed = seed ?? UInt64.random(in: 0...UInt64(UInt32.max))
        do { try GDALRuntime.start(cacheBytes: 256 << 20) } catch {
            throw CommandError.failed("\(error)")
        }
        let control = place.control
        let verification = RunVerification(
            opened: try control.opened(),
            reader: try RunReading.reader(control.directory, journal: place.journal)
        )
        let samples = try verification.samples(count: tiles, seed: seed)
        let specification = try verification.reader.plan().specification
        guard !samples.isEmpty else {
            throw CommandError.usage("\(control.directory) has no committed tiles yet")
        }
        let findings = try await verify(samples, specification, verification)
        try report(findings, seed: seed)
    }

    private func verify(
        _ samples: [RunVerification.Sample],
        _ specification: [UInt8],
        _ verification: RunVerification
    ) async throws -> [RunVerification.Finding] {
        let count = try slotCount()
        let scratch = FileManager.default.temporaryDirectory
            .appendingPathComponent("sectile-verify-\(UUID().uuidString.lowercased())").path
        try FileManager.default.createDirectory(
            atPath: "\(scratch)/tiles",
            withIntermediateDirectories: true
        )
        defer { try? FileManager.default.removeItem(atPath: scratch) }
        let clock = WorldClock()
        let computer = StageComputer(
            nonce: UInt32.random(in: .min ... .max),
            objects: ObjectsElsewhere(directory: verification.opened.path),
            memoryPerSlotBytes: 0,
            instructionSet: try InstructionSet.ofEnvironment(),
            seconds: { clock.seconds },
            residentBytes: { ProcessFacts.peakResidentBytes }
        )
        return await WorkCrew.map(samples.count, slots: count) { index in
            verification.verify(
                samples[index],
                specification: specification,
                on: computer,
                in: scratch
            )
        }
    }

    private func slotCount() throws -> Int {
        guard let slots else {
            return SlotCount.automatic.count(environment: ProcessInfo.processInfo.environment)
        }
        guard let count = SlotCount(slots) else {
            throw CommandError.usage(
                "--slots: '\(slots)'; legal: \(SlotCount.legalForms.joined(separator: ", "))"
            )
        }
        return count.count(environment: ProcessInfo.processInfo.environment)
    }

    private func report(_ findings: [RunVerification.Finding], seed: UInt64) throws {
        var same = 0
        var troubles: [String] = []
        for finding in findings {
            switch finding {
            case .same: same += 1
            case .different(let text): troubles.append("DIFFERENT  \(text)")
            case .failed(let text): troubles.append("FAILED     \(text)")
            }
        }
        for trouble in troubles { print(trouble) }
        print("\(same) of \(findings.count) tiles are as the journal says (--seed \(seed))")
        if !troubles.isEmpty { throw ArgumentParser.ExitCode(ExitCode.failed) }
    }
}
