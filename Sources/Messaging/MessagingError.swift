/// A failure of the messaging layer, phrased for the operator.
///
/// `subject` names the endpoint, file, option or key concerned; `message` says what was found, what
/// is legal and, where there is one, the command that mends it. Secrets never appear in either.
package struct MessagingError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The kind of failure.
    package enum Code: String, Sendable, Hashable {
        /// libzmq is older than the oldest supported release.
        case libraryTooOld
        /// libzmq was built without CURVE.
        case curveUnavailable
        /// The ZeroMQ context could not be made, or is closed.
        case contextUnavailable
        /// Another socket listens on the endpoint.
        case addressInUse
        /// The endpoint is not legal, or its host or interface is unknown.
        case endpointInvalid
        /// A ZeroMQ or system call failed where no failure was expected.
        case systemCallFailed
        /// A limit is outside its legal range.
        case limitsInvalid
        /// Text or bytes are not a CURVE key, or two keys do not belong together.
        case keyInvalid
        /// A file could not be read or written.
        case fileFailed
        /// A private file can be read or written by others.
        case fileExposed
        /// A file that must not be overwritten exists.
        case fileExists
        /// A file's content is not what it should be.
        case fileInvalid
    }

    /// The kind of failure.
    package let code: Code
    /// The endpoint, path, option or key concerned.
    package let subject: String
    /// What was being done, what was found, and what is legal.
    package let message: String
    /// The system's or library's own error, where it caused this one.
    package let underlying: SystemFailure?

    /// Makes an error; `message` completes the sentence that `subject` begins.
    package init(
        _ code: Code,
        subject: String,
        _ message: String,
        underlying: SystemFailure? = nil
    ) {
        self.code = code
        self.subject = subject
        self.message = message
        self.underlying = underlying
    }

    /// Subject, message and cause in one line.
    package var description: String {
        guard let underlying else { return "\(subject): \(message)" }
        return "\(subject): \(message) (\(underlying))"
    }
}
