/// The number of a try at a tile within a stage, 1 for the first.
///
/// It is the fence that keeps an old lease's late answer from passing for the current one: the
/// coordinator raises it with each grant and never reuses a number, not even after a restart.
package struct Attempt: Hashable, Comparable, Sendable, Codable, CustomStringConvertible {
    /// The number, 1 or more.
    package let number: Int

    /// The first try.
    package static let first = Attempt(1)

    /// A try by its number, which is at least 1.
    package init(_ number: Int) {
        precondition(number >= 1, "attempts count from 1")
        self.number = number
    }

    /// The try after this one.
    package var next: Attempt { Attempt(number + 1) }

    package var description: String { String(number) }

    package static func < (lhs: Self, rhs: Self) -> Bool { lhs.number < rhs.number }
}
