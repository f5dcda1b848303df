internal import Foundation
internal import SwiftProtobuf
internal import Tiling

// What a worker says.

extension WireWorkerEnvelope {
    init(_ message: WorkerMessage) {
        switch message {
        case .hello(let hello):
            self.hello = WireWorkerHello(hello)
        case .heartbeat(let beat):
            heartbeat.held = beat.held.map { WireLease($0) }
            heartbeat.residentBytes = UInt64(clamping: beat.residentBytes)
            heartbeat.wallClockSeconds = beat.wallClockSeconds
            heartbeat.sequence = beat.sequence
        case .completed(let result):
            completed = WireTileResult(result)
        case .failed(let failure):
            failed.lease = WireLease(failure.lease)
            failed.failureClass = WireFailureClass(failure.failureClass)
            failed.message = WireText.sentence(failure.message)
            failed.peakResidentBytes = UInt64(clamping: failure.peakResidentBytes)
        case .released(let leases, let reason):
            released.leases = leases.map { WireLease($0) }
            released.reason = WireText.sentence(reason)
        case .goodbye(let reason):
            goodbye.reason = WireText.sentence(reason)
        case .request(let request): self.request = WireFileRequest(request)
        case .piece(let piece): self.piece = WireFilePiece(piece)
        }
    }
}

extension WorkerMessage {
    init(wire kind: WireWorkerEnvelope.OneOf_Kind) throws(WireError) {
        switch kind {
        case .hello(let hello):
            self = .hello(try hello.decoded("hello"))
        case .heartbeat(let beat):
            self = .heartbeat(try beat.decoded("heartbeat"))
        case .completed(let result):
            self = .completed(try result.decoded("completed"))
        case .failed(let failure):
            self = .failed(try failure.decoded("failed"))
        case .released(let release):
            self = .released(
                try WireLease.decodedList(release.leases, "released.leases"),
                reason: try WireField.sentence(release.reason, "released", "reason")
            )
        case .goodbye(let goodbye):
            self = .goodbye(reason: try WireField.sentence(goodbye.reason, "goodbye", "reason"))
        case .request(let request): self = .request(try request.decoded("request"))
        case .piece(let piece): self = .piece(try piece.decoded("piece"))
        }
    }
}

extension WireFailureClass {
    init(_ failureClass: FailureClass) {
        switch failureClass {
        case .crash: self = .crash
        case .outOfMemory: self = .outOfMemory
        case .timeout: self = .timeout
        case .input: self = .input
        case .storage: self = .storage
        case .bug: self = .bug
        }
    }

    func decoded(_ owner: String) throws(WireError) -> FailureClass {
        switch self {
        case .crash: .crash
        case .outOfMemory: .outOfMemory
        case .timeout: .timeout
        case .input: .input
        case .storage: .storage
        case .bug: .bug
        case .unspecified, .UNRECOGNIZED:
            throw WireField.complaint(owner, "failure_class", found: "\(rawValue)", legal: "1…6")
        }
    }
}

extension WireWorkerHello {
    init(_ hello: WorkerHello) {
        workerID = hello.workerID.text
        host = WireText.label(hello.host)
        processID = UInt32(clamping: hello.processID)
        build.version = hello.build.version
        build.gdal = hello.build.gdal
        build.proj = hello.build.proj
        slots = UInt32(clamping: hello.slots)
        credit = UInt32(clamping: hello.credit)
        memoryPerSlotBytes = UInt64(clamping: hello.memoryPerSlotBytes)
        runID = hello.runID
        running = hello.running.map { WireLease($0) }
        unacknowledged = hello.unacknowledged.map { WireTileResult($0) }
        transportsObjects = hello.transportsObjects
    }

    func decoded(_ owner: String) throws(WireError) -> WorkerHello {
        guard let workerID = WorkerID(workerID) else {
            throw WireField.complaint(
                owner,
                "worker_id",
                found: "\(workerID.utf8.count) bytes",
                legal: "a UUID of 36 characters"
            )
        }
        let slots = try WireField.integer(slots, in: 1...WireLimits.slots, owner, "slots")
        let running = try WireLease.decodedList(running, "hello.running")
        try WireField.count(
            unacknowledged.count,
            through: WireLimits.leases,
            owner,
            "unacknowledged"
        )
        let results = try unacknowledged.map { result throws(WireError) in
            try result.decoded("hello.unacknowledged")
        }
        try WireLease.requireDistinct(running + results.map(\.lease), "hello.unacknowledged")
        return WorkerHello(
            workerID: workerID,
            host: try WireField.label(host, orEmpty: true, owner, "host"),
            processID: try WireField.integer(
                processID,
                in: 0...Int(Int32.max),
                owner,
                "process_id"
            ),
            build: try build.decoded("hello.build"),
            slots: slots,
            credit: try WireField.integer(credit, in: slots...WireLimits.leases, owner, "credit"),
            memoryPerSlotBytes: try WireField.integer(
                memoryPerSlotBytes,
                in: 0...WireLimits.storageBytes,
                owner,
                "memory_per_slot_bytes"
            ),
            runID: try WireField.label(runID, orEmpty: true, owner, "run_id"),
            running: running,
            unacknowledged: results,
            transportsObjects: transportsObjects
        )
    }
}

extension WireBuild {
    func decoded(_ owner: String) throws(WireError) -> BuildIdentity {
        BuildIdentity(
            version: try WireField.label(version, owner, "version"),
            gdal: try WireField.label(gdal, owner, "gdal"),
            proj: try WireField.label(proj, owner, "proj")
        )
    }
}

extension WireWorkerHeartbeat {
    func decoded(_ owner: String) throws(WireError) -> WorkerHeartbeat {
        WorkerHeartbeat(
            held: try WireLease.decodedList(held, "heartbeat.held"),
            residentBytes: try WireField.integer(
                residentBytes,
                in: 0...WireLimits.storageBytes,
                owner,
                "resident_bytes"
            ),
            wallClockSeconds: try WireField.number(
                wallClockSeconds,
                through: WireLimits.wallClockSeconds,
                owner,
                "wall_clock_seconds"
            ),
            sequence: sequence
        )
    }
}

extension WireAttemptFailure {
    func decoded(_ owner: String) throws(WireError) -> AttemptFailure {
        AttemptFailure(
            lease: try lease.decoded("failed.lease"),
            failureClass: try failureClass.decoded(owner),
            message: try WireField.sentence(message, owner, "message"),
            peakResidentBytes: try WireField.integer(
                peakResidentBytes,
                in: 0...WireLimits.storageBytes,
                owner,
                "peak_resident_bytes"
            )
        )
    }
}
