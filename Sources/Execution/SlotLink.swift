internal import CPosix
internal import Dispatch
internal import Synchronization
internal import WireProtocol

/// The end of a slot's socket that its process holds: what the worker says, and what it is told.
package final class SlotLink: Sendable {
    private let socket: Int32
    private let writing = Mutex(())
    /// One file is asked for at a time, so that the next answer is its answer.
    private let asking = DispatchSemaphore(value: 1)
    private let answer = Mutex<Result<String, TileFailure>?>(nil)
    private let isAnswered = DispatchSemaphore(value: 0)

    /// A link over a connected stream socket.
    package init(socket: Int32) {
        self.socket = socket
    }

    /// Says something; blocks for as long as the worker does not read.
    ///
    /// A worker that is gone does not hear it: the end of the socket is noticed where orders are read.
    func send(_ report: SlotReport) {
        let frame = SlotCodec.encode(report)
        writing.withLock { _ in
            var offset = 0
            while offset < frame.count {
                let sent = unsafe frame[offset...].withUnsafeBytes { bytes in
                    unsafe sectile_send(socket, bytes.baseAddress, bytes.count, 1)
                }
                guard sent > 0 else { return }
                offset += Int(sent)
            }
        }
    }

    /// What came next; nil when the worker is gone.
    ///
    /// Blocks.
    func receive() -> [UInt8]? {
        var chunk = [UInt8](repeating: 0, count: 1 << 16)
        let got = unsafe chunk.withUnsafeMutableBytes { bytes in
            unsafe sectile_receive(socket, bytes.baseAddress, bytes.count, 1)
        }
        guard got > 0 else { return nil }
        chunk.removeLast(chunk.count - Int(got))
        return chunk
    }

    /// Asks for a file; blocks until it is lent or withheld, which a cancelled unit's is at once.
    ///
    /// - Returns: where it lies.
    /// - Throws: ``TileFailure`` with the worker's reason.
    func borrow(_ file: TransferFile) throws(TileFailure) -> String {
        asking.wait()
        defer { asking.signal() }
        send(.wants(file))
        isAnswered.wait()
        guard let outcome = answer.withLock({ $0 }) else {
            preconditionFailure("\(file) was answered without an answer")
        }
        return try outcome.get()
    }

    /// Answers the question that is open.
    func answer(_ outcome: Result<String, TileFailure>) {
        answer.withLock { $0 = outcome }
        isAnswered.signal()
    }
}
