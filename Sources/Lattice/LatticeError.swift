/// Why bytes or polygons were refused.
package struct LatticeError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The kinds of refusal.
    package enum Code: String, Hashable, Sendable {
        /// Bytes are no encoded exact sum.
        case malformedSum
        /// A vertex is not finite, or too far from the grid.
        case coordinateOutOfRange
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
