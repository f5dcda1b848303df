extension TileObjectKey {
    /// The lease under which the object was written.
    ///
    /// Every key has the closed form that its parser accepts, so the parts are always there.
    package var lease: LeaseID {
        guard let parts = parts else { preconditionFailure("a key without its form: \(path)") }
        return parts.lease
    }

    /// The number that tells apart processes that believe to hold the same lease.
    package var nonce: UInt32 {
        guard let parts = parts else { preconditionFailure("a key without its form: \(path)") }
        return parts.nonce
    }

    private var parts: (lease: LeaseID, nonce: UInt32)? {
        let pathParts = path.split(separator: "/")
        guard pathParts.count == 2 else { return nil }
        let stageParts = pathParts[0].split(separator: ".")
        let fields = pathParts[1].split(separator: ".")
        guard let stageName = stageParts.first, let stage = Stage(rawValue: String(stageName)),
            fields.count == 4, let tile = TileID(String(fields[0])),
            let attempt = Int(fields[1].dropFirst()), let nonce = UInt32(fields[2], radix: 16)
        else { return nil }
        let round = stageParts.count == 2 ? Int(stageParts[1]) ?? 0 : 0
        let unit = WorkUnit(stage: stage, round: round, tile: tile)
        return (LeaseID(unit: unit, attempt: Attempt(attempt)), nonce)
    }
}
