package import WireProtocol

/// How messages become frames: the wire's own codec, or a test's.
package struct CoordinatorCodec: Sendable {
    /// The frames of a message.
    package let encode: @Sendable (CoordinatorMessage) -> [[UInt8]]
    /// The message of frames; total, whatever the frames are.
    package let decode: @Sendable ([[UInt8]]) throws(WireError) -> WorkerMessage

    /// A codec of two functions.
    package init(
        encode: @escaping @Sendable (CoordinatorMessage) -> [[UInt8]],
        decode: @escaping @Sendable ([[UInt8]]) throws(WireError) -> WorkerMessage
    ) {
        self.encode = encode
        self.decode = decode
    }

    /// The codec of the wire protocol.
    package static let wire = CoordinatorCodec(
        encode: { WireCodec.encode($0) },
        decode: { (frames) throws(WireError) in try WireCodec.decodeWorker(frames) }
    )
}
