import ContentDigest
import Lattice
import Tiling
import WireProtocol

/// Legal messages of every kind, from a seed.
struct MessageGenerator {
    var random: SplitMix64

    init(seed: UInt64) {
        random = SplitMix64(seed: seed)
    }

    mutating func workerMessage() -> WorkerMessage {
        switch random.integer(0...7) {
        case 0: .hello(hello())
        case 1: .heartbeat(heartbeat())
        case 2: .completed(result(of: lease()))
        case 3: .failed(failure())
        case 4: .released(leases(), reason: sentence())
        case 5: .request(request())
        case 6: .piece(piece())
        default: .goodbye(reason: sentence())
        }
    }

    mutating func coordinatorMessage() -> CoordinatorMessage {
        switch random.integer(0...11) {
        case 0: .welcome(welcome())
        case 1:
            .refuse(
                Refusal(
                    code: random.element(RefusalCode.allCases),
                    found: sentence(),
                    wanted: sentence()
                )
            )
        case 2: .stage(brief())
        case 3: .lease(leases().map { grant($0) })
        case 4: .committed(leases())
        case 5: .stale(leases())
        case 6: .heartbeat(sequence: random.next())
        case 7: .drain(reason: sentence())
        case 8: .goodbye(random.element(GoodbyeReason.allCases))
        case 9: .request(request())
        case 10: .piece(piece())
        default: .resync
        }
    }

    mutating func lease() -> LeaseID {
        LeaseID(
            unit: WorkUnit(
                stage: random.element(Stage.allCases),
                round: random.chance(70) ? 0 : random.integer(0...(WorkUnit.maximumRounds - 1)),
                tile: TileID(
                    row: random.integer(0...TileID.maximumIndex),
                    column: random.integer(0...TileID.maximumIndex)
                )
            ),
            attempt: Attempt(random.chance(90) ? random.integer(1...9) : WireLimits.attempt)
        )
    }

    /// Some leases, each once.
    mutating func leases() -> [LeaseID] {
        let drawn = (0..<random.integer(0...6)).map { _ in lease() }
        return Array(Set(drawn)).sorted()
    }

    mutating func result(of lease: LeaseID) -> TileResult {
        TileResult(
            lease: lease,
            object: object(of: lease),
            partial: random.bytes(0...40),
            cost: TileCost(
                readSeconds: Double(random.integer(0...1_000_000)) / 7,
                computeSeconds: Double(random.integer(0...1_000_000)) / 11,
                writeSeconds: 0,
                peakResidentBytes: random.integer(0...WireLimits.storageBytes)
            )
        )
    }

    mutating func object(of lease: LeaseID) -> TileObject {
        TileObject(
            key: TileObjectKey(lease: lease, nonce: UInt32(truncatingIfNeeded: random.next())),
            bytes: random.integer(0...WireLimits.storageBytes),
            fileDigest: digest(),
            samplesDigest: digest()
        )
    }

    mutating func digest() -> ContentDigest {
        ContentDigest(of: random.bytes(4...4))
    }

    mutating func sentence() -> String {
        let alphabet = Array("abc XYZ 012 é 案 🌍\n\t'\"\\/%")
        return String((0..<random.integer(0...60)).map { _ in random.element(alphabet) })
    }

    mutating func label() -> String {
        let alphabet = Array("abcXYZ012-._ é案")
        return String((0..<random.integer(1...40)).map { _ in random.element(alphabet) })
    }

    private mutating func hello() -> WorkerHello {
        let slots = random.integer(1...WireLimits.slots)
        let all = leases()
        let runningCount = random.integer(0...all.count)
        return WorkerHello(
            workerID: workerID(),
            host: label(),
            processID: random.integer(0...4_194_304),
            build: BuildIdentity(version: label(), gdal: label(), proj: label()),
            slots: slots,
            credit: random.integer(slots...WireLimits.leases),
            memoryPerSlotBytes: random.integer(0...WireLimits.storageBytes),
            runID: random.chance(50) ? "" : label(),
            running: Array(all.prefix(runningCount)),
            unacknowledged: all.dropFirst(runningCount).map { result(of: $0) },
            transportsObjects: random.chance(50)
        )
    }

    private mutating func file() -> TransferFile {
        random.chance(20) ? .zones : .object(object(of: lease()).key)
    }

    private mutating func request() -> FileRequest {
        FileRequest(
            file: file(),
            offset: random.integer(0...1 << 40),
            length: random.integer(1...WireLimits.pieceBytes)
        )
    }

    private mutating func piece() -> FilePiece {
        let offset = random.integer(0...1 << 40)
        let bytes = random.bytes(0...40)
        return FilePiece(
            file: file(),
            offset: offset,
            content: random.chance(30)
                ? .unavailable("gone \(sentence())")
                : .bytes(bytes, fileBytes: offset + bytes.count + random.integer(0...9))
        )
    }

    private mutating func workerID() -> WorkerID {
        let digits = Array("0123456789abcdef")
        let text = [8, 4, 4, 4, 12].map { count in
            String((0..<count).map { _ in random.element(digits) })
        }
        guard let workerID = WorkerID(text.joined(separator: "-")) else {
            preconditionFailure("a UUID of hexadecimal digits is one")
        }
        return workerID
    }

    private mutating func heartbeat() -> WorkerHeartbeat {
        WorkerHeartbeat(
            held: leases(),
            residentBytes: random.integer(0...WireLimits.storageBytes),
            wallClockSeconds: Double(random.integer(0...2_000_000_000)) + 0.25,
            sequence: random.next()
        )
    }

    private mutating func failure() -> AttemptFailure {
        AttemptFailure(
            lease: lease(),
            failureClass: random.element(FailureClass.allCases),
            message: sentence(),
            peakResidentBytes: random.integer(0...WireLimits.storageBytes)
        )
    }

    private mutating func welcome() -> Welcome {
        let heartbeat = random.integer(WireLimits.heartbeatMilliseconds)
        return Welcome(
            runID: label(),
            epoch: random.next(),
            session: random.next(),
            heartbeatMilliseconds: heartbeat,
            leaseMilliseconds: random.integer(heartbeat...WireLimits.leaseMilliseconds),
            planDigest: digest(),
            specification: random.bytes(0...200),
            runDirectory: random.chance(20) ? "" : "/" + label(),
            storageProbe: label()
        )
    }

    private mutating func brief() -> StageBrief {
        var constants: [Stage: [UInt8]] = [:]
        for stage in Stage.allCases where random.chance(40) {
            constants[stage] = random.bytes(0...50)
        }
        let part = random.integer(0...3)
        return StageBrief(
            stage: random.element(Stage.allCases),
            round: random.integer(0...(WorkUnit.maximumRounds - 1)),
            constants: constants,
            objects: Stage.allCases.filter { _ in random.chance(25) }.map { list(of: $0) },
            part: part,
            following: random.integer(0...(WireLimits.briefParts - 1 - part))
        )
    }

    mutating func list(of stage: Stage, count: Int? = nil) -> ObjectList {
        var list = ObjectList(
            stage: stage,
            round: random.integer(0...(WorkUnit.maximumRounds - 1))
        )
        var column = random.integer(0...9)
        for _ in 0..<(count ?? random.integer(0...5)) {
            list.append(
                ObjectList.Record(
                    tile: TileID(row: column / 100, column: column % 100),
                    attempt: Attempt(random.integer(1...WireLimits.attempt)),
                    nonce: UInt32(truncatingIfNeeded: random.next()),
                    bytes: random.integer(0...WireLimits.storageBytes),
                    fileDigest: PackedDigest(digest()),
                    samplesDigest: PackedDigest(digest())
                )
            )
            column += random.integer(1...9)
        }
        return list
    }

    private mutating func grant(_ lease: LeaseID) -> LeaseGrant {
        let top = random.integer(0...1_000_000)
        let left = random.integer(0...1_000_000)
        return LeaseGrant(
            lease: lease,
            core: CellWindow(
                rows: top..<(top + random.integer(1...4_096)),
                columns: left..<(left + random.integer(1...4_096))
            ),
            inputs: (0..<random.integer(0...3)).map { _ in object(of: self.lease()) },
            wallLimitSeconds: random.integer(1...WireLimits.wallLimitSeconds),
            runsAlone: random.integer(0...1) == 1
        )
    }
}
