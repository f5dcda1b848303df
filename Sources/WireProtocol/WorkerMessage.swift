package import Tiling

/// What a worker says to the coordinator.
package enum WorkerMessage: Hashable, Sendable {
    /// The first message on a connection, and after a resync.
    case hello(WorkerHello)
    /// Proof of life, sent from a thread that computing cannot starve; renews all leases held.
    case heartbeat(WorkerHeartbeat)
    /// A unit is computed and its file is in place.
    case completed(TileResult)
    /// An attempt failed.
    case failed(AttemptFailure)
    /// Leases given back without having failed: draining, or not begun.
    case released([LeaseID], reason: String)
    /// The worker leaves in good order; it holds no leases any more.
    case goodbye(reason: String)
    /// A piece of a file is wanted.
    case request(FileRequest)
    /// The answer to a request of the coordinator.
    case piece(FilePiece)
}

/// Who a worker is, what it offers, and what it still has from an earlier session.
package struct WorkerHello: Hashable, Sendable {
    /// Identity of the process, a UUID made at its start.
    package var workerID: WorkerID
    /// Host name, for logs.
    package var host: String
    /// Process number on that host, for logs.
    package var processID: Int
    /// Program and library versions; a mismatch is refused.
    package var build: BuildIdentity
    /// Units it computes at a time, 1 or more.
    package var slots: Int
    /// Leases it is willing to hold at a time, at least `slots`.
    package var credit: Int
    /// Memory that one slot may use, bytes; 0 for no stated limit.
    package var memoryPerSlotBytes: Int
    /// Run of the leases below; empty when the worker has served none.
    ///
    /// Leases are numbered within a run: another run's coordinator must not adopt them.
    package var runID: String
    /// Leases that it is computing now, from an earlier session.
    package var running: [LeaseID]
    /// Results that were never acknowledged, from an earlier session.
    package var unacknowledged: [TileResult]
    /// True where the worker does not see the run directory: its objects are fetched from it.
    package var transportsObjects: Bool

    /// A greeting.
    package init(
        workerID: WorkerID,
        host: String,
        processID: Int,
        build: BuildIdentity,
        slots: Int,
        credit: Int,
        memoryPerSlotBytes: Int,
        runID: String = "",
        running: [LeaseID] = [],
        unacknowledged: [TileResult] = [],
        transportsObjects: Bool = false
    ) {
        self.workerID = workerID
        self.host = host
        self.processID = processID
        self.build = build
        self.slots = slots
        self.credit = credit
        self.memoryPerSlotBytes = memoryPerSlotBytes
        self.runID = runID
        self.running = running
        self.unacknowledged = unacknowledged
        self.transportsObjects = transportsObjects
    }
}

/// Identity of a worker process: a UUID in its text form, lower case.
package struct WorkerID: Hashable, Comparable, Sendable, Codable, CustomStringConvertible {
    /// The text form.
    package let text: String

    /// Parses a UUID's text form of 36 characters, in either case; nil when it is not one.
    package init?(_ text: String) {
        let bytes = Array(text.lowercased().utf8)
        let isWellFormed =
            bytes.count == 36
            && bytes.enumerated().allSatisfy { index, byte in
                [8, 13, 18, 23].contains(index)
                    ? byte == 45 : (48...57).contains(byte) || (97...102).contains(byte)
            }
        guard isWellFormed else { return nil }
        self.text = String(decoding: bytes, as: UTF8.self)
    }

    package var description: String { text }

    /// The first eight digits, for people.
    package var short: String { String(text.prefix(8)) }

    package static func < (lhs: Self, rhs: Self) -> Bool { lhs.text < rhs.text }
}

/// What decides whether a worker computes the same bits as the others.
package struct BuildIdentity: Hashable, Sendable, Codable {
    /// Sectile's version.
    package var version: String
    /// GDAL's version.
    package var gdal: String
    /// PROJ's version.
    package var proj: String

    /// The identity of a build.
    package init(version: String, gdal: String, proj: String) {
        self.version = version
        self.gdal = gdal
        self.proj = proj
    }
}

/// A sign of life, with what an operator wants to see of a worker.
package struct WorkerHeartbeat: Hashable, Sendable {
    /// Leases held, running or waiting.
    package var held: [LeaseID]
    /// Resident memory of the worker and its slots, bytes.
    package var residentBytes: Int
    /// The worker's wall clock, seconds since 1970: shown as skew, never used for decisions.
    package var wallClockSeconds: Double
    /// Counts up from 1 in each session.
    package var sequence: UInt64

    /// A sign of life.
    package init(
        held: [LeaseID],
        residentBytes: Int,
        wallClockSeconds: Double,
        sequence: UInt64
    ) {
        self.held = held
        self.residentBytes = residentBytes
        self.wallClockSeconds = wallClockSeconds
        self.sequence = sequence
    }
}

/// How an attempt failed.
package struct AttemptFailure: Hashable, Sendable {
    /// The attempt.
    package var lease: LeaseID
    /// The class, which decides what happens next.
    package var failureClass: FailureClass
    /// One sentence for the operator: which file or step, what was found.
    package var message: String
    /// Peak resident memory of the computing process, bytes; 0 when unknown.
    package var peakResidentBytes: Int

    /// A failure of an attempt.
    package init(
        lease: LeaseID,
        failureClass: FailureClass,
        message: String,
        peakResidentBytes: Int = 0
    ) {
        self.lease = lease
        self.failureClass = failureClass
        self.message = message
        self.peakResidentBytes = peakResidentBytes
    }
}
