import Foundation
import Lattice
import Testing

struct CanonicalAngleTests {
    @Test func `sine and cosine agree with the C library within its argument's rounding`() {
        let seed = UInt64.random(in: .min ... .max)
        var random = SeededRandom(seed: seed)
        for _ in 0..<20_000 {
            let angle = Double.random(in: -1080...1080, using: &random)
            let found = CanonicalMath.sineAndCosine(ofDegrees: angle)
            // Up to π the argument in radians is off by half an ulp of it, 2.2e-16, and by that of π / 180.
            let exact = angle.remainder(dividingBy: 360) * .pi / 180
            #expect(abs(found.sine - sin(exact)) < 9e-16, "seed \(seed), \(angle)")
            #expect(abs(found.cosine - cos(exact)) < 9e-16, "seed \(seed), \(angle)")
        }
    }

    @Test func `quarter turns are exact and infinite angles have none`() {
        let quarters = [(0.0, 0.0, 1.0), (90, 1, 0), (180, 0, -1), (270, -1, 0), (-90, -1, 0)]
        for (angle, sine, cosine) in quarters {
            let found = CanonicalMath.sineAndCosine(ofDegrees: angle)
            #expect(found.sine == sine && found.cosine == cosine, "\(angle)")
        }
        #expect(CanonicalMath.sineAndCosine(ofDegrees: .infinity).sine.isNaN)
    }

    @Test func `the arctangent agrees with the C library to a few ulp`() {
        for exponent in stride(from: -30.0, through: 30, by: 0.37) {
            for sign in [1.0, -1] {
                let x = sign * pow(10, exponent)
                let expected = atan(x) * 180 / .pi
                let found = CanonicalMath.arctangentDegrees(x)
                #expect(abs(found / expected - 1) < 2e-15, "\(x)")
            }
        }
        #expect(CanonicalMath.arctangentDegrees(0) == 0)
        #expect(CanonicalMath.arctangentDegrees(.infinity) == 90)
        #expect(CanonicalMath.arctangentDegrees(.nan).isNaN)
    }
}
