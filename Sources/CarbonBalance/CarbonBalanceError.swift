/// Why a unit, a code map or a partial sum was refused.
package struct CarbonBalanceError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The kinds of refusal.
    package enum Code: String, Hashable, Sendable {
        /// The text is no unit of the kind asked for.
        case unitSyntax
        /// The unit is well formed but does not fit the layer's quantity.
        case unitDimension
        /// The unit does not say whether it weighs carbon or carbon dioxide.
        case substanceMissing
        /// A code map is contradictory or has an unknown meaning.
        case codes
        /// Bytes are no encoded partial sum.
        case malformedPartial
    }

    /// What kind of refusal it is.
    package let code: Code
    /// The text or thing that was refused.
    package let subject: String
    /// Where in the text the trouble is, characters from 1; nil when it is the text as a whole.
    package let position: Int?
    /// What was found, and what is legal.
    package let explanation: String

    /// A refusal of `subject`.
    package init(_ code: Code, subject: String, position: Int? = nil, explanation: String) {
        self.code = code
        self.subject = subject
        self.position = position
        self.explanation = explanation
    }

    package var description: String {
        let place = position.map { " at character \($0)" } ?? ""
        return switch code {
        case .unitSyntax, .unitDimension, .substanceMissing:
            "unit '\(subject)'\(place): \(explanation)"
        case .codes: "code '\(subject)': \(explanation)"
        case .malformedPartial: "\(subject): \(explanation)"
        }
    }
}
