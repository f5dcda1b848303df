import Analysis
import CarbonBalance

/// Which colours a band gets: from what it holds and how its values are spread.
struct MapStyles {
    /// The spread of a band's values, from the samples of its picture.
    struct Spread: Sendable {
        /// Finite values, ascending.
        private let values: [Double]
        /// Magnitudes of the values, ascending.
        private let magnitudes: [Double]

        /// The spread of samples; NaN does not count.
        init(_ samples: [Float]) {
            values = samples.filter(\.isFinite).map { Double($0) }.sorted()
            magnitudes = values.map { abs($0) }.sorted()
        }

        /// True without values.
        var isEmpty: Bool { values.isEmpty }
        /// Smallest value, 0 without values.
        var minimum: Double { values.first ?? 0 }
        /// Largest value, 0 without values.
        var maximum: Double { values.last ?? 0 }

        /// A quantile of the values; 0 without values.
        func quantile(_ share: Double) -> Double {
            isEmpty ? 0 : Quantile.of(sorted: values, share: share)
        }

        /// A quantile of the magnitudes; 0 without values.
        func magnitude(_ share: Double) -> Double {
            isEmpty ? 0 : Quantile.of(sorted: magnitudes, share: share)
        }

        /// A quantile of the positive values; nil without any.
        func positive(_ share: Double) -> Double? {
            let positive = values.drop { $0 <= 0 }
            return positive.isEmpty ? nil : Quantile.of(sorted: Array(positive), share: share)
        }
    }

    /// The colours of a band of quantities.
    static func style(of band: BalanceBands.Band, spread: Spread) -> PreviewMap.Style {
        var ramp = ramp(of: band.content, spread: spread)
        ramp.hasValuesBelow = spread.minimum < ramp.minimum && !ramp.isLogarithmic
        ramp.hasValuesAbove = spread.maximum > ramp.maximum
        return .ramp(ramp, unit: band.unit == "1" ? "" : band.unit)
    }

    private static func ramp(of content: BalanceBands.Content, spread: Spread) -> ColourRamp {
        switch content {
        case .emission:
            return logarithmic(spread)
        case .sink:
            let top = ColourRamp.roundedUp(spread.magnitude(0.98))
            return spread.minimum < 0
                ? .brownGreen(halfRange: top) : .green(minimum: 0, maximum: top)
        case .emissionValid, .sinkValid, .status, .response, .participation, .predictor:
            return .blue(minimum: 0, maximum: 1)
        case .variant(let variant):
            return self.ramp(of: variant, spread: spread)
        }
    }

    private static func ramp(of variant: DeficitVariant, spread: Spread) -> ColourRamp {
        switch variant {
        case .normalised: return .diverging(halfRange: 1)
        case .relative, .relativeToSink:
            // Unbounded on one side and at most 1 on the other, where both matter: a linear scale
            // would show one of them only.
            let top = ColourRamp.roundedUp(spread.magnitude(0.95))
            return .diverging(
                halfRange: max(1, min(20, top)),
                scale: .inverseHyperbolicSine(width: 0.1)
            )
        case .pressure: return logarithmic(spread)
        case .compensation:
            let top = ColourRamp.roundedUp(spread.magnitude(0.95))
            return spread.minimum < 0
                ? .brownGreen(halfRange: top) : .green(minimum: 0, maximum: top)
        case .absolute, .logRatio, .perCapita, .perGDP, .asinh:
            return .diverging(halfRange: ColourRamp.roundedUp(spread.magnitude(0.95)))
        }
    }

    /// Whole decades between the 2nd and the 98th percentile of the positive values, at least two.
    static func logarithmic(_ spread: Spread) -> ColourRamp {
        guard let low = spread.positive(0.02), let high = spread.positive(0.98) else {
            return .sequential(minimum: 0, maximum: 1, isLogarithmic: false)
        }
        var bottom = 1.0
        while bottom > low, bottom > 1e-12 { bottom /= 10 }
        while bottom * 10 <= low { bottom *= 10 }
        var top = bottom * 100
        while top < high { top *= 10 }
        return .sequential(minimum: bottom, maximum: top, isLogarithmic: true)
    }

    /// The colours of the statuses of the balance.
    static let balanceCategories: [PreviewMap.Category] = BalanceStatus.allCases
        .filter { $0 != .outside }
        .map { status in
            PreviewMap.Category(
                code: Int(status.rawValue),
                title: status.title,
                colour: colour(of: status)
            )
        }

    private static func colour(of status: BalanceStatus) -> Colour {
        switch status {
        case .regular: Colour(0x9ecae1)
        case .emissionMissing: Colour(0xfdae6b)
        case .sinkMissing: Colour(0xbcbddc)
        case .bothMissing: Colour(0x9e9e9e)
        case .invalidEmission: Colour(0xd7191c)
        case .pureSink: Colour(0x238b45)
        case .belowFloor: Colour(0xa1d99b)
        case .empty: Colour(0xf0e6c8)
        case .ecosystemSource: Colour(0x8c510a)
        case .partlyObserved: Colour(0xffe680)
        case .water: Colour(0x3060c0)
        case .outside: Colour(0xffffff)
        }
    }

    /// The colours of the statuses of the regression.
    static let regressionCategories: [PreviewMap.Category] = RegressionStatus.allCases
        .filter { $0 != .outside }
        .enumerated().map { position, status in
            PreviewMap.Category(
                code: Int(status.rawValue),
                title: status.title,
                colour: Colour(regressionColours[position % regressionColours.count])
            )
        }

    private static let regressionColours: [UInt32] = [
        0x9ecae1, 0xbdbdbd, 0xfdae6b, 0x737373, 0xffe680, 0xd7191c, 0x8c510a, 0x9e9ac8, 0xa1d99b,
    ]
}
