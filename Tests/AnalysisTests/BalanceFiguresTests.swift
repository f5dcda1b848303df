import Analysis
import CarbonBalance
import Lattice
import Testing

/// The variants of a zone's or the nation's sums: what tables show.
@Suite struct BalanceFiguresTests {
    private static let figures = BalanceFigures(
        areaKm2: 150,
        emissionAreaKm2: 125,
        sinkAreaKm2: 100,
        emission: 3500,
        sink: 1000,
        population: 50,
        gdp: 25,
        cellCount: 2
    )

    private func value(
        _ variant: DeficitVariant,
        scale: Double? = 10,
        _ change: (inout BalanceFigures) -> Void = { _ in }
    ) -> Double? {
        var figures = Self.figures
        change(&figures)
        return figures.value(of: variant, model: TestModel.model.deficit, deficitScale: scale)
    }

    @Test func `every variant is of the sums, and of densities where its constants are`() {
        #expect(value(.absolute) == 2500)
        #expect(value(.relative) == 2500.0 / 3500)
        #expect(value(.normalised) == 2500.0 / 4500)
        #expect(value(.relativeToSink) == 2.5)
        #expect(value(.pressure) == 3.5)
        #expect(value(.compensation) == 1000.0 / 3500)
        #expect(value(.perCapita) == 50)
        #expect(value(.perGDP) == 100)
        // Mean densities over what is observed of each: 28 and 10.
        #expect(value(.logRatio) == CanonicalMath.log(29.0 / 11))
        #expect(value(.asinh) == CanonicalMath.asinh(18.0 / 10))
        #expect(value(.asinh, scale: nil) == nil)
    }

    @Test func `too small an observed share leaves no share of the emission`() {
        func partly(_ figures: inout BalanceFigures) { figures.emissionAreaKm2 = 60 }
        for variant in DeficitVariant.allCases {
            let isOfEmission = variant == .relative || variant == .compensation
            #expect((value(variant, partly) == nil) == isOfEmission, "\(variant)")
        }
        #expect(value(.absolute, partly) == 2500)
        // Half is enough.
        func half(_ figures: inout BalanceFigures) {
            figures.emissionAreaKm2 = 75
            figures.sinkAreaKm2 = 75
        }
        #expect(value(.relative, half) == 2500.0 / 3500)
    }

    @Test func `without emission there is no share of it`() {
        func none(_ figures: inout BalanceFigures) { figures.emission = 0 }
        #expect(value(.absolute, none) == -1000)
        #expect(value(.relative, none) == nil)
        #expect(value(.compensation, none) == nil)
        #expect(value(.normalised, none) == -1)
        #expect(value(.relativeToSink, none) == -1)
        #expect(value(.pressure, none) == 0)
        #expect(value(.perCapita, none) == -20)
        #expect(value(.perGDP, none) == -40)
        #expect(value(.logRatio, none) == CanonicalMath.log(1.0 / 11))
        #expect(value(.asinh, none) == CanonicalMath.asinh(-10.0 / 10))
        func empty(_ figures: inout BalanceFigures) {
            figures.emission = 0
            figures.sink = 0
        }
        for variant in [DeficitVariant.normalised, .relativeToSink, .pressure, .relative] {
            #expect(value(variant, empty) == nil, "\(variant)")
        }
        #expect(value(.absolute, empty) == 0)
    }

    @Test func `an ecosystem that is a source has no pressure and no logarithm`() {
        func source(_ figures: inout BalanceFigures) { figures.sink = -500 }
        #expect(value(.relative, source) == 4000.0 / 3500)
        #expect(value(.normalised, source) == 1)
        for variant in [DeficitVariant.relativeToSink, .pressure, .logRatio] {
            #expect(value(variant, source) == nil, "\(variant)")
        }
        #expect(value(.asinh, source) == CanonicalMath.asinh(33.0 / 10))
    }

    @Test func `what is observed nowhere has no variant, and neither has a quotient of nobody`() {
        for variant in DeficitVariant.allCases {
            #expect(value(variant) { $0.emissionAreaKm2 = 0 } == nil, "\(variant)")
            #expect(value(variant) { $0.sinkAreaKm2 = 0 } == nil, "\(variant)")
        }
        #expect(value(.perCapita) { $0.population = 0 } == nil)
        #expect(value(.perCapita) { $0.population = nil } == nil)
        #expect(value(.perGDP) { $0.gdp = nil } == nil)
    }
}
