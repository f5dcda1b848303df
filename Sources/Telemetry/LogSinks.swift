internal import Foundation
internal import Synchronization

/// Lines to a standard stream; a line is one `write`, so that lines of several threads stay whole.
package struct StandardStreamSink: LogSink {
    private let descriptor: Int32

    /// Standard error.
    package static let error = StandardStreamSink(descriptor: STDERR_FILENO)
    /// Standard output.
    package static let output = StandardStreamSink(descriptor: STDOUT_FILENO)

    /// Writes one line.
    package func write(line: String) {
        WholeWrite.write(Array((line + "\n").utf8), to: descriptor)
    }
}

/// Lines appended to a file, and to another when it is full: two of ``fileBytes`` at most.
///
/// The full one is called `NAME.1.jsonl` beside `NAME.jsonl`, in place of the one before. When the file
/// cannot be opened or written (a full disk), lines are dropped and counted: logging never stops a run.
package final class FileLogSink: LogSink {
    private struct State {
        var descriptor: Int32
        var bytes: Int
        var dropped = 0
    }

    private let path: String
    private let fileBytes: Int
    private let state: Mutex<State>

    /// Opens a file for appending, creating it with mode 0644.
    ///
    /// - Parameters:
    ///   - path: the file; only this process writes it.
    ///   - fileBytes: size at which it is put aside.
    package init(path: String, fileBytes: Int = 64 << 20) {
        self.path = path
        self.fileBytes = fileBytes
        state = Mutex(Self.opened(path))
    }

    deinit {
        let descriptor = state.withLock { $0.descriptor }
        if descriptor >= 0 { close(descriptor) }
    }

    /// Where the lines go that were written before the present file was begun.
    package static func earlierPath(of path: String) -> String {
        let suffix = ".jsonl"
        return path.hasSuffix(suffix)
            ? "\(path.dropLast(suffix.count)).1\(suffix)" : "\(path).1"
    }

    /// Writes one line.
    package func write(line: String) {
        let bytes = Array((line + "\n").utf8)
        state.withLock { state in
            if state.bytes > 0, state.bytes + bytes.count > fileBytes { putAside(&state) }
            guard state.descriptor >= 0, WholeWrite.write(bytes, to: state.descriptor) else {
                state.dropped += 1
                return
            }
            state.bytes += bytes.count
        }
    }

    private func putAside(_ state: inout State) {
        // Where it cannot be renamed, the log grows rather than loses what is in it.
        guard unsafe rename(path, Self.earlierPath(of: path)) == 0 else {
            state.bytes = 0
            return
        }
        if state.descriptor >= 0 { close(state.descriptor) }
        let dropped = state.dropped
        state = Self.opened(path)
        state.dropped = dropped
    }

    private static func opened(_ path: String) -> State {
        let descriptor = unsafe open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o644)
        let end = descriptor >= 0 ? Int(lseek(descriptor, 0, SEEK_END)) : 0
        return State(descriptor: descriptor, bytes: max(0, end))
    }
}

/// Writing all bytes to a descriptor.
package enum WholeWrite {
    /// Writes every byte; false when the descriptor refuses.
    @discardableResult
    package static func write(_ bytes: [UInt8], to descriptor: Int32) -> Bool {
        var offset = 0
        while offset < bytes.count {
            let written = unsafe bytes.withUnsafeBytes { buffer in
                unsafe Glibc.write(
                    descriptor,
                    UnsafeRawBufferPointer(rebasing: buffer[offset...]).baseAddress,
                    buffer.count - offset
                )
            }
            if written > 0 {
                offset += written
            } else if errno != EINTR {
                return false
            }
        }
        return true
    }
}
