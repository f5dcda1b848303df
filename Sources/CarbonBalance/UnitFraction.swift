/// An exact positive fraction, so that a conversion factor is rounded once.
struct UnitFraction: Hashable, Sendable {
    private(set) var numerator: Int128
    private(set) var denominator: Int128

    static let one = UnitFraction(1)

    /// A fraction in lowest terms; both parts are positive.
    init(_ numerator: Int, over denominator: Int = 1) {
        precondition(numerator > 0 && denominator > 0, "a unit factor is positive")
        self.init(Int128(numerator), Int128(denominator))
    }

    private init(_ numerator: Int128, _ denominator: Int128) {
        let divisor = Self.greatestCommonDivisor(numerator, denominator)
        self.numerator = numerator / divisor
        self.denominator = denominator / divisor
    }

    /// Ten to an exponent within ±18.
    static func powerOfTen(_ exponent: Int) -> UnitFraction {
        let power = (0..<abs(exponent)).reduce(Int128(1)) { product, _ in product * 10 }
        return exponent >= 0 ? UnitFraction(power, 1) : UnitFraction(1, power)
    }

    var reciprocal: UnitFraction { UnitFraction(denominator, numerator) }

    static func * (lhs: Self, rhs: Self) -> UnitFraction {
        // Reducing crosswise first keeps the parts small.
        let left = UnitFraction(lhs.numerator, rhs.denominator)
        let right = UnitFraction(rhs.numerator, lhs.denominator)
        return UnitFraction(
            left.numerator * right.numerator,
            left.denominator * right.denominator
        )
    }

    /// The nearest double where both parts have at most 53 bits, within 1.5 ulp otherwise.
    var value: Double { Double(numerator) / Double(denominator) }

    private static func greatestCommonDivisor(_ first: Int128, _ second: Int128) -> Int128 {
        var (larger, smaller) = (first, second)
        while smaller != 0 { (larger, smaller) = (smaller, larger % smaller) }
        return larger
    }
}
