import ContentDigest
import Lattice
import Testing
import Tiling
import WireProtocol

/// A legal envelope with one field overridden.
struct IllegalField: CustomTestStringConvertible, Sendable {
    let field: String
    let bytes: [UInt8]

    init(_ field: String, _ path: [UInt64], _ content: [UInt8]) {
        self.field = field
        bytes = EnvelopeBytes.nested(path, content)
    }

    var testDescription: String { field }
}

@Suite struct RejectionTests {
    private static let lease = LeaseID(
        unit: WorkUnit(stage: .prepare, tile: TileID(row: 2, column: 3)),
        attempt: .first
    )
    private static let digest = ContentDigest(of: "content")
    private static let object = TileObject(
        key: TileObjectKey(lease: lease, nonce: 0x5f0c_9a1b),
        bytes: 100,
        fileDigest: digest,
        samplesDigest: digest
    )
    private static let result = TileResult(
        lease: lease,
        object: object,
        partial: [1],
        cost: TileCost()
    )

    private static func envelope(_ message: WorkerMessage) -> [UInt8] {
        WireCodec.encode(message)[1]
    }

    private static func hello() throws -> [UInt8] {
        let workerID = try #require(WorkerID("0c5d7d1e-0000-4000-8000-00000000000a"))
        return envelope(
            .hello(
                WorkerHello(
                    workerID: workerID,
                    host: "node1",
                    processID: 17,
                    build: BuildIdentity(version: "1.0", gdal: "3.6.2", proj: "9.1.1"),
                    slots: 2,
                    credit: 4,
                    memoryPerSlotBytes: 0,
                    running: [lease]
                )
            )
        )
    }

    private static let welcome = WireCodec.encode(
        .welcome(
            Welcome(
                runID: "run",
                epoch: 1,
                session: 1,
                heartbeatMilliseconds: 3_000,
                leaseMilliseconds: 9_000,
                planDigest: digest,
                specification: [1],
                runDirectory: "/data/run",
                storageProbe: "probe"
            )
        )
    )[1]

    private static let grants = WireCodec.encode(
        .lease([
            LeaseGrant(
                lease: lease,
                core: CellWindow(rows: 0..<8, columns: 0..<8),
                inputs: [object],
                wallLimitSeconds: 60
            )
        ])
    )[1]

    private typealias Bytes = EnvelopeBytes

    static let helloFields: [IllegalField] = [
        IllegalField("hello.worker_id", [10], Bytes.text(1, "me")),
        IllegalField("hello.host", [10], Bytes.text(2, "a\u{1B}[31mb")),
        IllegalField("hello.host", [10], Bytes.text(2, String(repeating: "x", count: 256))),
        IllegalField("hello.process_id", [10], Bytes.number(3, 1 << 31)),
        IllegalField("hello.build.gdal", [10, 4], Bytes.text(2, "")),
        IllegalField("hello.build.version", [10, 4], Bytes.text(1, "1\n2")),
        IllegalField("hello.slots", [10], Bytes.number(5, 0)),
        IllegalField("hello.slots", [10], Bytes.number(5, 1_000_000_000)),
        IllegalField("hello.credit", [10], Bytes.number(6, 1)),
        IllegalField("hello.credit", [10], Bytes.number(6, UInt64(WireLimits.leases) + 1)),
        IllegalField("hello.memory_per_slot_bytes", [10], Bytes.number(7, .max)),
        IllegalField("hello.run_id", [10], Bytes.text(8, "a\tb")),
        IllegalField("hello.running", [10, 9], Bytes.lease()),
        IllegalField("hello.running.stage", [10, 9], Bytes.lease(stage: 0)),
        IllegalField("hello.running.stage", [10, 9], Bytes.lease(stage: 77)),
        IllegalField("hello.running.round", [10, 9], Bytes.lease(round: 64)),
        IllegalField("hello.running.tile_row", [10, 9], Bytes.lease(row: 100_000)),
        IllegalField("hello.running.tile_column", [10, 9], Bytes.lease(column: 4_000_000_000)),
        IllegalField("hello.running.attempt", [10, 9], Bytes.lease(attempt: 0)),
        IllegalField("hello.running.attempt", [10, 9], Bytes.lease(attempt: 1 << 31)),
    ]

    @Test(arguments: helloFields)
    func `an illegal field of a greeting is refused by name`(illegal: IllegalField) throws {
        let error = #expect(throws: WireError.self) {
            try WireCodec.decodeWorker([
                ProtocolVersion.current.header, try Self.hello() + illegal.bytes,
            ])
        }
        #expect(error?.code == .field)
        #expect(error?.field == illegal.field)
        #expect(error?.refusal.code == .malformed)
    }

    @Test func `a greeting cannot claim a lease as running and as finished`() throws {
        let finished = EnvelopeBytes.nested(
            [10],
            Self.field(12, of: Self.envelope(.completed(Self.result)), as: 10)
        )
        let error = #expect(throws: WireError.self) {
            try WireCodec.decodeWorker([
                ProtocolVersion.current.header, try Self.hello() + finished,
            ])
        }
        #expect(error?.field == "hello.unacknowledged")
    }

    static let resultFields: [IllegalField] = [
        IllegalField("completed.lease.attempt", [12, 1], Bytes.number(5, 0)),
        IllegalField("completed.object.path", [12, 1], Bytes.number(5, 2)),
        IllegalField("completed.object.path", [12, 1], Bytes.number(1, 2)),
        IllegalField("completed.object.path", [12, 2], Bytes.text(1, "../../etc/passwd")),
        IllegalField("completed.object.path", [12, 2], Bytes.text(1, "/etc/passwd")),
        IllegalField(
            "completed.object.path",
            [12, 2],
            Bytes.text(1, "prepare/r002c003.a1.5F0C9A1B.tif")
        ),
        IllegalField("completed.object.bytes", [12, 2], Bytes.number(2, 1 << 63)),
        IllegalField("completed.object.file_digest", [12, 2], Bytes.bytes(3, [1, 2, 3])),
        IllegalField(
            "completed.object.samples_digest",
            [12, 2],
            Bytes.bytes(4, [UInt8](repeating: 0, count: 33))
        ),
        IllegalField(
            "completed.partial",
            [12],
            Bytes.bytes(3, [UInt8](repeating: 0, count: TileResult.maximumPartialBytes + 1))
        ),
        IllegalField("completed.cost.read_seconds", [12, 4], Bytes.double(1, .nan)),
        IllegalField("completed.cost.compute_seconds", [12, 4], Bytes.double(2, -1)),
        IllegalField("completed.cost.write_seconds", [12, 4], Bytes.double(3, .infinity)),
        IllegalField("completed.cost.peak_resident_bytes", [12, 4], Bytes.number(4, .max)),
    ]

    @Test(arguments: resultFields)
    func `an illegal field of a result is refused by name`(illegal: IllegalField) {
        let error = #expect(throws: WireError.self) {
            try WireCodec.decodeWorker([
                ProtocolVersion.current.header,
                Self.envelope(.completed(Self.result)) + illegal.bytes,
            ])
        }
        #expect(error?.code == .field)
        #expect(error?.field == illegal.field)
    }

    static let otherWorkerFields: [IllegalField] = [
        IllegalField("heartbeat.wall_clock_seconds", [11], Bytes.double(3, .nan)),
        IllegalField("heartbeat.resident_bytes", [11], Bytes.number(2, .max)),
        IllegalField("heartbeat.held.stage", [11, 1], Bytes.lease(stage: 6)),
        IllegalField("failed.lease.stage", [13], Bytes.number(2, 1)),
        IllegalField(
            "failed.failure_class",
            [13],
            Bytes.bytes(1, Bytes.lease()) + Bytes.number(2, 7)
        ),
        IllegalField(
            "failed.message",
            [13],
            Bytes.bytes(1, Bytes.lease()) + Bytes.number(2, 1)
                + Bytes.text(3, String(repeating: "x", count: WireLimits.sentenceBytes + 1))
        ),
        IllegalField(
            "released.leases",
            [14],
            Bytes.bytes(1, Bytes.lease()) + Bytes.bytes(1, Bytes.lease())
        ),
        IllegalField("goodbye.reason", [15], Bytes.text(1, "\u{9B}2J")),
    ]

    @Test(arguments: otherWorkerFields)
    func `an illegal field of any worker message is refused by name`(illegal: IllegalField) {
        let error = #expect(throws: WireError.self) {
            try WireCodec.decodeWorker([ProtocolVersion.current.header, illegal.bytes])
        }
        #expect(error?.field == illegal.field)
    }

    static let welcomeFields: [IllegalField] = [
        IllegalField("welcome.run_id", [10], Bytes.text(1, "")),
        IllegalField("welcome.heartbeat_milliseconds", [10], Bytes.number(4, 0)),
        IllegalField("welcome.lease_milliseconds", [10], Bytes.number(5, 2_999)),
        IllegalField("welcome.plan_digest", [10], Bytes.bytes(6, [])),
        IllegalField("welcome.run_directory", [10], Bytes.text(8, "run")),
        IllegalField("welcome.storage_probe", [10], Bytes.text(9, "a\nb")),
    ]

    @Test(arguments: welcomeFields)
    func `an illegal field of a welcome is refused by name`(illegal: IllegalField) {
        let error = #expect(throws: WireError.self) {
            try WireCodec.decodeCoordinator([
                ProtocolVersion.current.header, Self.welcome + illegal.bytes,
            ])
        }
        #expect(error?.field == illegal.field)
    }

    private static func window(_ numbers: [UInt64]) -> [UInt8] {
        numbers.indices.flatMap { Bytes.number(UInt64($0) + 1, numbers[$0]) }
    }

    private static func grant(window numbers: [UInt64], limit: UInt64 = 60) -> [UInt8] {
        Bytes.bytes(1, Bytes.lease(row: 9)) + Bytes.bytes(2, window(numbers))
            + Bytes.number(4, limit)
    }

    static let otherCoordinatorFields: [IllegalField] = [
        IllegalField("lease.grants", [13, 1], grantOfFixture),
        IllegalField("lease.grants.core.row_end", [13, 1], grant(window: [5, 5, 0, 8])),
        IllegalField("lease.grants.core.column_end", [13, 1], grant(window: [0, 8, 8, 1])),
        IllegalField("lease.grants.core.row_start", [13, 1], grant(window: [1 << 31, 1, 0, 8])),
        IllegalField("lease.grants.core", [13, 1], grant(window: [0, 1 << 30, 0, 1 << 30])),
        IllegalField(
            "lease.grants.wall_limit_seconds",
            [13, 1],
            grant(window: [0, 8, 0, 8], limit: 0)
        ),
    ]

    private static let grantOfFixture =
        Bytes.bytes(1, Bytes.lease()) + Bytes.bytes(2, window([0, 8, 0, 8])) + Bytes.number(4, 60)

    @Test(arguments: otherCoordinatorFields)
    func `an illegal field of a grant is refused by name`(illegal: IllegalField) {
        let error = #expect(throws: WireError.self) {
            try WireCodec.decodeCoordinator([
                ProtocolVersion.current.header, Self.grants + illegal.bytes,
            ])
        }
        #expect(error?.field == illegal.field)
    }

    @Test func `an unknown enumerator is refused, not guessed`() {
        let codes: [([UInt8], String)] = [
            (Bytes.nested([11], Bytes.number(1, 9)), "refuse.code"),
            (Bytes.nested([18], Bytes.number(1, 9)), "goodbye.reason"),
            (Bytes.nested([12], Bytes.number(1, 9)), "stage.stage"),
            (Bytes.nested([12, 3], Bytes.number(1, 9)), "stage.constants.stage"),
        ]
        for (bytes, field) in codes {
            let error = #expect(throws: WireError.self) {
                try WireCodec.decodeCoordinator([ProtocolVersion.current.header, bytes])
            }
            #expect(error?.field == field)
        }
    }

    @Test func `the constants of a stage cannot be given twice`() {
        let constants = Bytes.bytes(3, Bytes.number(1, 1))
        let error = #expect(throws: WireError.self) {
            try WireCodec.decodeCoordinator([
                ProtocolVersion.current.header,
                Bytes.bytes(12, Bytes.number(1, 2) + constants + constants),
            ])
        }
        #expect(error?.field == "stage.constants")
    }

    static let briefFields: [IllegalField] = [
        IllegalField("stage.part", [12], Bytes.number(5, UInt64(WireLimits.briefParts))),
        IllegalField("stage.following", [12], Bytes.number(6, UInt64(WireLimits.briefParts))),
        IllegalField("stage.objects.stage", [12, 4], Bytes.number(1, 9)),
        IllegalField("stage.objects.round", [12, 4], Bytes.number(1, 2) + Bytes.number(2, 64)),
        IllegalField("stage.objects.packed", [12, 4], records([]) + [0x1A, 1, 0]),
        IllegalField("stage.objects.packed", [12, 4], records([(2, 3, 1, 9), (2, 3, 1, 9)])),
        IllegalField("stage.objects.packed", [12, 4], records([(2, 3, 1, 9), (1, 9, 1, 9)])),
        IllegalField("stage.objects.packed", [12, 4], records([(100_000, 3, 1, 9)])),
        IllegalField("stage.objects.packed", [12, 4], records([(2, 3, 0, 9)])),
        IllegalField("stage.objects.packed", [12, 4], records([(2, 3, 1 << 31, 9)])),
        IllegalField("stage.objects.packed", [12, 4], records([(2, 3, 1, 1 << 51)])),
        IllegalField(
            "stage.constants",
            [12, 4],
            Bytes.number(1, 2)
                + Bytes.bytes(3, [UInt8](repeating: 0, count: WireLimits.opaqueBytes + 1))
        ),
    ]

    private static let request = WireCodec.encode(
        CoordinatorMessage.request(FileRequest(file: .zones, offset: 0, length: 1))
    )[1]
    private static let piece = WireCodec.encode(
        CoordinatorMessage.piece(
            FilePiece(file: .zones, offset: 0, content: .bytes([1], fileBytes: 1))
        )
    )[1]

    /// Places and names that no file has.
    static let fileFields: [IllegalField] = [
        IllegalField("request.file", [20, 1], Bytes.text(1, "../../etc/passwd")),
        IllegalField("request.file", [20, 1], Bytes.text(1, "/etc/passwd")),
        IllegalField("request.file", [20, 1], Bytes.text(1, "prepare/../.run")),
        IllegalField("request.file", [20, 1], Bytes.text(1, "")),
        IllegalField("request.file", [20, 1], Bytes.text(2, "inputs/")),
        IllegalField("request.file", [20, 1], Bytes.text(2, "inputs/..")),
        IllegalField("request.file", [20, 1], Bytes.text(2, "inputs/a/b")),
        IllegalField("request.file", [20, 1], Bytes.text(2, "inputs/../.run")),
        IllegalField("request.file", [20, 1], Bytes.text(2, "keys/allow-list")),
        IllegalField("request.file", [20, 1], Bytes.text(2, "inputs/a\u{0}b")),
        IllegalField("request.offset", [20], Bytes.number(2, UInt64.max)),
        IllegalField("request.offset", [20], Bytes.number(2, 1 << 50)),
        IllegalField("request.length", [20], Bytes.number(3, 0)),
        IllegalField("request.length", [20], Bytes.number(3, UInt64(WireLimits.pieceBytes) + 1)),
        IllegalField("piece.file", [21, 1], Bytes.text(1, "keys/allow-list")),
        IllegalField("piece.offset", [21], Bytes.number(2, UInt64.max)),
        IllegalField("piece.file_bytes", [21], Bytes.number(2, 1)),
        IllegalField("piece.file_bytes", [21], Bytes.number(3, 0)),
        IllegalField("piece.file_bytes", [21], Bytes.number(3, 1 << 51)),
        IllegalField("piece.unavailable", [21], Bytes.text(5, "\u{1B}[2J")),
        IllegalField(
            "piece.content",
            [21],
            Bytes.bytes(4, [UInt8](repeating: 0, count: WireLimits.pieceBytes + 1))
        ),
    ]

    @Test(arguments: fileFields)
    func `an illegal field of a file that travels is refused by name`(illegal: IllegalField) {
        let legal = illegal.field.hasPrefix("request") ? Self.request : Self.piece
        let error = #expect(throws: WireError.self) {
            try WireCodec.decodeCoordinator([
                ProtocolVersion.current.header, legal + illegal.bytes,
            ])
        }
        #expect(error?.field == illegal.field)
    }

    /// A list of `balance` with records of row, column, attempt and size.
    private static func records(_ records: [(UInt64, UInt64, UInt64, UInt64)]) -> [UInt8] {
        func bigEndian(_ number: UInt64, _ count: Int) -> [UInt8] {
            (0..<count).reversed().map { UInt8(truncatingIfNeeded: number >> (8 * UInt64($0))) }
        }
        let packed = records.flatMap { row, column, attempt, bytes in
            bigEndian(row, 4) + bigEndian(column, 4) + bigEndian(attempt, 4) + bigEndian(7, 4)
                + bigEndian(bytes, 8) + [UInt8](repeating: 5, count: 64)
        }
        return Bytes.number(1, 2) + Bytes.bytes(3, packed)
    }

    @Test(arguments: briefFields)
    func `an illegal field of a brief is refused by name`(illegal: IllegalField) {
        let legal = WireCodec.encode(.stage(StageBrief(stage: .fit, round: 0, constants: [:])))[1]
        let error = #expect(throws: WireError.self) {
            try WireCodec.decodeCoordinator([
                ProtocolVersion.current.header, legal + illegal.bytes,
            ])
        }
        #expect(error?.field == illegal.field)
    }

    @Test func `frames that are no message are refused with the reason`() {
        let header = ProtocolVersion.current.header
        let cases: [([[UInt8]], WireError.Code)] = [
            ([], .frames),
            ([header], .frames),
            ([header, [], []], .frames),
            ([Array("GET / HT".utf8), []], .header),
            ([Array("SCTL".utf8), []], .header),
            ([header, []], .unknownKind),
            ([header, Bytes.text(99, "later")], .unknownKind),
            ([header, [0xFF]], .undecodable),
            ([header, Bytes.bytes(15, Bytes.bytes(1, [0xFF, 0xFE]))], .undecodable),
            ([header, [UInt8](repeating: 0, count: WireLimits.envelopeBytes + 1)], .size),
        ]
        for (frames, code) in cases {
            let error = #expect(throws: WireError.self) { try WireCodec.decodeWorker(frames) }
            #expect(error?.code == code)
            let other = #expect(throws: WireError.self) { try WireCodec.decodeCoordinator(frames) }
            #expect(other?.code == code)
        }
    }

    @Test func `another major version is refused with both versions, a minor one is not`() throws {
        let envelope = Self.envelope(.goodbye(reason: "done"))
        let newer = ProtocolVersion(major: 3, minor: 3)
        let error = #expect(throws: WireError.self) {
            try WireCodec.decodeWorker([newer.header, envelope])
        }
        #expect(error?.refusal.code == .protocolVersion)
        #expect(error?.refusal.found == "3.3")
        #expect(error?.refusal.wanted == "2.x (this program speaks 2.1)")
        let minor = ProtocolVersion(major: 2, minor: 513)
        #expect(try ProtocolVersion(header: minor.header) == minor)
        #expect(try WireCodec.decodeWorker([minor.header, envelope]) == .goodbye(reason: "done"))
    }

    /// The only field of an envelope under another number.
    private static func field(
        _ number: UInt64,
        of envelope: [UInt8],
        as other: UInt64
    ) -> [UInt8] {
        precondition(envelope.starts(with: EnvelopeBytes.varint(number << 3 | 2)))
        let tagLength = EnvelopeBytes.varint(number << 3 | 2).count
        return EnvelopeBytes.varint(other << 3 | 2) + envelope.dropFirst(tagLength)
    }
}
