import Analysis
import CarbonBalance

extension MapStyles {
    /// The colours of a band of the regression.
    ///
    /// - Parameters:
    ///   - band: what is drawn.
    ///   - isSigned: whether the response reads from its sign.
    ///   - spread: of the values that may be read.
    /// - Returns: colours with the band's unit.
    static func style(
        of band: RegressionBands.Band,
        isSigned: Bool,
        spread: Spread
    ) -> PreviewMap.Style {
        if let categories = categories(of: band.source) { return .categories(categories) }
        var ramp = ramp(of: band.source, isSigned: isSigned, spread: spread)
        ramp.hasValuesBelow = spread.minimum < ramp.minimum && !ramp.isLogarithmic
        ramp.hasValuesAbove = spread.maximum > ramp.maximum
        return .ramp(ramp, unit: band.unit == "1" ? "" : band.unit)
    }

    private static func categories(of source: RegressionBands.Source) -> [PreviewMap.Category]? {
        switch source {
        case .fit(.signStability):
            [
                PreviewMap.Category(
                    code: 0,
                    title: "sign changes with the bandwidth",
                    colour: PreviewMap.grey
                ),
                PreviewMap.Category(code: 1, title: "same sign", colour: Colour(0x4393c3)),
            ]
        case .fit(.significance):
            [
                PreviewMap.Category(code: -1, title: "negative", colour: Colour(0x2166ac)),
                PreviewMap.Category(code: 0, title: "not significant", colour: Colour(0xf0f0f0)),
                PreviewMap.Category(code: 1, title: "positive", colour: Colour(0xb2182b)),
            ]
        default: nil
        }
    }

    private static func ramp(
        of source: RegressionBands.Source,
        isSigned: Bool,
        spread: Spread
    ) -> ColourRamp {
        let top = ColourRamp.roundedUp(spread.magnitude(0.98))
        switch source {
        case .localRSquared: return .green(minimum: 0, maximum: 1)
        case .fit(let content):
            switch content {
            case .coefficient, .tValue, .residual: return .diverging(halfRange: top)
            case .fitted where isSigned: return .diverging(halfRange: top)
            case .conditionNumber: return logarithmic(spread)
            case .oneSidedness: return .sequential(minimum: 0, maximum: 1, isLogarithmic: false)
            case .unidentifiedTerms: return .blue(minimum: 0, maximum: max(1, spread.maximum))
            default: return .sequential(minimum: 0, maximum: top, isLogarithmic: false)
            }
        }
    }
}
