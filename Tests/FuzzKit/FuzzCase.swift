/// One sequence of bytes, taken through the product's decoding, validation and decisions.
///
/// The first byte says what the others are: what peers say to a coordinator, what a coordinator says to
/// a worker, frames as they come from a socket, or the content of a file. Nothing may trap; what the
/// checkers find is in ``violations``.
package struct FuzzCase: Sendable {
    /// What the bytes of a case are.
    package enum Subject: Int, Sendable, CaseIterable {
        /// Peers with valid keys, honest and other, speak to a coordinator.
        case coordinator
        /// A coordinator speaks to a worker.
        case worker
        /// Frames, to either side.
        case frames
        /// Files and what messages carry: keys, lists, partial sums, specifications.
        case files
    }

    /// What the checkers found; empty while all is well.
    package private(set) var violations: [String] = []
    /// Messages and files that were decoded or refused.
    package private(set) var decodedCount = 0
    /// What was accepted, by kind.
    package private(set) var accepted: [String: Int] = [:]

    /// Runs a case.
    package init(_ bytes: [UInt8]) {
        guard let first = bytes.first else { return }
        var rest = FuzzBytes(Array(bytes.dropFirst()))
        switch Subject.allCases[Int(first) % Subject.allCases.count] {
        case .coordinator:
            var fuzz = CoordinatorFuzz.joined
            fuzz.run(&rest)
            (violations, decodedCount, accepted) = (fuzz.violations, fuzz.decoded, fuzz.accepted)
        case .worker:
            var fuzz = WorkerFuzz()
            fuzz.run(&rest)
            (violations, decodedCount, accepted) = (fuzz.violations, fuzz.decoded, fuzz.accepted)
        case .frames:
            let fuzz = FrameFuzz(&rest)
            (violations, decodedCount, accepted) = (fuzz.violations, fuzz.decoded, fuzz.accepted)
        case .files:
            let fuzz = FileFuzz(&rest)
            (violations, decodedCount, accepted) = (fuzz.violations, 1, fuzz.accepted)
        }
    }
}
