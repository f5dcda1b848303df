import ContentDigest
import Lattice
import Testing
import Tiling
import WireProtocol

@Suite struct RoundTripTests {
    @Test(arguments: [1, 2, 3] as [UInt64])
    func `every legal worker message survives the wire`(seed: UInt64) throws {
        var generator = MessageGenerator(seed: seed)
        for number in 0..<2_000 {
            let message = generator.workerMessage()
            let decoded = try WireCodec.decodeWorker(WireCodec.encode(message))
            #expect(decoded == message, "seed \(seed), message \(number)")
        }
    }

    @Test(arguments: [1, 2, 3] as [UInt64])
    func `every legal coordinator message survives the wire`(seed: UInt64) throws {
        var generator = MessageGenerator(seed: seed)
        for number in 0..<2_000 {
            let message = generator.coordinatorMessage()
            let decoded = try WireCodec.decodeCoordinator(WireCodec.encode(message))
            #expect(decoded == message, "seed \(seed), message \(number)")
        }
    }

    @Test func `the bytes of a message do not depend on the order of a dictionary`() {
        let brief = StageBrief(
            stage: .fit,
            round: 0,
            constants: [.bandwidth: [3], .prepare: [1], .balance: [2]]
        )
        let constants = (1...3).flatMap { stage in
            EnvelopeBytes.bytes(
                3,
                EnvelopeBytes.number(1, UInt64(stage)) + EnvelopeBytes.bytes(2, [UInt8(stage)])
            )
        }
        let expected = EnvelopeBytes.bytes(12, EnvelopeBytes.number(1, 4) + constants)
        for _ in 0..<10 {
            #expect(WireCodec.encode(.stage(brief))[1] == expected)
        }
    }

    @Test func `a message is the bytes that the schema says`() {
        let lease = LeaseID(
            unit: WorkUnit(stage: .bandwidth, round: 2, tile: TileID(row: 300, column: 7)),
            attempt: Attempt(4)
        )
        let frames = WireCodec.encode(
            .heartbeat(
                WorkerHeartbeat(
                    held: [lease],
                    residentBytes: 1_000,
                    wallClockSeconds: 12.5,
                    sequence: 9
                )
            )
        )
        let held = EnvelopeBytes.lease(stage: 3, round: 2, row: 300, column: 7, attempt: 4)
        let beat =
            EnvelopeBytes.bytes(1, held) + EnvelopeBytes.number(2, 1_000)
            + EnvelopeBytes.double(3, 12.5) + EnvelopeBytes.number(4, 9)
        #expect(frames == [Array("SCTL".utf8) + [0, 2, 0, 1], EnvelopeBytes.bytes(11, beat)])
    }

    @Test func `an unknown field is ignored, so that a minor version may add some`() throws {
        let envelope =
            EnvelopeBytes.text(9, "new") + EnvelopeBytes.bytes(15, EnvelopeBytes.text(99, "new"))
        let message = try WireCodec.decodeWorker([ProtocolVersion.current.header, envelope])
        #expect(message == .goodbye(reason: ""))
    }

    @Test func `a failure is reportable whatever its message contains`() throws {
        let lease = LeaseID(
            unit: WorkUnit(stage: .prepare, tile: TileID(row: 0, column: 0)),
            attempt: .first
        )
        let message = "\u{1B}[2J bad\u{0}" + String(repeating: "案", count: 5_000)
        let frames = WireCodec.encode(
            .failed(AttemptFailure(lease: lease, failureClass: .input, message: message))
        )
        guard case .failed(let failure) = try WireCodec.decodeWorker(frames) else {
            Issue.record("a failure was decoded as something else")
            return
        }
        #expect(failure.message.hasPrefix("\u{FFFD}[2J bad\u{FFFD}案"))
        #expect(failure.message.utf8.count <= WireLimits.sentenceBytes)
        #expect(failure.message.utf8.count > WireLimits.sentenceBytes - 3)
    }

    @Test func `the largest partial fits a message`() throws {
        let lease = LeaseID(
            unit: WorkUnit(stage: .bandwidth, tile: TileID(row: 0, column: 0)),
            attempt: .first
        )
        var generator = MessageGenerator(seed: 5)
        let result = TileResult(
            lease: lease,
            object: generator.object(of: lease),
            partial: [UInt8](repeating: 7, count: TileResult.maximumPartialBytes),
            cost: TileCost()
        )
        let frames = WireCodec.encode(.completed(result))
        #expect(frames[1].count <= WireLimits.envelopeBytes)
        #expect(try WireCodec.decodeWorker(frames) == .completed(result))
    }

    @Test func `the longest list of leases fits a message`() throws {
        let leases = (0..<WireLimits.leases).map { index in
            LeaseID(
                unit: WorkUnit(
                    stage: .diagnose,
                    round: WorkUnit.maximumRounds - 1,
                    tile: TileID(row: 90_000, column: index + 50_000)
                ),
                attempt: Attempt(WireLimits.attempt)
            )
        }
        let frames = WireCodec.encode(.committed(leases))
        #expect(frames[1].count <= WireLimits.envelopeBytes)
        #expect(try WireCodec.decodeCoordinator(frames) == .committed(leases))
    }
}
