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

/// Lines appended to a file, opened once.
///
/// When the file cannot be opened or written (a full disk), lines are dropped and counted: logging
/// never stops a run.
package final class FileLogSink: LogSink {
    private let descriptor: Int32
    private let dropped = Mutex<Int>(0)

    /// Opens a file for appending, creating it with mode 0644.
    package init(path: String) {
        descriptor = unsafe open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o644)
    }

    deinit {
        if descriptor >= 0 { close(descriptor) }
    }

    /// Writes one line.
    package func write(line: String) {
        guard descriptor >= 0, WholeWrite.write(Array((line + "\n").utf8), to: descriptor) else {
            dropped.withLock { $0 += 1 }
            return
        }
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
