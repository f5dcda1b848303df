/// Why a regression cannot be set up or evaluated at all.
///
/// Trouble at single locations is no error: it is a ``FitFailure`` in the result.
package struct RegressionError: Error, Equatable, CustomStringConvertible {
    /// Kinds of failure, for callers that react to them.
    package enum Code: String, Sendable {
        /// Columns of different length, an empty table, a name used twice.
        case malformedTable
        /// Fewer complete rows than the model needs.
        case tooFewObservations
        /// A bandwidth, buffer or bound outside its range.
        case illegalSetting
        /// No candidate bandwidth can be evaluated at all locations.
        case noAdmissibleBandwidth
        /// The machine lacks the instruction-set level that was asked for.
        case unavailableInstructionSet
    }

    /// Kind of failure.
    package let code: Code
    /// What was found and what is legal, in one sentence.
    package let description: String

    /// Creates an error.
    package init(_ code: Code, _ description: String) {
        self.code = code
        self.description = description
    }
}
