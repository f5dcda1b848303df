import Foundation
import RunStore
import Testing
import Tiling

extension EndToEnd {
    /// Workers that are told to leave, or killed while they do.
    struct DrainTests {
        private let scratch: ScratchDirectory
        private let input: FaultyInput

        init() throws {
            scratch = try ScratchDirectory()
            input = try FaultyInput(in: scratch)
        }

        /// A coordinator and a worker that has begun its first tile.
        private func start(
            _ arguments: [String] = [],
            fault: String? = nil,
            environment: [String: String] = [:]
        ) async throws -> (coordinator: SectileProcess, worker: SectileProcess) {
            let coordinator = try await input.coordinator()
            let faults = fault.map { FaultyInput.environment($0) } ?? [:]
            let worker = try input.worker(
                arguments,
                environment: faults.merging(environment) { $1 }
            )
            try await wait(for: "a tile", while: { worker.isRunning }) {
                !input.lines("worker", event: "tile.began").isEmpty
            }
            return (coordinator, worker)
        }

        /// Lets another worker do the rest, and checks that nothing was held against a tile.
        private func complete(_ coordinator: SectileProcess) async throws {
            let other = try input.worker()
            let finished = await coordinator.finished()
            #expect(finished.exitCode == 0, "\(finished.errors)")
            #expect(await other.finished().exitCode == 0)
            try await input.checkWhole()
            #expect(input.lines("coordinator", event: "attempt.failed").isEmpty)
        }

        @Test(.timeLimit(.minutes(1)))
        func `a worker that gets SIGTERM finishes what it computes`() async throws {
            let (coordinator, worker) = try await start(fault: "busy:seconds=1")
            worker.signal(SIGTERM)
            let left = await worker.finished()
            #expect(left.exitCode == 0, "\(left.errors)")
            #expect(input.commitCount >= 1)
            #expect(input.lines("worker", event: "worker.left")[0].contains("SIGTERM"))
            try await complete(coordinator)
        }

        @Test(.timeLimit(.minutes(1)))
        func `what does not fit the grace period is given back`() async throws {
            let (coordinator, worker) = try await start(["--grace", "1"], fault: "hang:")
            worker.signal(SIGTERM)
            let left = await worker.finished()
            #expect(left.exitCode == 0, "\(left.errors)")
            #expect(input.commitCount == 0)
            #expect(!input.lines("coordinator", event: "lease.released").isEmpty)
            try await complete(coordinator)
        }

        @Test(.timeLimit(.minutes(1)))
        func `a second SIGTERM gives everything back at once`() async throws {
            let (coordinator, worker) = try await start(["--grace", "1h"], fault: "hang:")
            worker.signal(SIGTERM)
            try await wait(for: "the drain", while: { worker.isRunning }) {
                !input.lines("worker", event: "worker.draining").isEmpty
            }
            #expect(worker.isRunning)
            worker.signal(SIGTERM)
            let left = await worker.finished()
            #expect(left.exitCode == 0, "\(left.errors)")
            try await complete(coordinator)
        }

        @Test(.timeLimit(.minutes(1)))
        func `a worker killed within its grace period costs no tile`() async throws {
            let (coordinator, worker) = try await start(["--grace", "1h"], fault: "hang:")
            worker.signal(SIGTERM)
            try await wait(for: "the drain", while: { worker.isRunning }) {
                !input.lines("worker", event: "worker.draining").isEmpty
            }
            let slots = worker.children
            worker.signal(SIGKILL)
            #expect(await worker.finished().exitCode == 128 + SIGKILL)
            try await wait(for: "the end of the slots") {
                !slots.contains { SectileProcess.isAlive($0) }
            }
            try await complete(coordinator)
        }

        @Test(.timeLimit(.minutes(1)), arguments: ["file", "signal"])
        func `a notice of the machine's end drains the worker`(kind: String) async throws {
            let notice = "\(scratch.path)/notice"
            let (coordinator, worker) = try await start(
                ["--grace", "1", "--notice-file", notice],
                fault: "hang:"
            )
            if kind == "file" {
                try scratch.write("", to: "notice")
            } else {
                worker.signal(SIGUSR1)
            }
            let left = await worker.finished()
            #expect(left.exitCode == 0, "\(left.errors)")
            #expect(
                input.lines("coordinator", event: "worker.left")
                    .contains { $0.contains("spot notice") }
            )
            try await complete(coordinator)
        }

        @Test(
            .timeLimit(.minutes(1)),
            .enabled(if: Program.tool("python3") != nil, "Python is not installed"),
            arguments: Program.tried(["aws", "gcp", "azure", "custom"])
        )
        func `a notice of a metadata service drains the worker`(cloud: String) async throws {
            let script = Program.repository.appendingPathComponent(
                "Tests/Fixtures/metadata_server.py"
            ).path
            let server = try SectileProcess(
                executable: try #require(Program.tool("python3")),
                [script, scratch.path]
            )
            try await wait(for: "the server's port", while: { server.isRunning }) {
                server.outputSoFar.hasSuffix("\n")
            }
            let port = server.outputSoFar.prefix { $0.isNumber }
            let address = "http://127.0.0.1:\(port)"
            let service =
                cloud == "custom"
                ? ["--notice-url", "\(address)/custom"]
                : ["--notice-url", cloud, "--notice-address", address]
            let (coordinator, worker) = try await start(service, fault: "busy:seconds=0.5")
            try scratch.write("", to: "notice")
            let left = await worker.finished()
            #expect(left.exitCode == 0, "\(left.errors)")
            let draining = input.lines("worker", event: "worker.draining")
            #expect(draining.count == 1 && draining[0].contains("spot notice"), "\(draining)")
            #expect(input.lines("worker", event: "worker.noticeServiceSilent").isEmpty)
            server.signal(SIGKILL)
            try await complete(coordinator)
        }

        @Test(.timeLimit(.minutes(1)), arguments: Program.tried(["Slurm", "flag"]))
        func `a worker leaves before its time is over`(source: String) async throws {
            let end = Date().timeIntervalSince1970 + 4
            let (coordinator, worker) = try await start(
                ["--grace", "2"] + (source == "flag" ? ["--time-limit", "00:00:03"] : []),
                fault: "busy:seconds=0.3",
                environment: source == "flag" ? [:] : ["SLURM_JOB_END_TIME": "\(Int(end))"]
            )
            let left = await worker.finished()
            #expect(left.exitCode == 0, "\(left.errors)")
            #expect(
                input.lines("worker", event: "worker.draining")
                    .contains { $0.contains("time limit") }
            )
            try await complete(coordinator)
        }
    }
}
