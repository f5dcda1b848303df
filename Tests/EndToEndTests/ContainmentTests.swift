import Foundation
import RunStore
import Testing
import Tiling

extension EndToEnd {
    /// What a slot does ends its process and nothing else.
    struct ContainmentTests {
        private let scratch: ScratchDirectory
        private static let place = "stage=balance,tile=\(FaultyInput.tile)"

        init() throws { scratch = try ScratchDirectory() }

        @Test(.timeLimit(.minutes(1)))
        func `a tile that crashes every slot is quarantined and the rest completes`() async throws {
            let input = try FaultyInput(in: scratch)
            let finished = try await input.run(fault: "crash:\(Self.place)")
            #expect(finished.exitCode == 3, "\(finished.errors)")
            #expect(input.commitCount == FaultyInput.unitCount - 1)
            #expect(try input.outcomes(of: .balance) == ["failed crash", "failed crash"])
            let attempts = try CommittedTiles(directory: input.directory)
                .attempts(of: FaultyInput.tile).filter { $0.outcome == .failed }
            #expect(Set(attempts.map(\.worker)).count == 2, "on different workers")
            let story = try await SectileProcess.run(
                "explain",
                input.directory,
                "\(FaultyInput.tile)"
            )
            #expect(story.output.contains("SIGSEGV"), "\(story.output)")
            #expect(story.output.contains("an injected crash"), "\(story.output)")
            // The workers themselves lived on.
            #expect(input.lines("coordinator", event: "worker.exited").isEmpty)
            #expect(input.lines("worker", event: "slot.ended").count == 2)
        }

        @Test(.timeLimit(.minutes(1)))
        func `a slot that hangs is killed at the wall limit and the tile tried again`() async throws
        {
            let input = try FaultyInput(in: scratch, wallLimitSeconds: 1)
            let finished = try await input.run(fault: "hang:\(Self.place),attempts=1")
            #expect(finished.exitCode == 0, "\(finished.errors)")
            #expect(try input.outcomes(of: .balance) == ["failed timeout", "committed"])
            #expect(input.commitCount == FaultyInput.unitCount)
            #expect(input.lines("coordinator", event: "worker.exited").isEmpty)
            let failed = input.lines("worker", event: "tile.failed")
            #expect(failed.count == 1 && failed[0].contains("\"error.class\":\"timeout\""))
            try await input.checkWhole()
        }

        @Test(.timeLimit(.minutes(1)), arguments: [1, 9])
        func `a slot beyond its memory is killed and its peak told`(attempts: Int) async throws {
            let input = try FaultyInput(in: scratch)
            let finished = try await input.run(
                fault: "memory:\(Self.place),attempts=\(attempts)",
                memory: "128MiB"
            )
            #expect(finished.exitCode == (attempts == 1 ? 0 : 3), "\(finished.errors)")
            #expect(
                try input.outcomes(of: .balance) == [
                    "failed outOfMemory", attempts == 1 ? "committed" : "failed outOfMemory",
                ]
            )
            let story = try await SectileProcess.run(
                "explain",
                input.directory,
                "\(FaultyInput.tile)"
            )
            #expect(story.output.contains("MiB that a slot may have (--memory)"), "\(story.output)")
            #expect(story.output.contains("peak RSS"), "\(story.output)")
            for (event, log) in [
                ("tile.failed", try LogLine.workers(of: input.directory)),
                ("attempt.failed", try LogLine.coordinator(of: input.directory)),
            ] {
                let failed = log.filter { $0.event == event }
                #expect(failed.count == min(attempts, 2), "\(event)")
                for line in failed {
                    #expect(line.errorClass == "outOfMemory", "\(event)")
                    #expect(line.peakMebibytes.flatMap { Int($0) } ?? 0 > 0, "\(event)")
                }
            }
            #expect(input.lines("coordinator", event: "worker.exited").isEmpty)
            if attempts == 1 { try await input.checkWhole() }
        }

        @Test(.timeLimit(.minutes(1)))
        func `a tile that needs more than its share succeeds alone`() async throws {
            let input = try FaultyInput(in: scratch)
            // Two workers of 128 MiB: more than one may have, less than both together.
            let finished = try await input.run(
                fault: "memory:\(Self.place),mebibytes=144",
                memory: "128MiB"
            )
            #expect(finished.exitCode == 0, "\(finished.errors)")
            #expect(try input.outcomes(of: .balance) == ["failed outOfMemory", "committed"])
            try await input.checkWhole()
        }

        @Test(.timeLimit(.minutes(1)))
        func `memory that is refused counts as memory, not as a crash`() async throws {
            let input = try FaultyInput(in: scratch)
            let finished = try await input.run(fault: "allocate:\(Self.place),attempts=1")
            #expect(finished.exitCode == 0, "\(finished.errors)")
            #expect(try input.outcomes(of: .balance) == ["failed outOfMemory", "committed"])
            try await input.checkWhole()
        }

        @Test(.timeLimit(.minutes(1)))
        func `a kernel that is busy for several leases is not taken for dead`() async throws {
            let input = try FaultyInput(in: scratch)
            let finished = try await input.run(fault: "busy:\(Self.place),seconds=3")
            #expect(finished.exitCode == 0, "\(finished.errors)")
            #expect(try input.outcomes(of: .balance) == ["committed"])
            for event in ["lease.expired", "worker.lost", "worker.rejoined"] {
                #expect(input.lines("coordinator", event: event).isEmpty, "\(event)")
            }
            try await input.checkWhole()
        }

        @Test(.timeLimit(.minutes(1)))
        func `a worker killed when a tile's file is in place leaves it to be swept`() async throws {
            let input = try FaultyInput(in: scratch)
            let finished = try await input.run(fault: "exitAfterRename:\(Self.place),attempts=1")
            #expect(finished.exitCode == 0, "\(finished.errors)")
            #expect(input.lines("coordinator", event: "worker.exited").count == 1)
            #expect(try input.outcomes(of: .balance) == ["lost", "committed"])
            let orphan = "\(FaultyInput.tile).a1."
            let committed = "\(FaultyInput.tile).a2."
            #expect(try Self.objects(of: input).count { $0.hasPrefix(orphan) } == 1)
            let cleaned = try await SectileProcess.run("clean", input.directory)
            #expect(cleaned.exitCode == 0, "\(cleaned.errors)")
            let left = try Self.objects(of: input)
            #expect(left.count == FaultyInput.unitCount / 2)
            #expect(!left.contains { $0.hasPrefix(orphan) })
            #expect(left.contains { $0.hasPrefix(committed) })
            try await input.checkWhole()
        }

        private static func objects(of input: FaultyInput) throws -> [String] {
            try FileManager.default.contentsOfDirectory(atPath: "\(input.directory)/tiles/balance")
        }

        @Test(.timeLimit(.minutes(1)))
        func `a worker killed when its slot has reported a tile costs at most that attempt`()
            async throws
        {
            let input = try FaultyInput(in: scratch)
            let finished = try await input.run(fault: "exitAfterReport:\(Self.place),attempts=1")
            #expect(finished.exitCode == 0, "\(finished.errors)")
            #expect(input.lines("coordinator", event: "worker.exited").count == 1)
            let begun = try LogLine.workers(of: input.directory)
                .filter { $0.event == "tile.began" && $0.concerns(.balance, FaultyInput.tile) }
            // The kill and the worker's message race: what arrived is committed and not begun again.
            let outcomes = try input.outcomes(of: .balance)
            if outcomes.first == "committed" {
                #expect(outcomes == ["committed"])
                #expect(begun.map(\.attempt) == ["1"])
            } else {
                #expect(outcomes == ["lost", "committed"])
                #expect(begun.compactMap(\.attempt).sorted() == ["1", "2"])
            }
            try await input.checkWhole()
        }

        @Test(.timeLimit(.minutes(1)))
        func `nothing survives a killed run, not even a kernel in a tight loop`() async throws {
            let input = try FaultyInput(in: scratch)
            let run = try SectileProcess(
                ["run", input.configuration, "--output", input.directory, "--workers", "2"],
                environment: FaultyInput.environment("hang:stage=balance")
            )
            try await wait(for: "hanging slots", while: { run.isRunning }) {
                input.lines("worker", event: "tile.began")
                    .count { $0.contains("\"stage\":\"balance\"") } >= 2
            }
            let workers = run.children
            let slots = workers.flatMap { SectileProcess.children(of: $0) }
            #expect(workers.count == 2 && slots.count == 2)
            run.signal(SIGKILL)
            _ = await run.finished()
            try await wait(for: "the end of all processes") {
                !(workers + slots).contains { SectileProcess.isAlive($0) }
            }
        }

        @Test(.timeLimit(.minutes(1)))
        func `a slot does not survive its worker`() async throws {
            let input = try FaultyInput(in: scratch)
            let coordinator = try await input.coordinator()
            let worker = try input.worker(
                ["--slots", "2"],
                environment: FaultyInput.environment("hang:stage=prepare")
            )
            try await wait(for: "hanging slots", while: { worker.isRunning }) {
                input.lines("worker", event: "tile.began").count == 2
            }
            let slots = worker.children
            #expect(slots.count == 2)
            worker.signal(SIGKILL)
            _ = await worker.finished()
            try await wait(for: "the end of the slots") {
                !slots.contains { SectileProcess.isAlive($0) }
            }
            coordinator.signal(SIGKILL)
        }

        @Test(.timeLimit(.minutes(1)))
        func `a fault is refused unless faults are allowed`() async throws {
            let input = try FaultyInput(in: scratch)
            let coordinator = try await input.coordinator()
            let worker = try input.worker(environment: ["SECTILE_FAULT": "crash:"])
            let finished = await worker.finished()
            #expect(finished.exitCode == 2)
            #expect(finished.errors.contains("SECTILE_ALLOW_FAULTS"), "\(finished.errors)")
            coordinator.signal(SIGKILL)
        }
    }
}
