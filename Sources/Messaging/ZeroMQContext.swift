internal import CZeroMQ
internal import Foundation
internal import Synchronization

/// A process's ZeroMQ context: make one, keep it for the life of the process.
///
/// libzmq 4.3.4 releases libsodium's random source with every context it destroys, without counting
/// its users (libzmq issue 4241); on Linux that is harmless, elsewhere it is not. One coordinator
/// channel at most can use a context at a time, because ZAP requests have one address per context.
package final class ZeroMQContext: Sendable {
    /// The pointer as a number, because a lock's content that leaves it must be `Sendable`; `nil`
    /// once termination began.
    private let address: Mutex<UInt?>
    private let socketNumber = Atomic<Int>(0)

    /// Checks the library and makes a context with one network thread.
    ///
    /// - Throws: ``MessagingError`` where libzmq is too old, lacks CURVE, or has no resources.
    package init() throws(MessagingError) {
        try ZeroMQLibrary.current.validate()
        guard let pointer = unsafe zmq_ctx_new() else {
            throw MessagingError(
                .contextUnavailable,
                subject: "ZeroMQ context",
                "cannot be made",
                underlying: SystemFailure(number: zmq_errno())
            )
        }
        // Without this, closing a socket would wait for unsent messages for ever by default.
        _ = unsafe zmq_ctx_set(pointer, ZMQ_BLOCKY, 0)
        _ = unsafe zmq_ctx_set(pointer, ZMQ_IO_THREADS, 1)
        address = Mutex(UInt(bitPattern: pointer))
    }

    deinit {
        // Waits for sockets that are still open, up to their linger time; normally none are.
        if let address = address.withLock({ $0 }) { Self.terminate(address) }
    }

    /// Makes a raw socket of a libzmq type; it belongs to the calling thread for life.
    func makeSocket(_ type: Int32) throws(MessagingError) -> ZeroMQSocket {
        let (socketAddress, failure) = address.withLock { address -> (UInt, Int32) in
            guard let address else { return (0, ETERM) }
            let socket = unsafe zmq_socket(UnsafeMutableRawPointer(bitPattern: address), type)
            return (UInt(bitPattern: socket), zmq_errno())
        }
        guard let handle = unsafe UnsafeMutableRawPointer(bitPattern: socketAddress) else {
            throw MessagingError(
                .contextUnavailable,
                subject: "ZeroMQ socket",
                "cannot be made: the context is closed or has no sockets or descriptors left",
                underlying: SystemFailure(number: failure)
            )
        }
        return unsafe ZeroMQSocket(handle: handle)
    }

    /// An in-process address that nothing else in this context uses.
    func makeInProcessEndpoint() -> String {
        let number = socketNumber.wrappingAdd(1, ordering: .relaxed).newValue
        return "inproc://sectile-monitor-\(number)"
    }

    /// Ends the context once its channels are closed; waits up to their linger time.
    ///
    /// Runs on a thread of its own. A second call returns at once. Only now is a coordinator's port
    /// certain to be free again: libzmq closes sockets behind the scenes.
    package func terminate() async {
        let taken = address.withLock { address in
            defer { address = nil }
            return address
        }
        guard let taken else { return }
        await withCheckedContinuation { continuation in
            let thread = Thread {
                Self.terminate(taken)
                continuation.resume()
            }
            thread.name = "sectile-zmq-term"
            thread.start()
        }
    }

    private static func terminate(_ address: UInt) {
        let pointer = unsafe UnsafeMutableRawPointer(bitPattern: address)
        while unsafe zmq_ctx_term(pointer) != 0 && zmq_errno() == EINTR {}
    }
}
