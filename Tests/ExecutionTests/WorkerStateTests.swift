import ContentDigest
import Execution
import Lattice
import Testing
import Tiling
import WireProtocol

@Suite struct WorkerStateTests {
    private func refusal(_ code: RefusalCode) -> CoordinatorMessage {
        .refuse(WireProtocol.Refusal(code: code, found: "a", wanted: "b"))
    }

    @Test func `a refusal that cannot pass ends the worker with code 4`() {
        for code in [RefusalCode.build, .protocolVersion, .malformed] {
            var story = Transcript()
            story.step("", .channelOpened)
            story.step("", .connectionMade)
            story.hear("", refusal(code))
            #expect(story.state.exit?.exitCode == 4, "\(code)")
        }
    }

    @Test func `a run that is over ends a late worker with code 0`() {
        var story = Transcript()
        story.step("", .channelOpened)
        story.step("", .connectionMade)
        story.hear("", refusal(.finished))
        #expect(story.state.exit == .finished)
    }

    @Test func `a refusal that may pass is followed by longer and longer waits`() throws {
        var story = Transcript()
        story.step("", .channelOpened)
        var waits: [Duration] = []
        for _ in 0..<9 {
            story.step("", .connectionMade)
            story.hear("", refusal(.full))
            let deadline = try #require(story.state.nextDeadline)
            waits.append(deadline - story.now)
            story.step("ignored", .connectionMade)
            #expect(story.lines.last == "ignored")
            story.pass(deadline - story.now)
            story.step("waited", .timePassed)
            #expect(story.lines.suffix(2) == ["waited", "    reconnect"])
        }
        #expect(waits[0] <= .milliseconds(500) && waits[0] >= .milliseconds(250))
        #expect(waits[4] > waits[0])
        #expect(waits.allSatisfy { $0 <= .seconds(30) })
        #expect(waits[8] >= .seconds(15))
    }

    @Test func `a worker gives up only when it was told to, and only without a session`() {
        var patient = Transcript()
        patient.step("", .channelOpened)
        patient.pass(.seconds(1_000_000))
        patient.step("", .timePassed)
        #expect(patient.state.exit == nil)

        var hasty = Transcript(policy: WorkerPolicy(giveUpAfter: .seconds(60)))
        hasty.join()
        hasty.pass(.seconds(100))
        hasty.hear("", .heartbeat(sequence: 1))
        hasty.step("", .connectionLost)
        hasty.pass(.seconds(59))
        hasty.step("", .timePassed)
        #expect(hasty.state.exit == nil)
        hasty.pass(.seconds(1))
        hasty.step("", .timePassed)
        #expect(hasty.state.exit?.exitCode == 1)
    }

    @Test func `an outdated coordinator is not served`() {
        var story = Transcript()
        story.join(Fixtures.welcome(epoch: 5))
        story.step("", .connectionLost)
        story.step("", .connectionMade)
        story.hear("old", .welcome(Fixtures.welcome(epoch: 4)))
        #expect(story.lines.last == "    log worker.outdatedCoordinator")
        #expect(story.state.session == nil)
    }

    @Test func `the same run with another plan is not served, and both plans are named`() throws {
        var story = Transcript()
        story.join()
        story.hear("", .lease([Fixtures.grant(0)]))
        story.step("", .connectionLost)
        story.step("", .connectionMade)
        var other = Fixtures.welcome(epoch: 2)
        other.planDigest = ContentDigest(of: "another plan")
        story.hear("other plan", .welcome(other))
        let exit = try #require(story.state.exit)
        #expect(exit.exitCode == 4)
        #expect(exit.description.contains(Fixtures.digest.short), "\(exit)")
        #expect(exit.description.contains(other.planDigest.short), "\(exit)")
        #expect(story.lines.contains("    cancel balance/r000c000#1"))
    }

    @Test func `another run gets nothing that was computed for the one before`() {
        var story = Transcript(identity: Fixtures.identity(slots: 2, credit: 3))
        story.join()
        story.hear("", .lease([Fixtures.grant(0), Fixtures.grant(1)]))
        story.step("", .tileCompleted(Fixtures.lease(0), Fixtures.result(0)))
        story.step("", .connectionLost)
        story.step("", .connectionMade)
        let other = Fixtures.welcome(runID: "other")
        story.hear("other run", .welcome(other))
        #expect(
            story.lines.suffix(4) == [
                "    log worker.runChanged", "    cancel balance/r000c001#1",
                "    log worker.welcomed", "    verify /run",
            ]
        )
        story.step("", .storageVerified(other))
        story.hear("", .stage(Fixtures.brief))
        story.hear("same number, still ending", .lease([Fixtures.grant(1)]))
        #expect(story.lines.contains("    send released [balance/r000c001#1]: no room for it"))
        story.step("ended", .tileCompleted(Fixtures.lease(1), Fixtures.result(1)))
        #expect(story.lines.last == "    discard /run balance/r000c001.a1.00000001.tif")
    }

    @Test func `storage that cannot be used ends the worker with a reason`() {
        var story = Transcript()
        let welcome = Fixtures.welcome()
        story.step("", .channelOpened)
        story.step("", .connectionMade)
        story.hear("", .welcome(welcome))
        story.hear("", .stage(Fixtures.brief))
        story.hear("", .lease([Fixtures.grant(0)]))
        story.step("rejected", .storageRejected(welcome, StorageRejection("/run is read-only")))
        #expect(
            story.lines.suffix(5) == [
                "    send released [balance/r000c000#1]: /run is read-only",
                "    log tile.released", "    send goodbye: /run is read-only",
                "    log worker.left", "    leave 1: /run is read-only",
            ]
        )
    }

    @Test func `grants beyond the credit go back, and a repeated grant is computed once`() {
        var story = Transcript(identity: Fixtures.identity(slots: 1, credit: 2))
        story.join()
        story.hear("", .lease([Fixtures.grant(0), Fixtures.grant(0), Fixtures.grant(1)]))
        let more = [Fixtures.grant(1), Fixtures.grant(2), Fixtures.grant(3)]
        story.hear("more", .lease(more))
        #expect(story.state.held == [Fixtures.lease(0), Fixtures.lease(1)])
        #expect(
            story.lines.suffix(3) == [
                "    send released [balance/r000c002#1 balance/r000c003#1]: no room for it",
                "    log tile.released", "    log tile.released",
            ]
        )
    }

    @Test func `a grant whose constants never came starts the session anew`() {
        var story = Transcript()
        let welcome = Fixtures.welcome()
        story.step("", .channelOpened)
        story.step("", .connectionMade)
        story.hear("", .welcome(welcome))
        story.step("", .storageVerified(welcome))
        story.hear("grant", .lease([Fixtures.grant(0)]))
        #expect(story.lines.suffix(2) == ["grant", "    log worker.briefMissing"])
        #expect(story.state.session == nil)
        #expect(story.state.held.isEmpty)
    }

    @Test func `results that no acknowledgement frees stop new work at the bound`() {
        var story = Transcript(identity: Fixtures.identity(slots: 1, credit: 1))
        story.join()
        for column in 0..<2 {
            story.hear("", .lease([Fixtures.grant(column)]))
            story.step("", .tileCompleted(Fixtures.lease(column), Fixtures.result(column)))
        }
        story.hear("third", .lease([Fixtures.grant(2)]))
        #expect(story.lines.last == "third")
        story.hear("acknowledged", .committed([Fixtures.lease(0)]))
        #expect(story.lines.contains("    compute balance/r000c002#1 with prepare=[7]"))
    }

    @Test func `an unacknowledged result is told again after the lease time`() {
        var story = Transcript()
        story.join()
        story.hear("", .lease([Fixtures.grant(0)]))
        story.step("", .tileCompleted(Fixtures.lease(0), Fixtures.result(0)))
        story.pass(.seconds(2))
        story.hear("", .heartbeat(sequence: 1))
        story.pass(.seconds(1))
        story.step("3 s later", .timePassed)
        #expect(
            story.lines.suffix(2) == ["3 s later", "    send completed balance/r000c000#1"]
        )
        story.step("at once again", .timePassed)
        #expect(story.lines.last == "at once again")
    }

    @Test func `results too large for one hello are claimed, and reported after the welcome`() {
        var story = Transcript(identity: Fixtures.identity(slots: 2, credit: 4))
        story.join()
        story.hear("", .lease([Fixtures.grant(0), Fixtures.grant(1)]))
        for column in 0..<2 {
            story.step(
                "",
                .tileCompleted(
                    Fixtures.lease(column),
                    Fixtures.result(column, partialBytes: 2 << 20)
                )
            )
        }
        story.hear("resync", .resync)
        story.hear("welcome", .welcome(Fixtures.welcome(session: 2)))
        #expect(
            story.lines.suffix(7) == [
                "resync", "    log worker.resynchronising",
                "    send hello of 'run', running [balance/r000c001#1],"
                    + " unacknowledged [balance/r000c000#1]",
                "    log worker.greeted", "welcome", "    log worker.welcomed",
                "    send completed balance/r000c001#1",
            ]
        )
    }

    @Test func `handshakes that never succeed mean a wrong key, unless there was a welcome`() {
        var stranger = Transcript(policy: WorkerPolicy(handshakeFailureLimit: 3))
        stranger.step("", .channelOpened)
        for _ in 0..<2 { stranger.step("", .handshakeFailed("cut off")) }
        #expect(stranger.state.exit == nil)
        stranger.step("", .handshakeFailed("cut off"))
        #expect(stranger.state.exit?.exitCode == 4)

        var member = Transcript(policy: WorkerPolicy(handshakeFailureLimit: 3))
        member.join()
        member.step("", .connectionLost)
        for _ in 0..<20 { member.step("", .handshakeFailed("cut off")) }
        #expect(member.state.exit == nil)
        member.step("", .keyRefused("revoked"))
        #expect(member.state.exit?.exitCode == 4)
    }

    @Test func `another protocol ends the worker, mere garbage does not`() {
        var story = Transcript()
        story.join()
        let garbage = WireError(.undecodable, field: "envelope", found: "x", legal: "y")
        story.step("", .unreadableReceived(garbage))
        #expect(story.state.exit == nil && story.state.session == nil)
        let version = WireError(.protocolVersion, field: "version", found: "2.0", legal: "1.x")
        story.step("", .unreadableReceived(version))
        #expect(story.state.exit?.exitCode == 4)
    }

    @Test func `a computation that returns another unit's result is a bug, not a result`() {
        var story = Transcript()
        story.join()
        story.hear("", .lease([Fixtures.grant(0)]))
        story.step("wrong", .tileCompleted(Fixtures.lease(0), Fixtures.result(9)))
        #expect(
            story.lines.last
                == "    send failed balance/r000c000#1 bug: balance/r000c000#1 was computed,"
                + " but its result is of balance/r000c009#1"
        )
    }

    @Test(arguments: 0..<40 as Range<UInt64>)
    func `no order of events breaks an invariant`(seed: UInt64) {
        var walk = RandomWalk(seed: seed)
        for _ in 0..<400 { walk.step() }
    }

    /// A brief of `bandwidth` in two parts, and the index that they tell.
    private static func haloBrief() -> (parts: [StageBrief], halo: HaloIndex) {
        var list = ObjectList(stage: .balance, round: 0)
        for column in 0..<2 {
            let object = Fixtures.result(column).object
            list.append(
                ObjectList.Record(
                    tile: object.key.lease.unit.tile,
                    attempt: object.key.lease.attempt,
                    nonce: object.key.nonce,
                    bytes: object.bytes,
                    fileDigest: PackedDigest(object.fileDigest),
                    samplesDigest: PackedDigest(object.samplesDigest)
                )
            )
        }
        let halo = HaloIndex([list])
        let parts = StageBrief.parts(
            stage: .bandwidth,
            round: 1,
            constants: [:],
            halo: halo,
            partBytes: ObjectList.recordBytes
        )
        return (parts, halo)
    }

    private static let haloGrant = LeaseGrant(
        lease: LeaseID(
            unit: WorkUnit(stage: .bandwidth, round: 1, tile: TileID(row: 0, column: 0)),
            attempt: .first
        ),
        core: CellWindow(rows: 0..<4, columns: 0..<4),
        inputs: [],
        wallLimitSeconds: 600
    )

    @Test func `a worker drains before its time limit and ends what runs at the limit`() {
        var story = Transcript(
            policy: WorkerPolicy(endsAt: .seconds(100), grace: .seconds(30))
        )
        story.join()
        story.hear("lease 0", .lease([Fixtures.grant(0)]))
        #expect(story.state.nextDeadline.map { $0 <= .seconds(70) } ?? false)
        for _ in 0..<70 {
            story.pass(.seconds(1))
            story.hear("", .heartbeat(sequence: 1))
            story.step("", .timePassed)
        }
        #expect(story.lines.contains("    log worker.draining"))
        story.hear("late lease", .lease([Fixtures.grant(1)]))
        #expect(story.lines.last == "    log tile.released")
        story.pass(.seconds(29))
        story.hear("", .heartbeat(sequence: 2))
        story.pass(.seconds(1))
        story.step("end", .timePassed)
        #expect(
            story.lines.suffix(6) == [
                "    cancel balance/r000c000#1",
                "    send released [balance/r000c000#1]: the time limit is near",
                "    log tile.released", "    send goodbye: the time limit is near",
                "    log worker.left", "    leave 0: drained: the time limit is near",
            ]
        )
    }

    @Test func `a worker begins nothing that took longer than the time that is left`() {
        var story = Transcript(policy: WorkerPolicy(endsAt: .seconds(3), grace: .zero))
        story.join()
        story.hear("lease 0", .lease([Fixtures.grant(0)]))
        story.pass(.seconds(2))
        story.step("computed", .tileCompleted(Fixtures.lease(0), Fixtures.result(0)))
        story.hear("lease 1", .lease([Fixtures.grant(1)]))
        let reason = "the time limit comes before the end of another tile of balance"
        #expect(story.lines.contains("    send released [balance/r000c001#1]: \(reason)"))
        story.hear("committed", .committed([Fixtures.lease(0)]))
        #expect(story.state.exit == .drained(reason: reason))
    }

    @Test func `a unit that ran out of memory runs alone`() {
        var story = Transcript(identity: Fixtures.identity(slots: 2, credit: 4))
        story.join()
        var alone = Fixtures.grant(1)
        alone.runsAlone = true
        story.hear("leases", .lease([Fixtures.grant(0), alone, Fixtures.grant(2)]))
        #expect(story.state.held.count == 3)
        func computed() -> [String] { story.lines.filter { $0.contains("compute ") } }
        #expect(computed().count == 1)
        story.step("0", .tileCompleted(Fixtures.lease(0), Fixtures.result(0)))
        #expect(computed().count == 2)
        story.step("1", .tileCompleted(Fixtures.lease(1), Fixtures.result(1)))
        #expect(computed().count == 3)
    }

    @Test func `a unit is computed with the objects around its tile`() throws {
        let brief = Self.haloBrief()
        #expect(brief.parts.count == 2)
        var state = WorkerState(identity: Fixtures.identity(), policy: WorkerPolicy())
        var effects: [WorkerEffect] = []
        let events: [WorkerEvent] =
            [
                .channelOpened, .connectionMade, .received(.welcome(Fixtures.welcome())),
                .storageVerified(Fixtures.welcome()),
            ] + brief.parts.map { .received(.stage($0)) }
            + [.received(.lease([Self.haloGrant]))]
        for event in events { effects += state.apply(event, at: .zero) }
        let requests = effects.compactMap { effect -> TileRequest? in
            if case .compute(let request) = effect { request } else { nil }
        }
        #expect(requests.map(\.halo) == [brief.halo])
        let neighbour = requests.first?.halo.object(
            of: TileID(row: 0, column: 1),
            stage: .balance
        )
        #expect(neighbour == Fixtures.result(1).object)
    }

    @Test func `a brief that did not come whole is asked for in a new session`() {
        let brief = Self.haloBrief()
        for parts in [Array(brief.parts.prefix(1)), Array(brief.parts.suffix(1))] {
            var story = Transcript()
            story.join()
            for part in parts { story.hear("", .stage(part)) }
            story.hear("granted", .lease([Self.haloGrant]))
            #expect(story.lines.last == "    log worker.briefMissing")
            #expect(story.state.standing == "refused")
        }
    }

    @Test func `without shared storage objects lie in the worker's own directory`() {
        var story = Transcript(
            identity: Fixtures.identity(scratchDirectory: "/scratch"),
            policy: WorkerPolicy()
        )
        story.join()
        story.hear("", .lease([Fixtures.grant(0)]))
        story.step("", .tileCompleted(Fixtures.lease(0), Fixtures.result(0)))
        let key = Fixtures.result(0).object.key
        let request = FileRequest(file: .object(key), offset: 7, length: 1)
        story.hear("asked", .request(request))
        #expect(story.lines.last == "    serve \(key) from 7")
        let piece = FilePiece(file: .zones, offset: 3, content: .unavailable("gone"))
        story.hear("told", .piece(piece))
        #expect(story.lines.last == "    take inputs/zones.bin from 3")
        story.hear("committed", .committed([Fixtures.lease(0)]))
        #expect(story.lines.last == "    keep \(key)")
        story.hear("", .lease([Fixtures.grant(1)]))
        story.step("", .tileCompleted(Fixtures.lease(1), Fixtures.result(1)))
        story.hear("stale", .stale([Fixtures.lease(1)]))
        #expect(story.lines.contains("    discard /scratch \(Fixtures.result(1).object.key)"))
        story.step("lost", .connectionLost)
        let count = story.lines.count
        story.hear("late", .request(request))
        story.hear("late", .piece(piece))
        #expect(!story.lines.dropFirst(count).contains { $0.hasPrefix("    ") })
    }

    @Test func `a greeting says whether objects have to be fetched`() {
        for scratch in [nil, "/scratch"] {
            var state = WorkerState(
                identity: Fixtures.identity(scratchDirectory: scratch),
                policy: WorkerPolicy()
            )
            _ = state.apply(.channelOpened, at: .zero)
            let hellos = state.apply(.connectionMade, at: .zero).compactMap { effect in
                if case .send(.hello(let hello)) = effect { hello } else { nil }
            }
            #expect(hellos.map(\.transportsObjects) == [scratch != nil])
        }
    }
}
