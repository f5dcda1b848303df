extension ZeroMQSocket {
    /// What a receiver found.
    enum Receipt {
        case nothing
        case message(prefix: [UInt8], frames: [[UInt8]], userID: String?)
        /// A message of more frames than allowed, read and thrown away.
        case overlong(prefix: [UInt8], frameCount: Int, userID: String?)
    }

    /// Sends a whole message, or nothing of it.
    ///
    /// libzmq decides on the first frame; the rest then never blocks.
    func send(prefix: [UInt8]?, frames: [[UInt8]]) throws(MessagingError) -> Outcome {
        precondition(!frames.isEmpty, "a message has a body")
        let parts = prefix.map { [$0] + frames } ?? frames
        for (index, part) in parts.enumerated() {
            let outcome = try sendFrame(part, more: index < parts.count - 1)
            guard case .done = outcome else {
                precondition(index == 0, "libzmq takes the rest of a message it began to take")
                return outcome
            }
        }
        return .done(0)
    }

    /// Receives a whole message, or nothing where none has arrived.
    func receive(
        hasPrefix: Bool,
        maximumFrameCount: Int
    ) throws(MessagingError) -> Receipt {
        guard var frame = try receiveFrame() else { return .nothing }
        var prefix: [UInt8] = []
        if hasPrefix {
            prefix = frame.bytes
            // The parts of a message arrive together, so the next frame is there.
            guard frame.hasMore, let body = try receiveFrame() else {
                return .overlong(prefix: prefix, frameCount: 0, userID: nil)
            }
            frame = body
        }
        let userID = lastFrameUserID()
        var frames = [frame.bytes]
        var frameCount = 1
        while frame.hasMore, let next = try receiveFrame() {
            frame = next
            frameCount += 1
            if frameCount <= maximumFrameCount { frames.append(frame.bytes) }
        }
        guard frameCount <= maximumFrameCount else {
            return .overlong(prefix: prefix, frameCount: frameCount, userID: userID)
        }
        return .message(prefix: prefix, frames: frames, userID: userID)
    }
}
