import Execution
import Testing
import Tiling
import WireProtocol

@Suite struct SlotCodecTests {
    private static let lease = Fixtures.lease(3, attempt: 2)
    private static let object = TransferFile.object(TileObjectKey(lease: lease, nonce: 7))

    private static let orders: [SlotOrder] = [
        .setting(specification: [1, 2, 3], runDirectory: "/run/ä b"),
        .setting(specification: [], runDirectory: ""),
        .brief(Fixtures.brief),
        .compute(Fixtures.grant(3, attempt: 2)),
        .cancel,
        .lent(path: "/scratch/cache/x.tif"),
        .withheld(.storage, "the coordinator has no such file"),
        .inspect(specification: [9]),
    ]

    private static let reports: [SlotReport] = [
        .ready,
        .completed(Fixtures.result(3, attempt: 2)),
        .failed(
            AttemptFailure(
                lease: lease,
                failureClass: .input,
                message: "a hole",
                peakResidentBytes: 77
            )
        ),
        .wants(object),
        .wants(.zones),
        .returned(object, isSound: true),
        .returned(.zones, isSound: false),
        .inspected(problem: nil),
        .inspected(problem: "layer 'sink' cannot be read here"),
    ]

    /// Frames of a stream that comes in pieces of some sizes.
    private static func frames(
        _ bytes: [UInt8],
        piece: Int
    ) throws -> [SlotFrameBuffer.Frame] {
        var buffer = SlotFrameBuffer()
        var frames: [SlotFrameBuffer.Frame] = []
        for start in stride(from: 0, to: bytes.count, by: piece) {
            buffer.append(Array(bytes[start..<min(bytes.count, start + piece)]))
            while let frame = try buffer.next() { frames.append(frame) }
        }
        return frames
    }

    @Test(arguments: [1, 3, 64, 1 << 20])
    func `orders and reports come out as they went in, however the stream is cut`(
        piece: Int
    ) throws {
        let orders = Self.orders.flatMap { SlotCodec.encode($0) }
        #expect(
            try Self.frames(orders, piece: piece).map { try SlotCodec.decodeOrder($0) }
                == Self.orders
        )
        let reports = Self.reports.flatMap { SlotCodec.encode($0) }
        #expect(
            try Self.frames(reports, piece: piece).map { try SlotCodec.decodeReport($0) }
                == Self.reports
        )
    }

    @Test func `a length that no frame has ends the stream`() throws {
        for length: [UInt8] in [[0, 0, 0, 0], [0xff, 0xff, 0xff, 0xff], [0, 0x50, 0, 0]] {
            var buffer = SlotFrameBuffer()
            buffer.append(length + [1, 2, 3])
            #expect(throws: SlotFrameError.self) { try buffer.next() }
        }
        var buffer = SlotFrameBuffer()
        buffer.append([0, 0, 0, 5, 1, 2])
        #expect(try buffer.next() == nil)
    }

    @Test func `garbage is refused and never traps`() {
        var random = SplitMix64(seed: 11)
        let whole =
            (Self.orders.map { SlotCodec.encode($0) })
            + (Self.reports.map { SlotCodec.encode($0) })
        for _ in 0..<20_000 {
            var bytes = whole[Int(random.next() % UInt64(whole.count))]
            for _ in 0...(random.next() % 4) {
                bytes[Int(random.next() % UInt64(bytes.count))] = UInt8(
                    truncatingIfNeeded: random.next()
                )
            }
            if random.next() % 4 == 0 { bytes.removeLast(Int(random.next() % UInt64(bytes.count))) }
            var buffer = SlotFrameBuffer()
            buffer.append(bytes)
            while let frame = try? buffer.next() {
                _ = try? SlotCodec.decodeOrder(frame)
                _ = try? SlotCodec.decodeReport(frame)
            }
        }
        for kind in UInt8.min...UInt8.max {
            for content: [UInt8] in [[], [0], [0xff, 0xff], Array("../../etc/passwd".utf8)] {
                let frame = SlotFrameBuffer.encoded(kind: kind, content)
                var buffer = SlotFrameBuffer()
                buffer.append(frame)
                guard let cut = try? buffer.next() else { continue }
                if case .wants = try? SlotCodec.decodeReport(cut) {
                    Issue.record("a place outside the run was taken for a file of it")
                }
                _ = try? SlotCodec.decodeOrder(cut)
            }
        }
    }
}
