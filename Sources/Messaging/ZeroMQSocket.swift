internal import CZeroMQ
internal import Glibc

/// A libzmq socket: one owner, one thread, one place where errno is read.
@safe package struct ZeroMQSocket: ~Copyable {
    private let handle: UnsafeMutableRawPointer
    /// Reused for every frame received; on the heap because a `zmq_msg_t` must not move.
    private let scratch: UnsafeMutablePointer<zmq_msg_t>

    init(handle: UnsafeMutableRawPointer) {
        unsafe self.handle = unsafe handle
        unsafe scratch = UnsafeMutablePointer.allocate(capacity: 1)
        unsafe zmq_msg_init(scratch)
    }

    deinit {
        unsafe zmq_msg_close(scratch)
        unsafe scratch.deallocate()
        unsafe zmq_close(handle)
    }

    /// What became of one system call.
    enum Outcome {
        case done(Int)
        /// Nothing to read, or no room to write, now.
        case wouldBlock
        /// The peer is not connected.
        case unroutable
    }

    /// The one place where errno is read: repeats interrupted calls, and tells the two expected
    /// failures from the others.
    private func call(
        _ operation: String,
        _ body: () -> Int32
    ) throws(MessagingError) -> Outcome {
        while true {
            let result = body()
            if result >= 0 { return .done(Int(result)) }
            let number = zmq_errno()
            switch number {
            case EINTR: continue
            case EAGAIN: return .wouldBlock
            case EHOSTUNREACH: return .unroutable
            default:
                throw MessagingError(
                    .systemCallFailed,
                    subject: operation,
                    "failed",
                    underlying: SystemFailure(number: number)
                )
            }
        }
    }

    /// Sends one frame.
    func sendFrame(_ frame: [UInt8], more: Bool) throws(MessagingError) -> Outcome {
        let flags = ZMQ_DONTWAIT | (more ? ZMQ_SNDMORE : 0)
        return try call("zmq_send") {
            unsafe frame.withUnsafeBytes { bytes in
                unsafe zmq_send(handle, bytes.baseAddress, bytes.count, flags)
            }
        }
    }

    /// A received frame.
    struct Frame {
        let bytes: [UInt8]
        let hasMore: Bool
    }

    /// Receives one frame, or nothing where none has arrived.
    func receiveFrame() throws(MessagingError) -> Frame? {
        let outcome = try call("zmq_msg_recv") {
            unsafe zmq_msg_recv(scratch, handle, ZMQ_DONTWAIT)
        }
        guard case .done(let count) = outcome else { return nil }
        let bytes = unsafe [UInt8](unsafeUninitializedCapacity: count) { buffer, initialised in
            if count > 0, let source = unsafe zmq_msg_data(scratch) {
                unsafe UnsafeMutableRawBufferPointer(buffer).copyMemory(
                    from: UnsafeRawBufferPointer(start: source, count: count)
                )
            }
            initialised = count
        }
        return Frame(bytes: bytes, hasMore: unsafe zmq_msg_more(scratch) == 1)
    }

    /// The user id that authentication gave to the sender of the last frame received.
    ///
    /// To be asked after a frame of the body: libzmq 4.3.4 can lose the properties of the
    /// routing-id frame when a poll has prefetched it.
    func lastFrameUserID() -> String? {
        guard let text = unsafe zmq_msg_gets(scratch, "User-Id") else { return nil }
        return unsafe String(cString: text)
    }

    /// The network address from which the last frame received came; to be asked like
    /// ``lastFrameUserID()``.
    func lastFrameAddress() -> String? {
        guard let text = unsafe zmq_msg_gets(scratch, "Peer-Address") else { return nil }
        let address = unsafe String(cString: text)
        // A socket of both families calls IPv4 peers by their IPv6 name; authentication does not.
        let mapped = "::ffff:"
        return address.hasPrefix(mapped) ? String(address.dropFirst(mapped.count)) : address
    }

    /// Sets an integer option.
    func setOption(_ option: Int32, _ value: Int, name: String) throws(MessagingError) {
        guard let narrow = Int32(exactly: value) else {
            throw MessagingError(.limitsInvalid, subject: name, "is \(value), which is too large")
        }
        try setOption(name) {
            unsafe withUnsafeBytes(of: narrow) { bytes in
                unsafe zmq_setsockopt(handle, option, bytes.baseAddress, bytes.count)
            }
        }
    }

    /// Sets a 64-bit option.
    func setWideOption(_ option: Int32, _ value: Int64, name: String) throws(MessagingError) {
        try setOption(name) {
            unsafe withUnsafeBytes(of: value) { bytes in
                unsafe zmq_setsockopt(handle, option, bytes.baseAddress, bytes.count)
            }
        }
    }

    /// Sets an option of bytes.
    func setOption(_ option: Int32, _ value: [UInt8], name: String) throws(MessagingError) {
        try setOption(name) {
            unsafe value.withUnsafeBytes { bytes in
                unsafe zmq_setsockopt(handle, option, bytes.baseAddress, bytes.count)
            }
        }
    }

    private func setOption(_ name: String, _ body: () -> Int32) throws(MessagingError) {
        guard case .done = try call("option \(name)", body) else {
            throw MessagingError(.systemCallFailed, subject: "option \(name)", "was not taken")
        }
    }

    /// Binds to an endpoint and returns it with wildcards resolved.
    ///
    /// - Throws: ``MessagingError/Code/addressInUse`` or ``MessagingError/Code/endpointInvalid``.
    func bind(to endpoint: String) throws(MessagingError) -> String {
        guard unsafe zmq_bind(handle, endpoint) == 0 else {
            throw EndpointFailure.error(endpoint: endpoint, number: zmq_errno(), verb: "listen on")
        }
        // The longest endpoint is a bracketed IPv6 address with scope and port.
        var text = [UInt8](repeating: 0, count: 512)
        var length = text.count
        try setOption("ZMQ_LAST_ENDPOINT") {
            unsafe text.withUnsafeMutableBytes { bytes in
                unsafe zmq_getsockopt(handle, ZMQ_LAST_ENDPOINT, bytes.baseAddress, &length)
            }
        }
        return String(decoding: text.prefix { $0 != 0 }, as: UTF8.self)
    }

    /// Frees an in-process address at once; closing alone leaves that to a thread of libzmq's.
    func unbind(from endpoint: String) {
        // It fails only where the context is ending, which frees the address too.
        _ = unsafe zmq_unbind(handle, endpoint)
    }

    /// Starts connecting to an endpoint; the connection comes about later, or not.
    func connect(to endpoint: String) throws(MessagingError) {
        guard unsafe zmq_connect(handle, endpoint) == 0 else {
            throw EndpointFailure.error(endpoint: endpoint, number: zmq_errno(), verb: "connect to")
        }
    }

    /// Starts reporting on connections to an in-process endpoint; `nil` stops it.
    func monitor(at endpoint: String?, events: Int32) throws(MessagingError) {
        try setOption("zmq_socket_monitor") {
            guard let endpoint else { return unsafe zmq_socket_monitor(handle, nil, 0) }
            return unsafe zmq_socket_monitor(handle, endpoint, events)
        }
    }

    /// An entry for `zmq_poll`; valid while the socket lives.
    func pollItem(events: Int32) -> zmq_pollitem_t {
        unsafe zmq_pollitem_t(socket: handle, fd: 0, events: Int16(events), revents: 0)
    }
}
