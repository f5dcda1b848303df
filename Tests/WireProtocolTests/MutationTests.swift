import Testing
import WireProtocol

@Suite struct MutationTests {
    private static let seed: UInt64 = 20_261_123
    private static let caseCount = 100_000

    @Test func `no mutated message traps, and what is accepted is legal`() throws {
        var random = SplitMix64(seed: Self.seed)
        let corpus = Self.corpus()
        var acceptedCount = 0
        var refusedCount = 0
        for number in 0..<Self.caseCount {
            let frames = Self.mutated(random.element(corpus), with: corpus, &random)
            do {
                if random.chance(50) {
                    let message = try WireCodec.decodeWorker(frames)
                    try #require(
                        try WireCodec.decodeWorker(WireCodec.encode(message)) == message,
                        "seed \(Self.seed), case \(number)"
                    )
                } else {
                    let message = try WireCodec.decodeCoordinator(frames)
                    try #require(
                        try WireCodec.decodeCoordinator(WireCodec.encode(message)) == message,
                        "seed \(Self.seed), case \(number)"
                    )
                }
                acceptedCount += 1
            } catch let error as WireError {
                try #require(!error.description.isEmpty)
                refusedCount += 1
            }
        }
        // Both paths were walked: mutations neither spare everything nor destroy everything.
        #expect(acceptedCount > Self.caseCount / 100)
        #expect(refusedCount > Self.caseCount / 4)
    }

    private static func corpus() -> [[[UInt8]]] {
        var generator = MessageGenerator(seed: seed)
        return (0..<400).map { index in
            index.isMultiple(of: 2)
                ? WireCodec.encode(generator.workerMessage())
                : WireCodec.encode(generator.coordinatorMessage())
        }
    }

    private static func mutated(
        _ frames: [[UInt8]],
        with corpus: [[[UInt8]]],
        _ random: inout SplitMix64
    ) -> [[UInt8]] {
        var frames = frames
        // Most cases reach the envelope; a few have a broken header or number of frames.
        if random.chance(2) { frames[0] = random.bytes(0...9) }
        if random.chance(1) { frames.append([]) }
        var envelope = frames[1]
        for _ in 0..<random.integer(1...3) {
            guard !envelope.isEmpty else { break }
            let position = random.integer(0...(envelope.count - 1))
            switch random.integer(0...6) {
            case 0: envelope[position] ^= 1 << UInt8(random.integer(0...7))
            case 1: envelope[position] = random.element([0, 1, 0x7F, 0x80, 0xFF])
            case 2: envelope.removeLast(envelope.count - position)
            case 3: envelope.insert(contentsOf: random.bytes(1...8), at: position)
            case 4: envelope.removeSubrange(position..<min(envelope.count, position + 3))
            case 5: envelope += random.element(corpus)[1]
            default:
                let donor = random.element(corpus)[1]
                envelope.replaceSubrange(position..., with: donor.suffix(random.integer(0...80)))
            }
        }
        frames[1] = envelope
        return frames
    }
}
