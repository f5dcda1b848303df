internal import ContentDigest
internal import Foundation
internal import Lattice
internal import SwiftProtobuf
internal import Tiling

// What both directions speak of: stages, leases, windows, objects and results.

extension WireStage {
    init(_ stage: Stage) {
        switch stage {
        case .prepare: self = .prepare
        case .balance: self = .balance
        case .bandwidth: self = .bandwidth
        case .fit: self = .fit
        case .diagnose: self = .diagnose
        }
    }

    func decoded(_ owner: String) throws(WireError) -> Stage {
        switch self {
        case .prepare: .prepare
        case .balance: .balance
        case .bandwidth: .bandwidth
        case .fit: .fit
        case .diagnose: .diagnose
        case .unspecified, .UNRECOGNIZED:
            throw WireField.complaint(owner, "stage", found: "\(rawValue)", legal: "1…5")
        }
    }
}

extension WireLease {
    init(_ lease: LeaseID) {
        stage = WireStage(lease.unit.stage)
        round = UInt32(clamping: lease.unit.round)
        tileRow = UInt32(clamping: lease.unit.tile.row)
        tileColumn = UInt32(clamping: lease.unit.tile.column)
        attempt = UInt32(clamping: lease.attempt.number)
    }

    func decoded(_ owner: String) throws(WireError) -> LeaseID {
        let tiles = 0...TileID.maximumIndex
        return LeaseID(
            unit: WorkUnit(
                stage: try stage.decoded(owner),
                round: try WireField.integer(round, in: wireRounds, owner, "round"),
                tile: TileID(
                    row: try WireField.integer(tileRow, in: tiles, owner, "tile_row"),
                    column: try WireField.integer(tileColumn, in: tiles, owner, "tile_column")
                )
            ),
            attempt: Attempt(
                try WireField.integer(attempt, in: 1...WireLimits.attempt, owner, "attempt")
            )
        )
    }

    /// A list in which no lease occurs twice.
    static func decodedList(_ list: [WireLease], _ owner: String) throws(WireError) -> [LeaseID] {
        try WireField.count(list.count, through: WireLimits.leases, owner, "")
        let leases = try list.map { lease throws(WireError) in try lease.decoded(owner) }
        try requireDistinct(leases, owner)
        return leases
    }

    static func requireDistinct(_ leases: [LeaseID], _ owner: String) throws(WireError) {
        guard leases.count > 1 else { return }
        var seen = Set<LeaseID>(minimumCapacity: leases.count)
        for lease in leases where !seen.insert(lease).inserted {
            throw WireField.complaint(owner, "", found: "\(lease) twice", legal: "each lease once")
        }
    }
}

/// The rounds of a stage.
let wireRounds = 0...(WorkUnit.maximumRounds - 1)

extension WireCellWindow {
    init(_ window: CellWindow) {
        rowStart = UInt32(clamping: window.rowStart)
        rowEnd = UInt32(clamping: window.rowEnd)
        columnStart = UInt32(clamping: window.columnStart)
        columnEnd = UInt32(clamping: window.columnEnd)
    }

    func decoded(_ owner: String) throws(WireError) -> CellWindow {
        let starts = 0...(WireLimits.cellIndex - 1)
        let top = try WireField.integer(rowStart, in: starts, owner, "row_start")
        let left = try WireField.integer(columnStart, in: starts, owner, "column_start")
        let limit = WireLimits.cellIndex
        let bottom = try WireField.integer(rowEnd, in: (top + 1)...limit, owner, "row_end")
        let right = try WireField.integer(columnEnd, in: (left + 1)...limit, owner, "column_end")
        let window = CellWindow(rows: top..<bottom, columns: left..<right)
        // Both factors are below 2^31, so that the product cannot overflow.
        guard window.cellCount <= WireLimits.tileCells else {
            throw WireField.complaint(
                owner,
                "",
                found: "\(window.cellCount) cells",
                legal: "at most \(WireLimits.tileCells)"
            )
        }
        return window
    }
}

extension WireTileObject {
    init(_ object: TileObject) {
        path = object.key.path
        bytes = UInt64(clamping: object.bytes)
        fileDigest = Data(WireField.bytes(of: object.fileDigest))
        samplesDigest = Data(WireField.bytes(of: object.samplesDigest))
    }

    func decoded(_ owner: String) throws(WireError) -> TileObject {
        guard let key = TileObjectKey(path: path) else {
            throw WireField.complaint(
                owner,
                "path",
                found: "'\(WireText.label(path))'",
                legal: "a path like prepare/r000c001.a3.5f0c9a1b.tif"
            )
        }
        return TileObject(
            key: key,
            bytes: try WireField.integer(bytes, in: 0...WireLimits.storageBytes, owner, "bytes"),
            fileDigest: try WireField.digest(fileDigest, owner, "file_digest"),
            samplesDigest: try WireField.digest(samplesDigest, owner, "samples_digest")
        )
    }
}

extension WireTileResult {
    init(_ result: TileResult) {
        lease = WireLease(result.lease)
        object = WireTileObject(result.object)
        partial = Data(result.partial)
        cost.readSeconds = result.cost.readSeconds
        cost.computeSeconds = result.cost.computeSeconds
        cost.writeSeconds = result.cost.writeSeconds
        cost.peakResidentBytes = UInt64(clamping: result.cost.peakResidentBytes)
    }

    func decoded(_ owner: String) throws(WireError) -> TileResult {
        let lease = try lease.decoded("\(owner).lease")
        let object = try object.decoded("\(owner).object")
        guard object.key.lease == lease else {
            throw WireField.complaint(
                owner,
                "object.path",
                found: object.key.path,
                legal: "an object of \(lease)"
            )
        }
        return TileResult(
            lease: lease,
            object: object,
            partial: try WireField.opaque(
                Array(partial),
                through: TileResult.maximumPartialBytes,
                owner,
                "partial"
            ),
            cost: try cost.decoded("\(owner).cost")
        )
    }
}

extension WireTileCost {
    func decoded(_ owner: String) throws(WireError) -> TileCost {
        let limit = WireLimits.stepSeconds
        return TileCost(
            readSeconds: try WireField.number(readSeconds, through: limit, owner, "read_seconds"),
            computeSeconds: try WireField.number(
                computeSeconds,
                through: limit,
                owner,
                "compute_seconds"
            ),
            writeSeconds: try WireField.number(
                writeSeconds,
                through: limit,
                owner,
                "write_seconds"
            ),
            peakResidentBytes: try WireField.integer(
                peakResidentBytes,
                in: 0...WireLimits.storageBytes,
                owner,
                "peak_resident_bytes"
            )
        )
    }
}
