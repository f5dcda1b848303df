import Testing

@testable import Publishing

@Suite struct ColourRampTests {
    @Test func `a diverging ramp has its middle colour at zero`() {
        for scale in [ColourRamp.Scale.linear, .inverseHyperbolicSine(width: 0.1)] {
            let ramp = ColourRamp.diverging(halfRange: 20, scale: scale)
            #expect(ramp.position(of: 0) == 0.5)
            #expect(ramp.colour(of: 0) == Colour(0xf7f7f7))
            #expect(ramp.position(of: 3) + ramp.position(of: -3) == 1)
            #expect(ramp.position(of: 100) == 1)
            #expect(ramp.position(of: -100) == 0)
        }
    }

    @Test func `equal ratios are equally far apart on a logarithmic ramp`() {
        let ramp = ColourRamp.sequential(minimum: 1, maximum: 10_000, isLogarithmic: true)
        #expect(abs(ramp.position(of: 10) - 0.25) < 1e-12)
        #expect(abs(ramp.position(of: 1000) - 0.75) < 1e-12)
        #expect(ramp.position(of: 0) == 0)
        #expect(ramp.position(of: -5) == 0)
        #expect(ramp.labelValues.count == 5)
    }

    @Test(arguments: [
        ColourRamp.diverging(halfRange: 7),
        ColourRamp.diverging(halfRange: 20, scale: .inverseHyperbolicSine(width: 0.1)),
        ColourRamp.sequential(minimum: 0.01, maximum: 1000, isLogarithmic: true),
    ])
    func `a value at a position has that position`(ramp: ColourRamp) {
        for step in 0...20 {
            let position = Double(step) / 20
            #expect(abs(ramp.position(of: ramp.value(at: position)) - position) < 1e-12)
        }
        #expect(ramp.value(at: 0) == ramp.minimum)
        #expect(ramp.value(at: 1) == ramp.maximum)
        let labels = ramp.labelValues
        #expect(labels == labels.sorted())
    }

    @Test func `ranges end at round numbers`() {
        #expect(ColourRamp.roundedUp(1) == 1)
        #expect(ColourRamp.roundedUp(4321) == 5000)
        #expect(ColourRamp.roundedUp(0.0121) == 0.015)
        #expect(ColourRamp.roundedUp(81) == 100)
        #expect(ColourRamp.roundedUp(0) == 1)
        #expect(ColourRamp.roundedUp(.nan) == 1)
    }

    @Test func `an end beyond which there are values says so`() {
        var ramp = ColourRamp.diverging(halfRange: 2)
        #expect(ramp.label(of: -2) == "-2")
        ramp.hasValuesBelow = true
        #expect(ramp.label(of: -2) == "≤ -2")
        #expect(ramp.label(of: 2) == "2")
    }

    @Test func `one extreme value does not decide the range`() {
        let samples = (0..<1000).map { Float($0 % 100) } + [1e9, .nan]
        let spread = MapStyles.Spread(samples)
        #expect(spread.magnitude(0.95) < 100)
        #expect(spread.maximum == 1e9)
    }
}
