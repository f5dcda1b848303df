import Analysis
import ContentDigest
import Messaging
import SimulationKit
import Tiling
import WireProtocol

/// Cases to begin with, always the same: each kind of message and file, and random conversations.
package enum FuzzCorpus {
    /// The cases.
    ///
    /// - Parameters:
    ///   - seed: of the random ones.
    ///   - conversations: how many of those.
    /// - Returns: the cases, the same for the same arguments.
    package static func cases(seed: UInt64, conversations: Int) -> [[UInt8]] {
        files() + frames(seed: seed) + self.conversations(seed: seed, count: conversations)
    }

    /// Random conversations with a coordinator, and with a worker.
    package static func conversations(seed: UInt64, count: Int) -> [[UInt8]] {
        var random = SeededRandom(seed: seed)
        return (0..<count).map { number in
            let subject: FuzzCase.Subject = number % 3 == 2 ? .worker : .coordinator
            let length = random.integer(in: 4...240)
            return [UInt8(subject.rawValue)]
                + (0..<length).map { _ in UInt8(truncatingIfNeeded: random.next()) }
        }
    }

    /// A case changed in a few places, from a seed.
    package static func changed(_ bytes: [UInt8], seed: UInt64) -> [UInt8] {
        var random = SeededRandom(seed: seed)
        var bytes = bytes
        for _ in 0..<random.integer(in: 1...3) where bytes.count > 2 {
            // The subject and the kind stay: most changes shall reach the content.
            let place = random.integer(in: min(2, bytes.count - 1)...bytes.count - 1)
            switch random.integer(in: 0...4) {
            case 0: bytes[place] ^= 1 << UInt8(random.integer(in: 0...7))
            case 1: bytes[place] = UInt8(truncatingIfNeeded: random.next())
            case 2: bytes.removeLast(bytes.count - place)
            case 3: bytes.insert(UInt8(truncatingIfNeeded: random.next()), at: place)
            default:
                bytes.insert(contentsOf: [255, 255, 255, 255, 255, 255, 255, 255, 127], at: place)
            }
        }
        return bytes
    }

    private static func frames(seed: UInt64) -> [[UInt8]] {
        var random = SeededRandom(seed: seed ^ 0xF4A3)
        var cases: [[UInt8]] = []
        let draft = MessageDraft()
        for number in 0..<200 {
            var choices = FuzzBytes((0..<120).map { _ in UInt8(truncatingIfNeeded: random.next()) })
            let frames =
                number % 2 == 0
                ? WireCodec.encode(draft.workerMessage(&choices, worker: number % 4))
                : WireCodec.encode(draft.coordinatorMessage(&choices))
            cases.append([UInt8(FuzzCase.Subject.frames.rawValue), 0] + frames[1])
        }
        return cases
    }

    private static func files() -> [[UInt8]] {
        // The example pair of ZeroMQ's manual.
        let key = "Yne@$w-vo<fVvi]a<NY6T1ed:M$fCG*[IaLV{hID"
        let secret = "D:)Q[IlAW!ahhC2ac:9*A}h:p?([4%wOTJ%JR%cs"
        let lease = LeaseID(
            unit: WorkUnit(stage: .balance, round: 1, tile: TileID(row: 1, column: 2)),
            attempt: .first
        )
        let object = TileObjectKey(lease: lease, nonce: 7)
        let texts: [(FileFuzz.Kind, String)] = [
            (
                .joinFile,
                """
                {"endpoints":["tcp://localhost:5555"],"protocol":"sectile-join/1","runID":"run",\
                "serverPublicKey":"\(key)","workerKey":{"public":"\(key)","secret":"\(secret)"}}
                """
            ),
            (.allowList, "# keys\n\(key) node1\n"), (.objectKey, object.path),
            (.inputPath, "inputs/zones.bin"), (.inputPath, "inputs/../../etc/passwd"),
            (.tileID, "\(lease.unit.tile)"), (.digest, ContentDigest(of: "a").hexadecimal),
            (.endpoint, "tcp://[::1]:5555"), (.workerID, MessageDraft.worker(1).text),
            (.configuration, configuration),
            (.controlRequest, #"{"verb":"drain","worker":"node1"}"#),
        ]
        var contents: [(FileFuzz.Kind, [UInt8])] = texts.map { ($0, Array($1.utf8)) }
        contents += [
            (.specification, (try? FuzzModel.model.encoded()) ?? []),
            (.preparePartial, FuzzModel.preparePartial),
            (.balancePartials, FuzzModel.balancePartials),
            (.candidatePartial, FuzzModel.candidatePartial), (.fitPartial, FuzzModel.fitPartial),
            (.residualPartial, FuzzModel.residualPartial),
            (.reduction, [0] + FuzzModel.preparePartial),
            (.reduction, [1] + FuzzModel.balancePartials),
            (.zones, ZoneSet(identities: [], polygons: []).encoded),
            (.objectList, [UInt8](repeating: 1, count: 88)),
        ]
        return contents.map { kind, content in
            [UInt8(FuzzCase.Subject.files.rawValue), UInt8(kind.rawValue)] + content
        }
    }

    private static let configuration = """
        name: small
        grid: {crs: china-albers, originX: 0, originY: 0, cellSizeMetres: 1e4, columns: 6, rows: 4}
        tiling: {tileSizePixels: 16}
        layers:
          - {name: e, role: emission, path: e.tif, quantity: density, unit: tCO2/km2/yr}
          - {name: s, role: sink, sink: npp, path: s.tif, quantity: density, unit: tCO2/km2/yr}
        deficit: {variants: [abs, rel]}
        """
}
