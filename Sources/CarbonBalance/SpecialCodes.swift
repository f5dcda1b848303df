/// What a special code of a product stands for.
package enum CodeMeaning: Hashable, Sendable {
    /// No observation.
    case nodata
    /// A value in the layer's unit, to which scale and offset do not apply.
    case value(Double)
    /// Water, treated by the water policy.
    case water
}

/// The raw values of a product that are classes, not measurements.
///
/// They are replaced **before** scale, offset, unit conversion and any averaging. In MOD17 the code
/// 32762 is urban land; left alone it reads as 3.28 kgC m⁻² yr⁻¹ over every city, and masked it removes
/// the very cells that are studied.
package struct SpecialCodes: Hashable, Sendable {
    /// The codes in ascending order with their meanings.
    package let entries: [(code: Double, meaning: CodeMeaning)]

    /// No code is special.
    package static let none = SpecialCodes(sorted: [])

    /// The codes of MOD17A3HGF v6.1 (Running and Zhao 2021, user guide): urban, snow and barren land
    /// take up nothing; unclassified, wetland and fill are unknown.
    package static let mod17 = SpecialCodes(sorted: [
        (32761, .nodata), (32762, .value(0)), (32763, .nodata), (32764, .value(0)),
        (32765, .value(0)), (32766, .water), (32767, .nodata),
    ])

    /// A map from codes to meanings.
    ///
    /// - Throws: `CarbonBalanceError` when a code is not finite or occurs twice, or a value is not
    ///   finite.
    package init(_ entries: [(code: Double, meaning: CodeMeaning)]) throws(CarbonBalanceError) {
        let sorted = entries.sorted { $0.code < $1.code }
        for (code, meaning) in sorted {
            var isFinite = code.isFinite
            if case .value(let value) = meaning { isFinite = isFinite && value.isFinite }
            guard isFinite else {
                throw CarbonBalanceError(
                    .codes,
                    subject: "\(code)",
                    explanation: "codes and their values are finite numbers"
                )
            }
        }
        for (first, second) in zip(sorted, sorted.dropFirst()) where first.code == second.code {
            throw CarbonBalanceError(
                .codes,
                subject: "\(first.code)",
                explanation: "given twice"
            )
        }
        self.init(sorted: sorted)
    }

    private init(sorted entries: [(code: Double, meaning: CodeMeaning)]) {
        self.entries = entries
    }

    /// Parses the texts of a configuration: a code, and `nodata`, `water` or a number.
    package static func meaning(
        of code: String,
        written text: String
    ) throws(CarbonBalanceError) -> (code: Double, meaning: CodeMeaning) {
        guard let number = Double(code), number.isFinite else {
            throw CarbonBalanceError(.codes, subject: code, explanation: "a code is a number")
        }
        switch text {
        case "nodata": return (number, .nodata)
        case "water": return (number, .water)
        default:
            guard let value = Double(text), value.isFinite else {
                throw CarbonBalanceError(
                    .codes,
                    subject: code,
                    explanation: "'\(text)' is no meaning; legal are nodata, water and a number"
                )
            }
            return (number, .value(value))
        }
    }

    /// True when no code is special.
    package var isEmpty: Bool { entries.isEmpty }

    /// True when some code means water.
    package var hasWater: Bool { entries.contains { $0.meaning == .water } }

    /// The meaning of a raw sample; nil when it is a measurement.
    ///
    /// NaN is never a code.
    package subscript(raw: Double) -> CodeMeaning? {
        guard let first = entries.first, let last = entries.last, raw >= first.code,
            raw <= last.code
        else { return nil }
        return entries.first { $0.code == raw }?.meaning
    }

    package static func == (lhs: Self, rhs: Self) -> Bool {
        lhs.entries.elementsEqual(rhs.entries) { $0.code == $1.code && $0.meaning == $1.meaning }
    }

    package func hash(into hasher: inout Hasher) {
        for (code, meaning) in entries {
            hasher.combine(code)
            hasher.combine(meaning)
        }
    }
}
