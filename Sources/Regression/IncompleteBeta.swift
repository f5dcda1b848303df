internal import Foundation

/// Regularised incomplete beta function I_x(a, b), `complement` being 1 − x without its rounding.
///
/// Continued fraction by the modified Lentz method (Press et al. 2007, *Numerical Recipes*, 6.4).
func regularisedIncompleteBeta(
    x: Double,
    complement: Double,
    a: Double,
    b: Double
) -> Double {
    if x <= 0 { return 0 }
    if complement <= 0 { return 1 }
    let logFront = logBetaInverse(a, b) + a * log(x) + b * log(complement)
    if x < (a + 1) / (a + b + 2) {
        return exp(logFront) * continuedFraction(x, a, b) / a
    }
    return 1 - exp(logFront) * continuedFraction(complement, b, a) / b
}

private func continuedFraction(_ x: Double, _ a: Double, _ b: Double) -> Double {
    let tiny = 1e-300
    var c = 1.0
    var d = 1 - (a + b) * x / (a + 1)
    if abs(d) < tiny { d = tiny }
    d = 1 / d
    var h = d
    for step in 1...10_000 {
        let m = Double(step)
        let even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        d = 1 + even * d
        if abs(d) < tiny { d = tiny }
        c = 1 + even / c
        if abs(c) < tiny { c = tiny }
        d = 1 / d
        h *= d * c
        let odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        d = 1 + odd * d
        if abs(d) < tiny { d = tiny }
        c = 1 + odd / c
        if abs(c) < tiny { c = tiny }
        d = 1 / d
        let factor = d * c
        h *= factor
        if abs(factor - 1) < 1e-16 { break }
    }
    return h
}

/// −ln B(a, b); where one argument is ½, without the cancellation of large log-gammas.
private func logBetaInverse(_ a: Double, _ b: Double) -> Double {
    let logGammaHalf = 0.572_364_942_924_700_1
    if b == 0.5 { return logGammaRatio(a) - logGammaHalf }
    if a == 0.5 { return logGammaRatio(b) - logGammaHalf }
    return logGamma(a + b) - logGamma(a) - logGamma(b)
}

/// ln Γ(z) for z > 0: Stirling's series above 15, the recurrence below.
private func logGamma(_ value: Double) -> Double {
    var z = value
    var shift = 0.0
    while z < 15 {
        shift += log(z)
        z += 1
    }
    let square = 1 / (z * z)
    let series =
        (1.0 / 12 - square * (1.0 / 360 - square * (1.0 / 1260 - square / 1680))) / z
    return (z - 0.5) * log(z) - z + 0.5 * log(2 * Double.pi) + series - shift
}

/// ln Γ(z + ½) − ln Γ(z), by its asymptotic series above 20 and the recurrence below.
private func logGammaRatio(_ value: Double) -> Double {
    var z = value
    var correction = 0.0
    while z < 20 {
        // Γ(z + ½)/Γ(z) = Γ(z + 3/2)/Γ(z + 1) · z / (z + ½)
        correction += log(z / (z + 0.5))
        z += 1
    }
    // Fields (1966); the next term is below 1e-17 for z ≥ 20.
    let r = 1 / z
    let square = r * r
    let series =
        -r / 8
        + square * r
        * (1.0 / 192 + square * (-1.0 / 640 + square * (17.0 / 14_336 - square * 31.0 / 18_432)))
    return correction + 0.5 * log(z) + series
}
