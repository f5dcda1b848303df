/// What kept the run directory or the journal from doing what was asked.
///
/// ``description`` is the whole message for an operator: which file, what was found, what to do.
package struct RunStoreError: Error, Sendable, CustomStringConvertible {
    /// The kinds of trouble, in the terms that decide what a caller does next.
    package enum Code: String, Sendable, Hashable, CaseIterable {
        /// The directory holds another plan.
        case otherPlan
        /// The directory holds files that no run made.
        case foreignFiles
        /// Another live process coordinates this run.
        case locked
        /// The journal lies on a network file system, where SQLite's locks and log are not safe.
        case networkFileSystem
        /// The journal is no SQLite file, is damaged, or misses what it must hold.
        case damaged
        /// The journal was written by a newer version of the program.
        case newerSchema
        /// The journal was written by an older version, and only its coordinator may change it.
        case olderSchema
        /// There is no run in this place.
        case noRun
        /// No space is left; the same write may succeed later.
        case full
        /// Reading or writing failed; the same operation may succeed later.
        case inputOutput
        /// Access is not permitted.
        case permission
        /// A request that the program itself got wrong.
        case misuse
    }

    /// The kind of trouble.
    package let code: Code
    /// The file or directory.
    package let path: String
    /// What was found, and what to do about it.
    package let message: String
    /// The cause underneath, in the words of the library that reported it.
    package let underlying: String?

    /// An error about a file or directory.
    package init(_ code: Code, path: String, message: String, underlying: String? = nil) {
        self.code = code
        self.path = path
        self.message = message
        self.underlying = underlying
    }

    /// True when trying the same operation again later may succeed.
    package var isTransient: Bool { code == .full || code == .inputOutput }

    package var description: String {
        let cause = underlying.map { " (\($0))" } ?? ""
        return "\(path): \(message)\(cause)"
    }
}
