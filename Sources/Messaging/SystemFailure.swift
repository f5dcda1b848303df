internal import CZeroMQ

/// An errno value with its text.
package struct SystemFailure: Error, Sendable, Hashable, CustomStringConvertible {
    /// The errno value, which may be one of libzmq's own.
    package let number: Int32

    /// Wraps an errno value.
    package init(number: Int32) {
        self.number = number
    }

    /// The system's text and the number.
    package var description: String {
        // zmq_strerror knows libzmq's own numbers and hands the others to strerror.
        guard let text = unsafe zmq_strerror(number) else { return "error \(number)" }
        return "\(unsafe String(cString: text)), errno \(number)"
    }
}
