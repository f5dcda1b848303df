import Lattice

/// The function of a prepared covariate that enters the design.
package enum CovariateTransform: String, Sendable, Codable, Hashable, CaseIterable {
    /// The value itself.
    case none
    /// ln x; no value where x ≤ 0.
    case log
    /// ln(1 + x); no value where x ≤ −1.
    case log1p
    /// √x; no value where x < 0.
    case sqrt
    /// asinh x.
    case asinh

    /// The transformed value, NaN where there is none; the same bits on every machine.
    package func apply(_ x: Double) -> Double {
        switch self {
        case .none: x
        case .log: x > 0 ? CanonicalMath.log(x) : .nan
        case .log1p: x > -1 ? CanonicalMath.log1p(x) : .nan
        case .sqrt: x >= 0 ? CanonicalMath.sqrt(x) : .nan
        case .asinh: CanonicalMath.asinh(x)
        }
    }

    /// The transformed quantity as text, such as `ln(1 + persons km-2)`.
    package func text(of unit: String) -> String {
        switch self {
        case .none: unit
        case .log: "ln(\(unit))"
        case .log1p: "ln(1 + \(unit))"
        case .sqrt: "sqrt(\(unit))"
        case .asinh: "asinh(\(unit))"
        }
    }
}
