/// What kept a result from being published.
package struct PublishingError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The kinds of failure.
    package enum Code: String, Hashable, Sendable {
        /// A committed tile is missing or differs from what the journal says of it.
        case damagedTile
        /// An output could not be written.
        case cannotWrite
        /// The run directory lacks what publishing needs.
        case incompleteRun
    }

    /// The kind.
    package let code: Code
    /// The file or tile.
    package let subject: String
    /// What was found, and what to do.
    package let detail: String

    /// An error about a file or tile.
    package init(_ code: Code, _ subject: String, _ detail: String) {
        self.code = code
        self.subject = subject
        self.detail = detail
    }

    package var description: String { "\(subject): \(detail)" }
}
