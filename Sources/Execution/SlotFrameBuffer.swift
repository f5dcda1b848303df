internal import WireProtocol

/// Cuts what comes through a pipe into frames.
///
/// A frame is its length as a big-endian 32-bit number, a byte for its kind, and the content; the length
/// counts kind and content. What is kept is bounded by ``maximumBytes`` and one reading.
package struct SlotFrameBuffer: Sendable {
    /// One frame.
    package struct Frame: Hashable, Sendable {
        /// Which message it is.
        package let kind: UInt8
        /// The message.
        package let content: [UInt8]
    }

    /// The largest length of a frame: an envelope, and some.
    package static let maximumBytes = WireLimits.envelopeBytes + 4096
    /// Bytes before the content.
    private static let headerBytes = 5

    private var bytes: [UInt8] = []
    private var start = 0

    /// A buffer into which nothing was read.
    package init() {}

    /// The bytes of a frame.
    package static func encoded(kind: UInt8, _ content: [UInt8]) -> [UInt8] {
        precondition(content.count < maximumBytes, "a frame is within its bound")
        let length = UInt32(content.count + 1)
        var frame: [UInt8] = []
        frame.reserveCapacity(content.count + headerBytes)
        for shift in [24, 16, 8, 0] as [UInt32] {
            frame.append(UInt8(truncatingIfNeeded: length >> shift))
        }
        frame.append(kind)
        return frame + content
    }

    /// Takes what was read.
    package mutating func append(_ more: [UInt8]) {
        if start == bytes.count {
            bytes = more
            start = 0
        } else {
            if start > 1 << 16 {
                bytes.removeFirst(start)
                start = 0
            }
            bytes += more
        }
    }

    /// The next whole frame; nil when more has to be read.
    ///
    /// - Returns: kind and content.
    /// - Throws: ``SlotFrameError`` for a length that no frame has; nothing after it can be read.
    package mutating func next() throws(SlotFrameError) -> Frame? {
        guard bytes.count - start >= 4 else { return nil }
        let length = bytes[start..<start + 4].reduce(0) { $0 << 8 | Int($1) }
        guard (1...Self.maximumBytes).contains(length) else {
            throw SlotFrameError("a frame of \(length) bytes; legal are 1 to \(Self.maximumBytes)")
        }
        guard bytes.count - start >= 4 + length else { return nil }
        let content = start + Self.headerBytes
        let end = start + 4 + length
        let frame = Frame(kind: bytes[start + 4], content: Array(bytes[content..<end]))
        start = end
        return frame
    }
}

/// Why what came through a pipe is no message.
package struct SlotFrameError: Error, CustomStringConvertible {
    /// What was found.
    package let description: String

    /// A reason.
    package init(_ description: String) {
        self.description = description
    }
}
