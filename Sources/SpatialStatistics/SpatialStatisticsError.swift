/// Why a spatial statistic cannot be computed.
package struct SpatialStatisticsError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The kinds of refusal.
    package enum Code: String, Hashable, Sendable {
        /// Lists of neighbours that contradict themselves.
        case neighbours
        /// Too few observations, or observations without variance.
        case degenerate
        /// A value that is not finite, or a count that does not match.
        case values
    }

    /// What kind of refusal it is.
    package let code: Code
    /// What was found, and what is legal.
    package let explanation: String

    /// A refusal.
    package init(_ code: Code, _ explanation: String) {
        self.code = code
        self.explanation = explanation
    }

    package var description: String { explanation }
}
