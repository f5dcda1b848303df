internal import Glibc

/// A system call on a file that failed.
package struct StorageFault: Error, Hashable, CustomStringConvertible {
    /// What was tried, as in "rename".
    package let operation: String
    /// The file or directory.
    package let path: String
    /// The number of the system's error.
    package let number: Int32

    /// A failed call.
    package init(operation: String, path: String, number: Int32) {
        self.operation = operation
        self.path = path
        self.number = number
    }

    package var description: String {
        let reason = unsafe strerror(number).map { unsafe String(cString: $0) } ?? "error"
        return "cannot \(operation) \(path): \(reason)"
    }

    /// The number of an input/output error.
    package static let inputOutput = EIO
}
