import WireProtocol

/// Frames of any bytes, to either side; what is accepted is legal and reads the same again.
struct FrameFuzz {
    private(set) var violations: [String] = []
    private(set) var decoded = 2
    private(set) var accepted: [String: Int] = [:]

    init(_ bytes: inout FuzzBytes) {
        let choice = bytes.next()
        var frames = [choice < 240 ? ProtocolVersion.current.header : bytes.rest(atMost: 8)]
        frames.append(bytes.rest())
        if choice % 32 == 31 { frames.append([]) }
        if let message = try? WireCodec.decodeWorker(frames) {
            accepted["worker frames"] = 1
            if (try? WireCodec.decodeWorker(WireCodec.encode(message))) != message {
                violations.append("reads otherwise again: \(message)")
            }
        }
        if let message = try? WireCodec.decodeCoordinator(frames) {
            accepted["coordinator frames"] = 1
            if (try? WireCodec.decodeCoordinator(WireCodec.encode(message))) != message {
                violations.append("reads otherwise again: \(message)")
            }
        }
    }
}
