/// Why a coordinator had to stop although its run is not over.
package struct CoordinationError: Error, Sendable, CustomStringConvertible {
    /// The kinds of trouble.
    package enum Code: String, Sendable, Hashable, CaseIterable {
        /// The network channel closed or broke down.
        case channelClosed
    }

    /// The kind of trouble.
    package let code: Code
    /// What was found.
    package let message: String
    /// The error underneath, where there is one.
    package let underlying: (any Error)?

    /// An error of the coordinator.
    package init(_ code: Code, message: String, underlying: (any Error)? = nil) {
        self.code = code
        self.message = message
        self.underlying = underlying
    }

    package var description: String {
        underlying.map { "\(message): \($0)" } ?? message
    }
}
