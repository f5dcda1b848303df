import ContentDigest
import Lattice
import Messaging
import Tiling
import WireProtocol

/// Messages as a grammar: a case's bytes choose kinds and fields, and leases mostly from those known.
struct MessageDraft {
    /// Leases that somebody was granted.
    var leases: [LeaseID] = []

    static let build = BuildIdentity(version: "1", gdal: "3.6.2", proj: "9.1.1")
    static let digests = (0..<4).map { ContentDigest(of: "digest \($0)") }
    private static let files = ["inputs/zones.bin", "inputs/x", "../x", "/etc/passwd", "tiles/x"]

    static func worker(_ number: Int) -> WorkerID {
        guard let id = WorkerID("00000000-0000-0000-0000-00000000000\(number % 10)") else {
            preconditionFailure("a legal identity")
        }
        return id
    }

    mutating func remember(_ lease: LeaseID) {
        if leases.count == 24 { leases.removeFirst() }
        leases.append(lease)
    }

    func lease(_ bytes: inout FuzzBytes) -> LeaseID {
        let choice = bytes.next()
        if choice < 224, let known = bytes.element(of: leases) { return known }
        return LeaseID(
            unit: WorkUnit(
                stage: Stage.allCases[bytes.choice(of: Stage.allCases.count)],
                round: choice % 2 == 0 ? bytes.choice(of: 2) : WorkUnit.maximumRounds - 1,
                tile: TileID(
                    row: choice % 3 == 0 ? TileID.maximumIndex : bytes.choice(of: 3),
                    column: bytes.choice(of: 3)
                )
            ),
            attempt: Attempt(choice % 5 == 0 ? WireLimits.attempt : 1 + bytes.choice(of: 4))
        )
    }

    /// Some leases, each once.
    func some(_ bytes: inout FuzzBytes) -> [LeaseID] {
        var seen: Set<LeaseID> = []
        return (0..<bytes.choice(of: 5)).map { _ in lease(&bytes) }
            .filter { seen.insert($0).inserted }
    }

    func object(of lease: LeaseID, _ bytes: inout FuzzBytes) -> TileObject {
        let choice = bytes.next()
        return TileObject(
            key: TileObjectKey(lease: lease, nonce: UInt32(choice >> 6)),
            bytes: choice % 16 == 15 ? WireLimits.storageBytes : Int(choice % 16),
            fileDigest: Self.digests[0],
            // Mostly what every correct attempt has.
            samplesDigest: Self.digests[choice < 250 ? 0 : (Int(choice) - 249) & 3]
        )
    }

    func result(_ bytes: inout FuzzBytes) -> TileResult {
        let lease = lease(&bytes)
        let choice = bytes.next()
        return TileResult(
            lease: lease,
            object: object(of: choice == 255 ? self.lease(&bytes) : lease, &bytes),
            partial: choice < 200 ? [1, 2, 3] : bytes.rest(atMost: Int(choice) - 200),
            cost: choice < 240
                ? TileCost(computeSeconds: 0.1)
                : TileCost(
                    readSeconds: bytes.real(),
                    computeSeconds: bytes.real(),
                    writeSeconds: bytes.real(),
                    peakResidentBytes: abs(bytes.number() / 2)
                )
        )
    }

    func file(_ bytes: inout FuzzBytes) -> TransferFile {
        let choice = bytes.next()
        if choice > 200, let input = ResolvedInput(path: Self.files[Int(choice) % 5]) {
            return .input(input)
        }
        let lease = lease(&bytes)
        return .object(object(of: lease, &bytes).key)
    }

    func piece(_ bytes: inout FuzzBytes) -> FilePiece {
        let content = bytes.rest(atMost: bytes.choice(of: 20))
        let offset = bytes.choice(of: 4) == 0 ? abs(bytes.number() / 2) : 0
        return FilePiece(
            file: file(&bytes),
            offset: min(offset, WireLimits.storageBytes / 2),
            content: bytes.choice(of: 4) == 0
                ? .unavailable("gone")
                : .bytes(content, fileBytes: content.count + bytes.choice(of: 3))
        )
    }

    func request(_ bytes: inout FuzzBytes) -> FileRequest {
        FileRequest(
            file: file(&bytes),
            offset: bytes.choice(of: 4) == 0 ? abs(bytes.number() / 2) : 0,
            length: 1 + bytes.choice(of: 255)
        )
    }

    func workerMessage(_ bytes: inout FuzzBytes, worker: Int) -> WorkerMessage {
        switch bytes.choice(of: 12) {
        case 0, 1: .hello(hello(&bytes, worker: worker))
        case 2, 3:
            .heartbeat(
                WorkerHeartbeat(
                    held: some(&bytes),
                    residentBytes: abs(bytes.number() / 2),
                    wallClockSeconds: bytes.real(),
                    sequence: bytes.word()
                )
            )
        case 4, 5, 6: .completed(result(&bytes))
        case 7:
            .failed(
                AttemptFailure(
                    lease: lease(&bytes),
                    failureClass: FailureClass.allCases[
                        bytes.choice(of: FailureClass.allCases.count)
                    ],
                    message: "because",
                    peakResidentBytes: abs(bytes.number() / 2)
                )
            )
        case 8: .released(some(&bytes), reason: "enough")
        case 9: .request(request(&bytes))
        case 10: .piece(piece(&bytes))
        default: .goodbye(reason: "over")
        }
    }

    private func hello(_ bytes: inout FuzzBytes, worker: Int) -> WorkerHello {
        let choice = bytes.next()
        let slots = choice < 250 ? 1 + Int(choice) % 3 : WireLimits.slots
        // Now and then the identity of another.
        let id = Self.worker(choice % 32 == 31 ? worker + 1 : worker)
        var running: [LeaseID] = []
        var results: [TileResult] = []
        if choice >= 64 {
            running = some(&bytes)
            var seen = Set(running)
            results = (0..<bytes.choice(of: 3)).map { _ in result(&bytes) }
                .filter { seen.insert($0.lease).inserted }
        }
        return WorkerHello(
            workerID: id,
            host: "host",
            processID: 100 + worker,
            build: choice == 249 ? BuildIdentity(version: "2", gdal: "", proj: "") : Self.build,
            slots: slots,
            credit: choice == 248 ? WireLimits.leases : slots + Int(choice % 2),
            memoryPerSlotBytes: 0,
            runID: choice % 16 == 0 ? "other" : "run",
            running: running,
            unacknowledged: results,
            transportsObjects: choice % 4 == 1
        )
    }

    func coordinatorMessage(_ bytes: inout FuzzBytes) -> CoordinatorMessage {
        switch bytes.choice(of: 16) {
        case 0, 1: .welcome(welcome(&bytes))
        case 2:
            .refuse(
                Refusal(
                    code: RefusalCode.allCases[bytes.choice(of: RefusalCode.allCases.count)],
                    found: "this",
                    wanted: "that"
                )
            )
        case 3, 4: .stage(brief(&bytes))
        case 5, 6, 7:
            .lease(
                some(&bytes).map { lease in
                    LeaseGrant(
                        lease: lease,
                        core: CellWindow(rows: 0..<4, columns: 0..<4),
                        inputs: (0..<bytes.choice(of: 2)).map { _ in object(of: lease, &bytes) },
                        wallLimitSeconds: 1 + bytes.choice(of: 255)
                    )
                }
            )
        case 8: .committed(some(&bytes))
        case 9: .stale(some(&bytes))
        case 10: .heartbeat(sequence: bytes.word())
        case 11: .drain(reason: "enough")
        case 12: .goodbye(GoodbyeReason.allCases[bytes.choice(of: 3)])
        case 13: .request(request(&bytes))
        case 14: .piece(piece(&bytes))
        default: .resync
        }
    }

    private func welcome(_ bytes: inout FuzzBytes) -> Welcome {
        let heartbeat = 10 + bytes.choice(of: 200)
        return Welcome(
            runID: bytes.choice(of: 8) == 1 ? "other" : "run",
            epoch: UInt64(bytes.choice(of: 3)),
            session: UInt64(bytes.next()),
            heartbeatMilliseconds: heartbeat,
            leaseMilliseconds: 3 * heartbeat,
            planDigest: Self.digests[0],
            specification: [1, 2, 3],
            runDirectory: bytes.choice(of: 8) == 1 ? "/other" : "/run",
            storageProbe: "probe"
        )
    }

    private func brief(_ bytes: inout FuzzBytes) -> StageBrief {
        let stage = Stage.allCases[bytes.choice(of: Stage.allCases.count)]
        var list = ObjectList(stage: .balance, round: 0)
        for column in 0..<bytes.choice(of: 3) {
            list.append(
                ObjectList.Record(
                    tile: TileID(row: 0, column: column),
                    attempt: .first,
                    nonce: 1,
                    bytes: 1,
                    fileDigest: PackedDigest(Self.digests[0]),
                    samplesDigest: PackedDigest(Self.digests[0])
                )
            )
        }
        return StageBrief(
            stage: stage,
            round: bytes.choice(of: 2),
            constants: [.prepare: [1]],
            objects: stage.haloStages.isEmpty ? [] : [list],
            part: bytes.choice(of: 8) == 1 ? 1 : 0,
            following: bytes.choice(of: 8) == 1 ? 1 : 0
        )
    }

    /// Damages frames here and there.
    static func damaged(_ frames: [[UInt8]], _ bytes: inout FuzzBytes) -> [[UInt8]] {
        var frames = frames
        for _ in 0...bytes.choice(of: 4) {
            let index = bytes.choice(of: 16) == 15 ? 0 : frames.count - 1
            guard frames.indices.contains(index), !frames[index].isEmpty else { continue }
            let place = (Int(bytes.next()) | Int(bytes.next()) << 8) % frames[index].count
            switch bytes.choice(of: 7) {
            case 0: frames[index][place] ^= 1 << (bytes.next() & 7)
            case 1: frames[index][place] = bytes.next()
            case 2: frames[index].removeLast(frames[index].count - place)
            case 3: frames[index].insert(contentsOf: bytes.rest(atMost: 9), at: place)
            case 4: frames[index].remove(at: place)
            case 5:
                // A number of ten bytes, as large as there is.
                frames[index].insert(
                    contentsOf: [UInt8](repeating: 0xFF, count: 9) + [1],
                    at: place
                )
            default: frames.append(bytes.rest(atMost: 4))
            }
        }
        return frames
    }
}
