import ContentDigest
import Testing
import Tiling
import WireProtocol

@Suite struct BriefAssemblyTests {
    private static func halo(seed: UInt64, balance: Int, fit: Int) -> HaloIndex {
        var generator = MessageGenerator(seed: seed)
        return HaloIndex([
            generator.list(of: .balance, count: balance), generator.list(of: .fit, count: fit),
        ])
    }

    /// Out of the macros, which cannot see that an assembly changes.
    private static func take(_ part: StageBrief, _ assembly: inout BriefAssembly) -> RoundBrief? {
        assembly.take(part)
    }

    private static func parts(_ halo: HaloIndex, _ partBytes: Int) -> [StageBrief] {
        StageBrief.parts(
            stage: .diagnose,
            round: 3,
            constants: [.balance: [1, 2, 3]],
            halo: halo,
            partBytes: partBytes
        )
    }

    @Test(arguments: [0, 1, 88, 91, 176, 500, 5_000, 1 << 20])
    func `a brief in parts is the brief, whatever their size`(partBytes: Int) throws {
        for (balance, fit) in [(0, 0), (1, 0), (0, 1), (2, 2), (7, 12), (30, 1)] {
            let halo = Self.halo(seed: 3, balance: balance, fit: fit)
            let parts = Self.parts(halo, partBytes)
            var assembly = BriefAssembly()
            for part in parts.dropLast() {
                let sent = try WireCodec.decodeCoordinator(WireCodec.encode(.stage(part)))
                guard case .stage(let heard) = sent else { return }
                #expect(Self.take(heard, &assembly) == nil)
            }
            let last = try #require(parts.last)
            let whole = try #require(Self.take(last, &assembly))
            #expect(whole.halo == halo)
            #expect(whole.constants == [.balance: [1, 2, 3]])
            #expect((whole.stage, whole.round) == (.diagnose, 3))
        }
    }

    @Test func `a part that is lost, comes twice or too early leaves no brief`() {
        let parts = Self.parts(Self.halo(seed: 4, balance: 9, fit: 9), 300)
        #expect(parts.count > 3)
        let orders = [[0, 2, 3], [0, 1, 1, 2, 3], [0, 2, 1, 3], [1, 2, 3], [0, 0, 2, 3]]
        for order in orders {
            var assembly = BriefAssembly()
            let rest = order + Array(4..<parts.count)
            #expect(rest.compactMap { Self.take(parts[$0], &assembly) }.isEmpty, "\(order)")
        }
    }

    @Test func `a brief that begins again replaces what came before`() throws {
        let parts = Self.parts(Self.halo(seed: 5, balance: 9, fit: 9), 300)
        let other = Self.parts(Self.halo(seed: 6, balance: 8, fit: 9), 300)
        var assembly = BriefAssembly()
        for part in parts.dropLast() { #expect(Self.take(part, &assembly) == nil) }
        for part in other.dropLast() { #expect(Self.take(part, &assembly) == nil) }
        let last = try #require(other.last)
        let whole = try #require(Self.take(last, &assembly))
        #expect(whole.halo == Self.halo(seed: 6, balance: 8, fit: 9))
    }

    @Test func `more objects than the bound are not gathered`() {
        var list = ObjectList(stage: .balance, round: 0)
        let record = Self.halo(seed: 1, balance: 1, fit: 0).lists[0].object(at: 0)
        for index in 0...HaloIndex.maximumTiles {
            list.append(
                ObjectList.Record(
                    tile: TileID(row: index / 1000, column: index % 1000),
                    attempt: .first,
                    nonce: 1,
                    bytes: record.bytes,
                    fileDigest: PackedDigest(record.fileDigest),
                    samplesDigest: PackedDigest(record.samplesDigest)
                )
            )
        }
        let parts = Self.parts(HaloIndex([list]), WireLimits.opaqueBytes)
        #expect(parts.count == 4)
        var assembly = BriefAssembly()
        #expect(parts.compactMap { Self.take($0, &assembly) }.isEmpty)
        let legal = list.part(0..<HaloIndex.maximumTiles)
        let wholes = Self.parts(HaloIndex([legal]), WireLimits.opaqueBytes)
            .compactMap { Self.take($0, &assembly) }
        #expect(wholes.map(\.halo.lists.first?.count) == [HaloIndex.maximumTiles])
        for part in parts {
            #expect(WireCodec.encode(.stage(part))[1].count <= WireLimits.envelopeBytes)
        }
    }
}
