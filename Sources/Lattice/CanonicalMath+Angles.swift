extension CanonicalMath {
    /// Sine and cosine of an angle in degrees, within 1 ulp of 1; NaN for what is not finite.
    ///
    /// The angle is brought to ±45° by exact steps, then its Taylor polynomial (next term below 2⁻⁶⁰) is
    /// taken with fused multiply-add: the same bits on every machine.
    package static func sineAndCosine(ofDegrees angle: Double) -> (sine: Double, cosine: Double) {
        guard angle.isFinite else { return (.nan, .nan) }
        // Both the remainder and the subtraction are exact.
        let turn = angle.remainder(dividingBy: 360)
        let quarter = (turn / 90).rounded(.toNearestOrEven)
        let x = (turn - 90 * quarter) * (.pi / 180)
        let square = x * x
        var sine = 0.0
        var cosine = 0.0
        for index in stride(from: 8, through: 1, by: -1) {
            let even = Double((2 * index) * (2 * index + 1))
            let odd = Double((2 * index - 1) * (2 * index))
            sine = (1 + sine) * -square / even
            cosine = (1 + cosine) * -square / odd
        }
        sine = x.addingProduct(x, sine)
        cosine = 1 + cosine
        switch Int(quarter) & 3 {
        case 0: return (sine, cosine)
        case 1: return (cosine, -sine)
        case 2: return (-sine, -cosine)
        default: return (-cosine, sine)
        }
    }

    /// Angle in degrees whose tangent is `x`, −90…90, within a few ulp; NaN for NaN.
    ///
    /// Three times atan x = 2 atan(x / (1 + √(1 + x²))) brings it below 0.2, where the series is taken.
    package static func arctangentDegrees(_ x: Double) -> Double {
        guard !x.isNaN else { return .nan }
        guard x.magnitude < 1e150 else { return x > 0 ? 90 : -90 }
        var reduced = x
        for _ in 0..<3 { reduced /= 1 + (1 + reduced * reduced).squareRoot() }
        let square = reduced * reduced
        var sum = 0.0
        for index in stride(from: 12, through: 0, by: -1) {
            sum = 1 / Double(2 * index + 1) - square * sum
        }
        return 8 * reduced * sum * (180 / .pi)
    }
}
