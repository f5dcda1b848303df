internal import Foundation
internal import Synchronization

/// Lines to a standard stream; a line is one `write`, so that lines of several threads stay whole.
///
/// Standard error stops nobody: when its reader does not read (a pager, a stopped terminal, a connection
/// that is gone), lines are left out and counted, and the next one that is taken comes after a line that
/// says how many. Standard output waits for its reader, as programs do.
package final class StandardStreamSink: LogSink {
    private struct State {
        /// Where to write; nil until the first line.
        var descriptor: Int32?
        /// Lines left out since the last one that was taken.
        var dropped = 0
        /// True when the end of the last line is missing.
        var isTorn = false
    }

    private let stream: Int32
    private let waits: Bool
    private let gapLine: @Sendable (_ dropped: Int) -> String
    private let state = Mutex(State())

    /// How long a reader that has read so far is waited for, milliseconds; then not at all until it reads.
    private static let patienceMilliseconds: Int32 = 100

    /// Standard error.
    package static let error = StandardStreamSink(descriptor: STDERR_FILENO)
    /// Standard output.
    package static let output = StandardStreamSink(descriptor: STDOUT_FILENO, waits: true)

    /// A sink on a stream that stays open.
    ///
    /// - Parameters:
    ///   - descriptor: the stream.
    ///   - waits: true for one whose lines all count.
    ///   - gapLine: the line that says how many before it were left out.
    package init(
        descriptor: Int32,
        waits: Bool = false,
        gapLine: @escaping @Sendable (_ dropped: Int) -> String = { dropped in
            "(\(dropped) lines before this one were left out: nobody read them)"
        }
    ) {
        stream = descriptor
        self.waits = waits
        self.gapLine = gapLine
    }

    deinit {
        let descriptor = state.withLock { $0.descriptor }
        if let descriptor, descriptor != stream { close(descriptor) }
    }

    /// Writes one line.
    package func write(line: String) {
        guard !waits else {
            WholeWrite.write(Array((line + "\n").utf8), to: stream)
            return
        }
        state.withLock { state in
            let gap = state.dropped > 0 ? gapLine(state.dropped) + "\n" : ""
            let text = (state.isTorn ? "\n" : "") + gap + line + "\n"
            if append(text, to: &state) { state.dropped = 0 } else { state.dropped += 1 }
        }
    }

    /// Writes what is soon overwritten, such as a line of progress; it is not missed when nobody reads.
    package func write(passing text: String) {
        state.withLock { _ = append(text, to: &$0) }
    }

    private func append(_ text: String, to state: inout State) -> Bool {
        let descriptor = state.descriptor ?? Self.unblocked(stream)
        state.descriptor = descriptor
        let bytes = Array(text.utf8)
        let patience = state.dropped == 0 ? Self.patienceMilliseconds : 0
        let written = Self.write(
            bytes,
            to: descriptor,
            mayBlock: descriptor == stream,
            patience: patience
        )
        if written > 0 { state.isTorn = written < bytes.count }
        return written == bytes.count
    }

    /// Writes as many bytes as the reader takes in time; their number.
    private static func write(
        _ bytes: [UInt8],
        to descriptor: Int32,
        mayBlock: Bool,
        patience: Int32
    ) -> Int {
        func hasRoom() -> Bool {
            var waiting = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
            return unsafe poll(&waiting, 1, patience) > 0
        }
        var offset = 0
        while offset < bytes.count {
            if mayBlock, !hasRoom() { break }
            // So much is written as a whole or not at all.
            let count = min(bytes.count - offset, Int(PIPE_BUF))
            let written = unsafe bytes.withUnsafeBytes { buffer in
                unsafe Glibc.write(descriptor, buffer.baseAddress?.advanced(by: offset), count)
            }
            if written > 0 {
                offset += written
            } else if errno == EAGAIN {
                guard hasRoom() else { break }
            } else if errno != EINTR {
                break
            }
        }
        return offset
    }

    /// The same stream with waiting turned off for this process alone; other processes share the original.
    private static func unblocked(_ stream: Int32) -> Int32 {
        var information = stat()
        guard unsafe fstat(stream, &information) == 0 else { return stream }
        let kind = information.st_mode & S_IFMT
        // A file never lets wait, and opened again it would be written from its beginning.
        guard kind == S_IFIFO || kind == S_IFCHR else { return stream }
        let flags = O_WRONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY
        let own = unsafe open("/proc/self/fd/\(stream)", flags)
        return own >= 0 ? own : stream
    }
}
