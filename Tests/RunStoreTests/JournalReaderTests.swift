import Foundation
import RunStore
import Testing
import Tiling

struct JournalReaderTests {
    private let temporary: TemporaryDirectory
    private let journal: RunJournal
    private let reader: JournalReader

    init() throws {
        temporary = try TemporaryDirectory()
        let path = temporary.path + "/journal.sqlite"
        journal = try RunJournal.open(
            at: path,
            plan: Fixtures.plan(),
            runID: "run1",
            wallSeconds: 900,
            files: PosixFileSystem()
        )
        reader = try JournalReader(path: path, files: PosixFileSystem())
    }

    private func fail(_ lease: LeaseID, _ failureClass: FailureClass, isCharged: Bool)
        -> [JournalEntry]
    {
        [
            Fixtures.entry(.granted(lease, worker: "w1", isSpeculative: false), at: 1000),
            Fixtures.entry(
                .attemptEnded(
                    AttemptEnd(
                        lease: lease,
                        outcome: .failed,
                        failureClass: failureClass,
                        message: "because",
                        isCharged: isCharged,
                        elapsedSeconds: 2.5,
                        peakResidentBytes: 7
                    )
                ),
                at: 1002
            ),
        ]
    }

    @Test func `status counts each stage by state`() async throws {
        try await journal.append(
            Fixtures.commit(Fixtures.lease(0), at: 1000)
                + fail(Fixtures.lease(1), .crash, isCharged: true) + [
                    Fixtures.entry(
                        .granted(Fixtures.lease(1, 2), worker: "w2", isSpeculative: false)
                    )
                ]
        )
        let status = try reader.status(wallSeconds: 1021, windowSeconds: 40)
        #expect(status.runID == "run1")
        #expect(status.phase == .running)
        #expect(status.startedSeconds == 900)
        #expect(status.lastCommitSeconds == 1001)
        #expect(status.commitsPerSecond == 1.0 / 40)
        let expected = RoundCounts(
            stage: .prepare,
            round: 0,
            tileCount: 6,
            committedCount: 1,
            quarantinedCount: 0,
            openLeaseCount: 1,
            retriedCount: 1,
            isReduced: false
        )
        #expect(status.rounds.first == expected)
        #expect(status.rounds.map(\.stage) == [.prepare, .balance])
    }

    @Test func `a quarantined unit keeps its reason until it is put back`() async throws {
        let unit = Fixtures.lease(1).unit
        try await journal.append(
            fail(Fixtures.lease(1), .crash, isCharged: true) + [
                Fixtures.entry(.quarantined(unit, failureClass: .crash, message: "hopeless"))
            ]
        )
        #expect(
            try reader.quarantined()
                == [QuarantinedUnit(unit: unit, attempts: 1, message: "hopeless")]
        )
        #expect(try reader.snapshot().chargedFailures.count == 1)
        try await journal.append([Fixtures.entry(.requeued(unit))])
        #expect(try reader.quarantined().isEmpty)
        let snapshot = try reader.snapshot()
        #expect(snapshot.chargedFailures.isEmpty)
        #expect(snapshot.units.first?.attempts == 1)
    }

    @Test func `forgiven failures no longer count`() async throws {
        try await journal.append(
            fail(Fixtures.lease(1), .crash, isCharged: true)
                + fail(Fixtures.lease(1, 2), .crash, isCharged: true) + [
                    Fixtures.entry(.chargesForgiven(Fixtures.lease(1).unit, worker: "w1"))
                ]
        )
        let snapshot = try reader.snapshot()
        #expect(snapshot.units.first?.charges == 0)
        #expect(snapshot.chargedFailures.isEmpty)
    }

    @Test func `the attempts of a tile tell everything in order`() async throws {
        try await journal.append([
            Fixtures.entry(
                .workerJoined(
                    WorkerDescription(
                        id: "w1",
                        host: "node3",
                        processID: 12,
                        slots: 2,
                        build: "b",
                        session: 1
                    )
                )
            )
        ])
        try await journal.append(
            fail(Fixtures.lease(0), .outOfMemory, isCharged: true)
                + Fixtures.commit(Fixtures.lease(0, 2), at: 1010)
                + Fixtures.commit(Fixtures.lease(0, 1, stage: .balance), at: 1020)
        )
        let attempts = try reader.attempts(of: TileID(row: 0, column: 0))
        #expect(attempts.map(\.outcome) == [.failed, .committed, .committed])
        #expect(attempts[0].failureClass == .outOfMemory)
        #expect(attempts[0].host == "node3")
        #expect(attempts[0].isCharged)
        #expect(attempts[1].cost.computeSeconds == 2)
        #expect(attempts[1].elapsedSeconds == 6.5)
        #expect(attempts[2].lease.unit.stage == .balance)
        #expect(try reader.attempts(of: TileID(row: 1, column: 1)).isEmpty)
    }

    private func grant(_ lease: LeaseID, at seconds: Double) -> JournalEntry {
        Fixtures.entry(.granted(lease, worker: "w1", isSpeculative: false), at: seconds)
    }

    private func end(_ lease: LeaseID, _ outcome: AttemptOutcome) -> JournalEntry {
        Fixtures.entry(
            .attemptEnded(
                AttemptEnd(lease: lease, outcome: outcome, failureClass: nil, message: "")
            )
        )
    }

    @Test(arguments: [AttemptOutcome.failed, .lost, .released])
    func `a unit that is granted again and again is under way since its first attempt`(
        outcome: AttemptOutcome
    ) throws {
        #expect(try reader.earliestOpenUnitSeconds() == nil)
        try journal.appendNow([
            grant(Fixtures.lease(0), at: 1000), end(Fixtures.lease(0), outcome),
            grant(Fixtures.lease(1), at: 1500),
        ])
        #expect(try reader.earliestOpenUnitSeconds() == 1500)
        try journal.appendNow([grant(Fixtures.lease(0, 2), at: 2000)])
        #expect(try reader.earliestOpenUnitSeconds() == 1000)
    }

    @Test func `what the run itself took back, or lost after its commit, begins anew`() throws {
        try journal.appendNow(
            [
                grant(Fixtures.lease(0), at: 1000), end(Fixtures.lease(0), .revoked),
                grant(Fixtures.lease(0, 2), at: 2000),
            ] + Fixtures.commit(Fixtures.lease(1), at: 1100) + [
                Fixtures.entry(.resultDiscarded(Fixtures.lease(1).unit, reason: "file is gone")),
                grant(Fixtures.lease(1, 2), at: 2100),
            ]
        )
        #expect(try reader.earliestOpenUnitSeconds() == 2000)
    }

    @Test func `a new coordinator does not inherit the time of failed attempts`() throws {
        try journal.appendNow([
            grant(Fixtures.lease(0), at: 1000), end(Fixtures.lease(0), .failed),
        ])
        try journal.close()
        let next = try RunJournal.open(
            at: reader.path,
            plan: Fixtures.plan(),
            runID: "run1",
            wallSeconds: 3000,
            files: PosixFileSystem()
        )
        try next.appendNow([grant(Fixtures.lease(0, 2), at: 3001)])
        #expect(try reader.earliestOpenUnitSeconds() == 3001)
    }

    @Test func `workers are listed with what they did`() async throws {
        for id in ["w1", "w2"] {
            try await journal.append([
                Fixtures.entry(
                    .workerJoined(
                        WorkerDescription(
                            id: id,
                            host: "node",
                            processID: 1,
                            slots: 1,
                            build: "b",
                            session: 1
                        )
                    )
                )
            ])
        }
        try await journal.append(
            Fixtures.commit(Fixtures.lease(0), worker: "w2", at: 2000)
                + [Fixtures.entry(.workerLeft(id: "w1", reason: "tired"), at: 3000)]
        )
        let workers = try reader.workers()
        #expect(workers.map(\.description.id) == ["w2", "w1"])
        #expect(workers[0].committedCount == 1)
        #expect(workers[0].lastSeenSeconds == 2001)
        #expect(workers[0].leftSeconds == nil)
        #expect(workers[1].leftReason == "tired")
        #expect(workers[1].openLeaseCount == 0)
    }

    @Test func `reductions come back and an invalidated stage starts over`() async throws {
        try await journal.append(
            Fixtures.commit(Fixtures.lease(0)) + [
                Fixtures.entry(.reduced(.prepare, round: 0, .finished(constants: [1])))
            ] + Fixtures.commit(Fixtures.lease(0, 4, stage: .balance)) + [
                Fixtures.entry(.reduced(.balance, round: 0, .anotherRound(constants: [2])))
            ]
        )
        #expect(try reader.reductions().map(\.stage) == [.prepare, .balance])
        #expect(try reader.constants() == [.prepare: [1]])
        try await journal.append([Fixtures.entry(.invalidated(from: .prepare))])
        #expect(try reader.reductions().isEmpty)
        let units = try reader.snapshot().units
        #expect(units.map(\.state) == [.committed, .open])
        #expect(units.map(\.attempts) == [1, 4])
    }

    @Test func `a discarded result makes its unit open again`() async throws {
        try await journal.append(
            Fixtures.commit(Fixtures.lease(0)) + [
                Fixtures.entry(.resultDiscarded(Fixtures.lease(0).unit, reason: "file is gone"))
            ]
        )
        let unit = try #require(try reader.snapshot().units.first)
        #expect(unit.state == .open)
        #expect(unit.object == nil)
        #expect(unit.attempts == 1)
        try await journal.append(Fixtures.commit(Fixtures.lease(0, 2)))
        #expect(try reader.results(stage: .prepare, round: 0).map(\.lease.attempt.number) == [2])
        #expect(
            try reader.events(of: TileID(row: 0, column: 0)).map(\.kind) == ["tile.discarded"]
        )
    }
}
