import Foundation
import Lattice
import Testing

/// A true value: the nearest double, and how far beyond it the value lies, in its ulps.
struct MathReference: Sendable {
    let input: Double
    let nearest: Double
    let remainder: Double

    init(_ input: UInt64, _ nearest: UInt64, _ remainder: Double) {
        self.input = Double(bitPattern: input)
        self.nearest = Double(bitPattern: nearest)
        self.remainder = remainder
    }

    /// The distance of `value` from the true value, ulps.
    func errorInUlps(of value: Double) -> Double {
        ((value - nearest) / nearest.ulp - remainder).magnitude
    }
}

struct CanonicalMathTests {
    @Test(arguments: CanonicalMathReferences.log)
    func `log is within 0.6 ulp`(reference: MathReference) {
        #expect(reference.errorInUlps(of: CanonicalMath.log(reference.input)) < 0.6)
    }

    @Test(arguments: CanonicalMathReferences.log1p)
    func `log1p is within 0.6 ulp`(reference: MathReference) {
        #expect(reference.errorInUlps(of: CanonicalMath.log1p(reference.input)) < 0.6)
    }

    @Test(arguments: CanonicalMathReferences.asinh)
    func `asinh is within 0.6 ulp`(reference: MathReference) {
        #expect(reference.errorInUlps(of: CanonicalMath.asinh(reference.input)) < 0.6)
    }

    @Test(arguments: CanonicalMathReferences.exp)
    func `exp is within 0.6 ulp`(reference: MathReference) {
        #expect(reference.errorInUlps(of: CanonicalMath.exp(reference.input)) < 0.6)
    }

    @Test func `no result strays from the C library by more than 2 ulp`() {
        var random = SeededRandom(seed: 3)
        func check(_ value: Double, _ reference: Double) -> Bool {
            value == reference || (value - reference).magnitude <= 2 * reference.ulp
        }
        for _ in 0..<20_000 {
            let wide = random.anyFinite().magnitude
            let narrow = 20 * random.unit() - 10
            #expect(check(CanonicalMath.log(wide), Foundation.log(wide)))
            #expect(check(CanonicalMath.asinh(narrow), Foundation.asinh(narrow)))
            #expect(check(CanonicalMath.exp(narrow), Foundation.exp(narrow)))
            let above = narrow / 10.5
            #expect(check(CanonicalMath.log1p(above), Foundation.log1p(above)))
        }
    }

    @Test func `edges are those of IEEE 754`() {
        #expect(CanonicalMath.log(0) == -.infinity)
        #expect(CanonicalMath.log(-1).isNaN)
        #expect(CanonicalMath.log(.nan).isNaN)
        #expect(CanonicalMath.log(.infinity) == .infinity)
        #expect(CanonicalMath.log(1).bitPattern == (0.0).bitPattern)
        #expect(CanonicalMath.log1p(-1) == -.infinity)
        #expect(CanonicalMath.log1p(-1.5).isNaN)
        #expect(CanonicalMath.log1p(-0.0).bitPattern == (-0.0).bitPattern)
        #expect(CanonicalMath.log1p(.infinity) == .infinity)
        #expect(CanonicalMath.log1p(1e-300) == 1e-300)
        #expect(CanonicalMath.asinh(-0.0).bitPattern == (-0.0).bitPattern)
        #expect(CanonicalMath.asinh(-.infinity) == -.infinity)
        #expect(CanonicalMath.asinh(.nan).isNaN)
        #expect(CanonicalMath.exp(0) == 1)
        #expect(CanonicalMath.exp(-800) == 0)
        #expect(CanonicalMath.exp(-.infinity) == 0)
        #expect(CanonicalMath.exp(710) == .infinity)
        #expect(CanonicalMath.exp(.nan).isNaN)
        #expect(CanonicalMath.sqrt(2) == 2.0.squareRoot())
        #expect(CanonicalMath.sqrt(-1).isNaN)
    }

    @Test func `asinh is odd and log1p agrees with log`() {
        var random = SeededRandom(seed: 4)
        for _ in 0..<2000 {
            let x = random.unit() * 100
            #expect(CanonicalMath.asinh(-x) == -CanonicalMath.asinh(x))
            let whole = (x * 1024).rounded() / 1024
            let difference = CanonicalMath.log1p(whole) - CanonicalMath.log(1 + whole)
            #expect(difference.magnitude <= CanonicalMath.log(1 + whole).ulp)
        }
    }
}
