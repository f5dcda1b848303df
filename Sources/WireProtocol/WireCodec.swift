internal import SwiftProtobuf

/// Messages to frames and back.
///
/// Decoding is total: whatever the bytes, it returns a message all of whose fields are legal, or
/// throws a ``WireError``; nothing traps. What is legal is in ``WireLimits``. Encoding does not fail:
/// sentences are cut to what a receiver accepts, and the caller keeps lists within the limits.
///
/// - A list of leases has no lease twice.
/// - A result's object bears the lease of the result in its name.
package enum WireCodec {
    /// The frames of a worker's message: header, envelope.
    package static func encode(_ message: WorkerMessage) -> [[UInt8]] {
        frames(WireWorkerEnvelope(message))
    }

    /// The frames of a coordinator's message: header, envelope.
    package static func encode(_ message: CoordinatorMessage) -> [[UInt8]] {
        frames(WireCoordinatorEnvelope(message))
    }

    /// Reads what a worker sent.
    ///
    /// - Parameter frames: header and envelope, without a routing identity.
    /// - Returns: a message all of whose fields are legal.
    /// - Throws: ``WireError`` that names the part and what is legal.
    package static func decodeWorker(_ frames: [[UInt8]]) throws(WireError) -> WorkerMessage {
        let envelope: WireWorkerEnvelope = try envelope(frames)
        guard let kind = envelope.kind else { throw unknownKind() }
        return try WorkerMessage(wire: kind)
    }

    /// Reads what a coordinator sent.
    ///
    /// - Parameter frames: header and envelope.
    /// - Returns: a message all of whose fields are legal.
    /// - Throws: ``WireError`` that names the part and what is legal.
    package static func decodeCoordinator(
        _ frames: [[UInt8]]
    ) throws(WireError) -> CoordinatorMessage {
        let envelope: WireCoordinatorEnvelope = try envelope(frames)
        guard let kind = envelope.kind else { throw unknownKind() }
        return try CoordinatorMessage(wire: kind)
    }

    private static func frames(_ envelope: some SwiftProtobuf.Message) -> [[UInt8]] {
        do {
            return [ProtocolVersion.current.header, try envelope.serializedBytes()]
        } catch {
            // Serialising fails for missing required fields, which proto3 has not, and beyond 2 GiB.
            preconditionFailure("a message cannot be serialised: \(error)")
        }
    }

    private static func envelope<Envelope: SwiftProtobuf.Message>(
        _ frames: [[UInt8]]
    ) throws(WireError) -> Envelope {
        guard let header = frames.first, frames.count == 2 else {
            throw WireError(
                .frames,
                field: "message",
                found: "\(frames.count) frames",
                legal: "2 frames: header and envelope"
            )
        }
        try ProtocolVersion.current.check(peer: try ProtocolVersion(header: header))
        guard frames[1].count <= WireLimits.envelopeBytes else {
            throw WireError(
                .size,
                field: "envelope",
                found: "\(frames[1].count) bytes",
                legal: "at most \(WireLimits.envelopeBytes) bytes"
            )
        }
        // The schema nests four levels deep; what is deeper was made to exhaust the stack.
        var options = BinaryDecodingOptions()
        options.messageDepthLimit = 8
        options.discardUnknownFields = true
        do {
            return try Envelope(serializedBytes: frames[1], options: options)
        } catch {
            throw WireError(
                .undecodable,
                field: "envelope",
                found: "\(frames[1].count) bytes",
                legal: Envelope.protoMessageName,
                underlying: error
            )
        }
    }

    private static func unknownKind() -> WireError {
        WireError(
            .unknownKind,
            field: "envelope",
            found: "no kind",
            legal: "one kind of message of version \(ProtocolVersion.current)"
        )
    }
}
