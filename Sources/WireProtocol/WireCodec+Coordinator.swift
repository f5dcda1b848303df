internal import Foundation
internal import Lattice
internal import SwiftProtobuf
internal import Tiling

// What the coordinator says.

extension WireCoordinatorEnvelope {
    init(_ message: CoordinatorMessage) {
        switch message {
        case .welcome(let welcome):
            self.welcome = WireWelcome(welcome)
        case .refuse(let refusal):
            refuse.code = WireRefusalCode(refusal.code)
            refuse.found = WireText.sentence(refusal.found)
            refuse.wanted = WireText.sentence(refusal.wanted)
        case .stage(let brief):
            stage = WireStageBrief(brief)
        case .lease(let grants):
            lease.grants = grants.map { WireLeaseGrant($0) }
        case .committed(let leases):
            committed.leases = leases.map { WireLease($0) }
        case .stale(let leases):
            stale.leases = leases.map { WireLease($0) }
        case .heartbeat(let sequence):
            heartbeat.sequence = sequence
        case .drain(let reason):
            drain.reason = WireText.sentence(reason)
        case .goodbye(let reason):
            goodbye.reason = WireGoodbyeReason(reason)
        case .resync:
            resync = WireResync()
        case .request(let request): self.request = WireFileRequest(request)
        case .piece(let piece): self.piece = WireFilePiece(piece)
        }
    }
}

extension CoordinatorMessage {
    init(wire kind: WireCoordinatorEnvelope.OneOf_Kind) throws(WireError) {
        switch kind {
        case .welcome(let welcome):
            self = .welcome(try welcome.decoded("welcome"))
        case .refuse(let refusal):
            self = .refuse(
                Refusal(
                    code: try refusal.code.decoded("refuse"),
                    found: try WireField.sentence(refusal.found, "refuse", "found"),
                    wanted: try WireField.sentence(refusal.wanted, "refuse", "wanted")
                )
            )
        case .stage(let brief):
            self = .stage(try brief.decoded("stage"))
        case .lease(let batch):
            self = .lease(try batch.decoded("lease"))
        case .committed(let list):
            self = .committed(try WireLease.decodedList(list.leases, "committed.leases"))
        case .stale(let list):
            self = .stale(try WireLease.decodedList(list.leases, "stale.leases"))
        case .heartbeat(let beat):
            self = .heartbeat(sequence: beat.sequence)
        case .drain(let drain):
            self = .drain(reason: try WireField.sentence(drain.reason, "drain", "reason"))
        case .goodbye(let goodbye):
            self = .goodbye(try goodbye.reason.decoded("goodbye"))
        case .resync:
            self = .resync
        case .request(let request): self = .request(try request.decoded("request"))
        case .piece(let piece): self = .piece(try piece.decoded("piece"))
        }
    }
}

extension WireRefusalCode {
    init(_ code: RefusalCode) {
        switch code {
        case .protocolVersion: self = .protocolVersion
        case .build: self = .build
        case .identity: self = .identity
        case .malformed: self = .malformed
        case .full: self = .full
        case .finished: self = .finished
        }
    }

    func decoded(_ owner: String) throws(WireError) -> RefusalCode {
        switch self {
        case .protocolVersion: .protocolVersion
        case .build: .build
        case .identity: .identity
        case .malformed: .malformed
        case .full: .full
        case .finished: .finished
        case .unspecified, .UNRECOGNIZED:
            throw WireField.complaint(owner, "code", found: "\(rawValue)", legal: "1…6")
        }
    }
}

extension WireGoodbyeReason {
    init(_ reason: GoodbyeReason) {
        switch reason {
        case .finished: self = .finished
        case .cancelled: self = .cancelled
        case .restarting: self = .restarting
        }
    }

    func decoded(_ owner: String) throws(WireError) -> GoodbyeReason {
        switch self {
        case .finished: .finished
        case .cancelled: .cancelled
        case .restarting: .restarting
        case .unspecified, .UNRECOGNIZED:
            throw WireField.complaint(owner, "reason", found: "\(rawValue)", legal: "1…3")
        }
    }
}

extension WireWelcome {
    init(_ welcome: Welcome) {
        runID = welcome.runID
        epoch = welcome.epoch
        session = welcome.session
        heartbeatMilliseconds = UInt32(clamping: welcome.heartbeatMilliseconds)
        leaseMilliseconds = UInt32(clamping: welcome.leaseMilliseconds)
        planDigest = Data(WireField.bytes(of: welcome.planDigest))
        specification = Data(welcome.specification)
        runDirectory = welcome.runDirectory
        storageProbe = welcome.storageProbe
    }

    func decoded(_ owner: String) throws(WireError) -> Welcome {
        let heartbeat = try WireField.integer(
            heartbeatMilliseconds,
            in: WireLimits.heartbeatMilliseconds,
            owner,
            "heartbeat_milliseconds"
        )
        return Welcome(
            runID: try WireField.label(runID, owner, "run_id"),
            epoch: epoch,
            session: session,
            heartbeatMilliseconds: heartbeat,
            leaseMilliseconds: try WireField.integer(
                leaseMilliseconds,
                in: heartbeat...WireLimits.leaseMilliseconds,
                owner,
                "lease_milliseconds"
            ),
            planDigest: try WireField.digest(planDigest, owner, "plan_digest"),
            specification: try WireField.opaque(Array(specification), owner, "specification"),
            runDirectory: try WireField.directory(runDirectory, owner, "run_directory"),
            storageProbe: try WireField.label(storageProbe, orEmpty: true, owner, "storage_probe")
        )
    }
}

extension WireLeaseBatch {
    func decoded(_ owner: String) throws(WireError) -> [LeaseGrant] {
        try WireField.count(grants.count, through: WireLimits.grants, owner, "grants")
        let decoded = try grants.map { grant throws(WireError) in try grant.decoded("lease.grants")
        }
        try WireLease.requireDistinct(decoded.map(\.lease), "lease.grants")
        return decoded
    }
}

extension WireLeaseGrant {
    init(_ grant: LeaseGrant) {
        lease = WireLease(grant.lease)
        core = WireCellWindow(grant.core)
        inputs = grant.inputs.map { WireTileObject($0) }
        wallLimitSeconds = UInt32(clamping: grant.wallLimitSeconds)
        runsAlone = grant.runsAlone
    }

    func decoded(_ owner: String) throws(WireError) -> LeaseGrant {
        try WireField.count(inputs.count, through: WireLimits.inputs, owner, "inputs")
        return LeaseGrant(
            lease: try lease.decoded(owner),
            core: try core.decoded("lease.grants.core"),
            inputs: try inputs.map { input throws(WireError) in
                try input.decoded("lease.grants.inputs")
            },
            wallLimitSeconds: try WireField.integer(
                wallLimitSeconds,
                in: 1...WireLimits.wallLimitSeconds,
                owner,
                "wall_limit_seconds"
            ),
            runsAlone: runsAlone
        )
    }
}
