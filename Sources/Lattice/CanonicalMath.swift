/// Elementary functions whose bits are the same on every machine.
///
/// A C library picks its variant of `log` by processor at run time, and variants differ in the last bit.
/// These use only IEEE 754 addition, multiplication, division, square root and fused multiply-add, each
/// of which is correctly rounded everywhere, in a fixed order. Intermediate values are unevaluated sums
/// of two doubles, so the results are within 0.6 ulp of the true value (tested against 40-digit
/// references); they are not claimed to be correctly rounded.
package enum CanonicalMath {
    /// Square root, correctly rounded by IEEE 754; NaN below zero.
    package static func sqrt(_ x: Double) -> Double { x.squareRoot() }

    /// Natural logarithm.
    ///
    /// Edge cases: −∞ at ±0, NaN below zero and for NaN, +∞ at +∞.
    package static func log(_ x: Double) -> Double {
        guard x > 0 else { return x == 0 ? -.infinity : .nan }
        guard x < .infinity else { return x }
        return log(DoublePair(x, 0))
    }

    /// ln(1 + x) without losing the digits of a small x.
    ///
    /// Edge cases: −∞ at −1, NaN below −1 and for NaN, +∞ at +∞, ±0 at ±0.
    package static func log1p(_ x: Double) -> Double {
        guard x > -1 else { return x == -1 ? -.infinity : .nan }
        guard x < .infinity else { return x }
        // Below 2⁻⁵⁴ the next term, x²/2, is under half an ulp.
        guard x.magnitude > 0x1p-54 else { return x }
        return log(DoublePair(sum: 1, x))
    }

    /// Inverse hyperbolic sine, ln(x + √(x² + 1)).
    ///
    /// Edge cases: ±0 at ±0, ±∞ at ±∞, NaN for NaN.
    package static func asinh(_ x: Double) -> Double {
        let size = x.magnitude
        guard size > 0x1p-27, size < .infinity else { return x }
        let value: Double
        if size > 0x1p30 {
            // √(x² + 1) differs from x by less than 2⁻⁶¹ of it; halving keeps 2x finite.
            value = log(DoublePair(size, 0), plusExponent: 1)
        } else {
            // x + x²/(1 + √(1 + x²)) has no cancellation, so log1p of it keeps a small x.
            let square = DoublePair(product: size, size)
            let root = (square + DoublePair(1, 0)).squareRoot
            let tail = square / (root + DoublePair(1, 0))
            value = log(DoublePair(1, 0) + (tail + DoublePair(size, 0)))
        }
        return x < 0 ? -value : value
    }

    /// Exponential.
    ///
    /// Edge cases: 0 below −745.2, +∞ above 709.79, NaN for NaN. Results below 2⁻¹⁰²² are rounded twice.
    package static func exp(_ x: Double) -> Double {
        guard !x.isNaN else { return x }
        guard x < 709.79 else { return .infinity }
        guard x > -745.2 else { return 0 }
        let exponent = (x * 0x1.71547652b82fep0).rounded(.toNearestOrEven)
        // The high part of ln 2 ends in zeros: its product with an integer below 2¹¹ is exact.
        let high = x - exponent * ln2High
        let reduced = DoublePair(sum: high, -exponent * ln2Low)
        let r = reduced.high
        // Taylor to r¹⁴/14!: the next term is below 2⁻⁶² for |r| ≤ ln 2 / 2.
        var polynomial = 1.0 / 15
        for divisor in stride(from: 14.0, through: 3.0, by: -1.0) {
            polynomial = (1 + r * polynomial) / divisor
        }
        let square = r * r
        let tail = 0.5 * square + square * r * (0.5 * polynomial)
        let leading = DoublePair(sum: 1, r)
        let significand = leading.high + (leading.low + (reduced.low * (1 + r) + tail))
        return Double(sign: .plus, exponent: Int(exponent), significand: significand)
    }

    private static let ln2High = 0x1.62e42fefa38p-1
    private static let ln2Low = 0x1.ef35793c7673p-45

    /// The logarithm of a positive pair times 2 to `plusExponent`.
    private static func log(_ x: DoublePair, plusExponent: Int = 0) -> Double {
        // x = 2ᵏ·m with m within [√½, √2]: ln x = k·ln 2 + 2·atanh((m − 1)/(m + 1)).
        var exponent = Int(x.high.exponent)
        if x.high.significand > 0x1.6a09e667f3bcdp0 { exponent += 1 }
        let m = scaled(x, by: -exponent)
        let s = (m + DoublePair(-1, 0)) / (m + DoublePair(1, 0))
        let z = s.high * s.high
        // The series of atanh: |s| ≤ 0.1716, the first omitted term is below 2⁻⁶⁰ of the sum.
        var series = 1.0 / 25
        for divisor in stride(from: 23.0, through: 3.0, by: -2.0) {
            series = series * z + 1 / divisor
        }
        let tail = 2 * (s.high * (z * series) + s.low)
        let k = Double(exponent + plusExponent)
        let leading = DoublePair(sum: k * ln2High, 2 * s.high)
        return leading.high + (leading.low + (tail + k * ln2Low))
    }

    /// Scaling in two steps: the factor itself may lie outside the range of doubles.
    private static func scaled(_ x: DoublePair, by exponent: Int) -> DoublePair {
        let half = Double(sign: .plus, exponent: exponent / 2, significand: 1)
        let rest = Double(sign: .plus, exponent: exponent - exponent / 2, significand: 1)
        return DoublePair(x.high * half * rest, x.low * half * rest)
    }
}

/// An unevaluated sum of two doubles, the second below half an ulp of the first (Dekker 1971).
private struct DoublePair {
    var high: Double
    var low: Double

    init(_ high: Double, _ low: Double) {
        self.high = high
        self.low = low
    }

    /// The exact sum (Knuth's two-sum).
    init(sum x: Double, _ y: Double) {
        high = x + y
        let part = high - x
        low = (x - (high - part)) + (y - part)
    }

    /// The exact product, barring underflow.
    init(product x: Double, _ y: Double) {
        high = x * y
        low = (-high).addingProduct(x, y)
    }

    static func + (lhs: Self, rhs: Self) -> DoublePair {
        let head = DoublePair(sum: lhs.high, rhs.high)
        let tail = DoublePair(sum: lhs.low, rhs.low)
        let middle = DoublePair(sum: head.high, head.low + tail.high)
        return DoublePair(sum: middle.high, middle.low + tail.low)
    }

    static func / (lhs: Self, rhs: Self) -> DoublePair {
        let quotient = lhs.high / rhs.high
        let product = DoublePair(product: quotient, rhs.high)
        let remainder = (lhs.high - product.high) - product.low + lhs.low - quotient * rhs.low
        return DoublePair(sum: quotient, remainder / rhs.high)
    }

    var squareRoot: DoublePair {
        let root = high.squareRoot()
        guard root > 0 else { return self }
        let square = DoublePair(product: root, root)
        return DoublePair(sum: root, ((high - square.high) - square.low + low) / (2 * root))
    }
}
