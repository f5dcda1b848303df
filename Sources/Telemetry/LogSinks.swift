internal import Foundation
internal import Synchronization

/// Lines appended to a file, and to another when it is full: two of ``fileBytes`` at most.
///
/// The full one is called `NAME.1.jsonl` beside `NAME.jsonl`, in place of the one before. When the file
/// cannot be opened or written (a full disk), lines are dropped and counted: logging never stops a run.
/// When it can be again, a line says how many.
package final class FileLogSink: LogSink {
    private struct State {
        var descriptor: Int32
        var bytes: Int
        /// Lines that could not be written since the last one that could.
        var dropped = 0
        /// True when the end of the last line is missing.
        var isTorn = false
    }

    private let path: String
    private let fileBytes: Int
    private let gapLine: (@Sendable (_ dropped: Int) -> String)?
    private let state: Mutex<State>

    /// Opens a file for appending, creating it with mode 0644.
    ///
    /// - Parameters:
    ///   - path: the file; only this process writes it.
    ///   - fileBytes: size at which it is put aside.
    ///   - gapLine: the line that says how many before it were dropped; nil: none does.
    package init(
        path: String,
        fileBytes: Int = 64 << 20,
        gapLine: (@Sendable (_ dropped: Int) -> String)? = nil
    ) {
        self.path = path
        self.fileBytes = fileBytes
        self.gapLine = gapLine
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
        state.withLock { state in
            if state.dropped > 0, let gapLine {
                guard append(gapLine(state.dropped), to: &state) else { return state.dropped += 1 }
                state.dropped = 0
            }
            if !append(line, to: &state) { state.dropped += 1 }
        }
    }

    /// Appends a line; false when it could not be written as a whole.
    private func append(_ line: String, to state: inout State) -> Bool {
        if state.bytes > 0, state.bytes + line.utf8.count + 1 > fileBytes { putAside(&state) }
        if state.descriptor < 0 { reopen(&state) }
        guard state.descriptor >= 0 else { return false }
        let bytes = Array(((state.isTorn ? "\n" : "") + line + "\n").utf8)
        let written = WholeWrite.write(bytes, to: state.descriptor)
        state.bytes += written
        if written > 0 { state.isTorn = written < bytes.count }
        return written == bytes.count
    }

    private func putAside(_ state: inout State) {
        // Where it cannot be renamed, the log grows rather than loses what is in it.
        guard unsafe rename(path, Self.earlierPath(of: path)) == 0 else {
            state.bytes = 0
            return
        }
        if state.descriptor >= 0 { close(state.descriptor) }
        reopen(&state)
    }

    private func reopen(_ state: inout State) {
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
    /// Writes every byte, or as many as the descriptor takes before it refuses; their number.
    @discardableResult
    package static func write(_ bytes: [UInt8], to descriptor: Int32) -> Int {
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
                break
            }
        }
        return offset
    }
}
