/// Why an attempt failed, in the terms that decide what happens to its tile.
package enum FailureClass: String, Hashable, Sendable, Codable, CaseIterable {
    /// The computing process died.
    case crash
    /// The computing process exceeded its memory cap.
    case outOfMemory
    /// The computation exceeded its wall limit.
    case timeout
    /// An input cannot be read or is wrong: the tile is given up once workers on two hosts have found it,
    /// two workers on the only host, or one where nobody else is there to look.
    case input
    /// Reading or writing tile files failed: another worker, or later, may succeed.
    case storage
    /// A defect of the program showed itself.
    case bug

    /// True when the failure counts against the tile (towards quarantine).
    package var isCharged: Bool {
        switch self {
        case .crash, .outOfMemory, .timeout, .bug: true
        case .input, .storage: false
        }
    }
}
