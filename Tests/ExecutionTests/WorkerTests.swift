import Execution
import Foundation
import Messaging
import Testing
import Tiling
import WireProtocol

@Suite(.timeLimit(.minutes(1))) struct WorkerTests {
    /// Plays the coordinator while the worker runs, and returns how the worker left.
    private func play(
        _ harness: WorkerHarness,
        _ script: @escaping @Sendable (WorkerHarness) async throws -> Void
    ) async throws -> WorkerExit {
        async let exit = harness.run()
        try await script(harness)
        return try await exit
    }

    @Test func `a worker joins, computes, reports and leaves with its run`() async throws {
        let computer = GatedComputer()
        let harness = try WorkerHarness(computer: computer)
        let exit = try await play(harness) { harness in
            let (hello, peer) = try await harness.admit()
            #expect(hello.slots == 1 && hello.credit == 2 && hello.running.isEmpty)
            harness.say(.lease([Fixtures.grant(0), Fixtures.grant(1)]), to: peer)
            for column in 0..<2 {
                let (message, _) = try await harness.next()
                guard case .completed(let result) = message else {
                    throw WorkerHarness.UnexpectedMessage(message: message)
                }
                #expect(result.lease == Fixtures.lease(column))
                let path = "\(harness.directory.path)/tiles/\(result.object.key)"
                let content = try Data(contentsOf: URL(filePath: path))
                #expect(content == Data("balance/r000c00\(column) [7]".utf8))
                #expect(content.count == result.object.bytes)
                harness.say(.committed([result.lease]), to: peer)
            }
            harness.say(.goodbye(.finished), to: peer)
        }
        #expect(exit == .finished)
        #expect(
            harness.directory.files(in: "tiles") == [
                ".probe", "balance", "balance/r000c000.a1.000000ab.tif",
                "balance/r000c001.a1.000000ab.tif",
            ]
        )
    }

    @Test func `a coordinator that comes back takes up the unit that runs`() async throws {
        let lease = Fixtures.lease(0)
        let computer = GatedComputer(gated: [lease])
        let harness = try WorkerHarness(computer: computer)
        let exit = try await play(harness) { harness in
            let (_, peer) = try await harness.admit()
            harness.say(.lease([Fixtures.grant(0)]), to: peer)
            await harness.log.wait { $0 == .began(lease) }
            harness.breakConnection()
            let (hello, newPeer) = try await harness.admit(epoch: 2)
            #expect(newPeer != peer)
            #expect(hello.running == [lease] && hello.runID == "run")
            computer.open(lease)
            let (message, _) = try await harness.next()
            guard case .completed(let result) = message else {
                throw WorkerHarness.UnexpectedMessage(message: message)
            }
            harness.say(.committed([result.lease]), to: newPeer)
            harness.say(.goodbye(.finished), to: newPeer)
        }
        #expect(exit == .finished)
        #expect(computer.begun == [lease])
    }

    @Test func `a coordinator that forgot the connection gets a new hello`() async throws {
        let harness = try WorkerHarness(computer: GatedComputer())
        let exit = try await play(harness) { harness in
            let (_, peer) = try await harness.admit()
            harness.say(.resync, to: peer)
            let (hello, samePeer) = try await harness.admit(epoch: 2)
            #expect(samePeer == peer && hello.workerID == Fixtures.workerID)
            harness.say(.goodbye(.cancelled), to: peer)
        }
        #expect(exit == .cancelled)
    }

    @Test func `the file of a fenced result is removed`() async throws {
        let lease = Fixtures.lease(0)
        let computer = GatedComputer(gated: [lease])
        let harness = try WorkerHarness(computer: computer)
        let exit = try await play(harness) { harness in
            let (_, peer) = try await harness.admit()
            harness.say(.lease([Fixtures.grant(0), Fixtures.grant(1)]), to: peer)
            await harness.log.wait { $0 == .began(lease) }
            harness.say(.stale([lease]), to: peer)
            await harness.log.wait { $0 == .fenced(lease) }
            computer.open(lease)
            // The slot is free again only when the fenced unit has ended.
            let (message, _) = try await harness.next()
            guard case .completed(let result) = message else {
                throw WorkerHarness.UnexpectedMessage(message: message)
            }
            #expect(result.lease == Fixtures.lease(1))
            harness.say(.stale([result.lease]), to: peer)
            await harness.log.wait { $0 == .fenced(result.lease) }
            // Storage works in order: a verification after the removals sees them done.
            harness.say(.resync, to: peer)
            let (hello, _) = try await harness.next()
            guard case .hello = hello else {
                throw WorkerHarness.UnexpectedMessage(message: hello)
            }
            let other = Fixtures.welcome(runID: "other", runDirectory: harness.directory.path)
            harness.say(.welcome(other), to: peer)
            await harness.log.wait { fact in
                if case .runChanged = fact { true } else { false }
            }
            await harness.waitForStorage(verifications: 2)
            #expect(harness.directory.files(in: "tiles") == [".probe", "balance"])
            harness.say(.goodbye(.finished), to: peer)
        }
        #expect(exit == .finished)
    }

    @Test func `a drained worker finishes, gives back, says goodbye`() async throws {
        let lease = Fixtures.lease(0)
        let computer = GatedComputer(gated: [lease])
        let harness = try WorkerHarness(computer: computer)
        let exit = try await play(harness) { harness in
            let (_, peer) = try await harness.admit()
            harness.say(.lease([Fixtures.grant(0), Fixtures.grant(1)]), to: peer)
            await harness.log.wait { $0 == .began(lease) }
            harness.worker.drain(grace: .seconds(60), reason: "SIGTERM")
            let released = try await harness.next().message
            #expect(released == .released([Fixtures.lease(1)], reason: "SIGTERM"))
            computer.open(lease)
            let (message, _) = try await harness.next()
            guard case .completed = message else {
                throw WorkerHarness.UnexpectedMessage(message: message)
            }
            harness.say(.committed([lease]), to: peer)
            #expect(try await harness.next().message == .goodbye(reason: "SIGTERM"))
        }
        #expect(exit == .drained(reason: "SIGTERM"))
        #expect(computer.begun == [lease])
    }

    @Test func `a drain beyond its grace period gives the running unit back`() async throws {
        let lease = Fixtures.lease(0)
        let computer = GatedComputer(gated: [lease])
        let harness = try WorkerHarness(computer: computer)
        let exit = try await play(harness) { harness in
            let (_, peer) = try await harness.admit()
            harness.say(.lease([Fixtures.grant(0)]), to: peer)
            await harness.log.wait { $0 == .began(lease) }
            harness.worker.drain(grace: .seconds(2), reason: "SIGTERM")
            await harness.log.wait { $0 == .draining(reason: "SIGTERM") }
            harness.time.advance(by: .seconds(2))
            #expect(
                try await harness.next().message == .released([lease], reason: "SIGTERM")
            )
            #expect(try await harness.next().message == .goodbye(reason: "SIGTERM"))
        }
        computer.open(lease)
        #expect(exit.exitCode == 0)
    }

    @Test func `a refused worker exits with code 4 and both versions`() async throws {
        let harness = try WorkerHarness(computer: GatedComputer())
        let exit = try await play(harness) { harness in
            let (_, peer) = try await harness.next()
            let refusal = WireProtocol.Refusal(code: .build, found: "1.0", wanted: "1.1")
            harness.say(.refuse(refusal), to: peer)
        }
        #expect(exit.exitCode == 4)
        #expect(
            exit.description == "refused (build): this worker has 1.0, the run needs 1.1"
        )
    }

    @Test func `a worker whose key is not admitted exits with code 4 and the remedy`() async throws
    {
        let harness = try WorkerHarness(computer: GatedComputer(), isAdmitted: false)
        let exit = try await harness.run()
        #expect(exit.exitCode == 4)
        #expect(exit.description.contains("sectile keys allow"))
    }

    @Test func `a coordinator that is silent to an idle worker for two leases is dialled anew`()
        async throws
    {
        let harness = try WorkerHarness(computer: GatedComputer())
        let exit = try await play(harness) { harness in
            let (_, peer) = try await harness.admit()
            await harness.waitForStorage(verifications: 1)
            harness.time.advance(by: .seconds(6))
            let (hello, newPeer) = try await harness.admit(session: 2)
            #expect(newPeer != peer && hello.runID == "run")
            harness.say(.goodbye(.finished), to: newPeer)
        }
        #expect(exit == .finished)
        #expect(harness.log.facts.contains(.silence(.seconds(6))))
    }

    @Test func `heartbeats come at the run's interval and only in a session`() async throws {
        let lease = Fixtures.lease(0)
        let computer = GatedComputer(gated: [lease])
        let harness = try WorkerHarness(computer: computer)
        let exit = try await play(harness) { harness in
            #expect(harness.beats().isEmpty)
            let (_, peer) = try await harness.admit()
            harness.say(.lease([Fixtures.grant(0), Fixtures.grant(1)]), to: peer)
            await harness.log.wait { $0 == .began(lease) }
            // Computing holds the only slot: beats do not depend on it.
            harness.say(.drain(reason: "test"), to: peer)
            _ = try await harness.next()
            var beats = harness.beats()
            #expect(beats.map(\.sequence) == [1])
            #expect(beats.first?.held == [lease])
            #expect(beats.first?.residentBytes == 1_000)
            harness.time.advance(by: .milliseconds(990))
            #expect(harness.beats().isEmpty)
            harness.time.advance(by: .milliseconds(10))
            beats = harness.beats()
            #expect(beats.map(\.sequence) == [2])
            #expect(harness.beats().isEmpty)
            harness.say(.goodbye(.restarting), to: peer)
            await harness.log.wait { $0 == .coordinatorRestarting }
            harness.time.advance(by: .seconds(1))
            harness.say(.goodbye(.finished), to: peer)
        }
        computer.open(lease)
        #expect(exit == .finished)
        harness.time.advance(by: .seconds(10))
        #expect(harness.beats().isEmpty)
    }

    @Test func `a worker that holds nothing beats once where it would beat twice`()
        async throws
    {
        let harness = try WorkerHarness(computer: GatedComputer())
        let exit = try await play(harness) { harness in
            let (_, peer) = try await harness.admit()
            await harness.log.wait { fact in
                if case .storageVerified = fact { true } else { false }
            }
            #expect(harness.beats().map(\.sequence) == [1])
            harness.time.advance(by: .milliseconds(1990))
            #expect(harness.beats().isEmpty)
            harness.time.advance(by: .milliseconds(10))
            #expect(harness.beats().map(\.sequence) == [2])
            harness.say(.goodbye(.finished), to: peer)
        }
        #expect(exit == .finished)
    }

    @Test func `cancelling the task is an interrupt`() async throws {
        let lease = Fixtures.lease(0)
        let computer = GatedComputer(gated: [lease])
        let harness = try WorkerHarness(computer: computer)
        let running = Task { try await harness.run() }
        let (_, peer) = try await harness.admit()
        harness.say(.lease([Fixtures.grant(0)]), to: peer)
        await harness.log.wait { $0 == .began(lease) }
        running.cancel()
        guard case .released(let leases, _) = try await harness.next().message else {
            Issue.record("nothing was given back")
            return
        }
        #expect(leases == [lease])
        #expect(try await running.value.exitCode == 130)
        computer.open(lease)
    }

    @Test func `a worker that does not see the run directory leaves and names the mount`()
        async throws
    {
        let harness = try WorkerHarness(computer: GatedComputer())
        try FileManager.default.removeItem(atPath: "\(harness.directory.path)/tiles/.probe")
        let exit = try await play(harness) { harness in
            try await harness.admit()
            guard case .goodbye(let reason) = try await harness.next().message else {
                Issue.record("the worker left without a word")
                return
            }
            #expect(reason.contains("\(harness.directory.path)/tiles/.probe"))
        }
        #expect(exit.exitCode == 1)
        #expect(exit.description.contains("it lies on the mount /"))
    }
}

extension WorkerHarness {
    /// Waits until the worker has found its storage good that many times.
    func waitForStorage(verifications: Int) async {
        await log.wait(times: verifications) { fact in
            if case .storageVerified = fact { true } else { false }
        }
    }
}
