import Lattice

/// A colour, components 0…1.
package struct Colour: Hashable, Sendable {
    /// Red component.
    package var red: Double
    /// Green component.
    package var green: Double
    /// Blue component.
    package var blue: Double

    /// A colour from 0xRRGGBB.
    package init(_ hexadecimal: UInt32) {
        red = Double((hexadecimal >> 16) & 255) / 255
        green = Double((hexadecimal >> 8) & 255) / 255
        blue = Double(hexadecimal & 255) / 255
    }

    /// A colour between this one and another; `share` 0 is this one, 1 the other.
    package func mixed(with other: Colour, share: Double) -> Colour {
        var result = self
        result.red += (other.red - red) * share
        result.green += (other.green - green) * share
        result.blue += (other.blue - blue) * share
        return result
    }

    /// Text like `#1a2b3c`.
    package var hexadecimal: String {
        "#"
            + [red, green, blue].map { component in
                let byte = Int((max(0, min(1, component)) * 255).rounded())
                let digits = String(byte, radix: 16)
                return digits.utf8.count == 1 ? "0" + digits : digits
            }.joined()
    }
}

/// A continuous colour scale over a range of values; values beyond its ends take the end's colour.
package struct ColourRamp: Hashable, Sendable {
    /// Colours at equal distances from the range's lower to its upper end; at least two.
    package let colours: [Colour]
    /// Lower end of the range.
    package let minimum: Double
    /// Upper end of the range.
    package let maximum: Double
    /// How positions between the ends follow from values.
    package let scale: Scale
    /// True when values below the lower end occur: the legend says so.
    package var hasValuesBelow = false
    /// True when values above the upper end occur.
    package var hasValuesAbove = false

    /// The spacing of values.
    package enum Scale: Hashable, Sendable {
        /// Equal differences are equally far apart.
        case linear
        /// Equal ratios are equally far apart; both ends are positive.
        case logarithmic
        /// asinh(x / width): linear around 0 within about the width, logarithmic beyond, odd.
        case inverseHyperbolicSine(width: Double)
    }

    /// A ramp over a range.
    package init(
        colours: [Colour],
        minimum: Double,
        maximum: Double,
        scale: Scale = .linear
    ) {
        precondition(colours.count >= 2 && minimum < maximum, "a ramp has two colours and a range")
        precondition(scale != .logarithmic || minimum > 0, "a logarithmic range is positive")
        self.colours = colours
        self.minimum = minimum
        self.maximum = maximum
        self.scale = scale
    }

    /// True when positions between the ends are logarithmic.
    package var isLogarithmic: Bool { scale == .logarithmic }

    /// Blue below zero, near-white at zero, red above: centred on 0.
    ///
    /// After ColorBrewer's 11-class RdBu (Harrower and Brewer, 2003), safe for the colour-blind.
    package static func diverging(halfRange: Double, scale: Scale = .linear) -> ColourRamp {
        let hexadecimal: [UInt32] = [
            0x053061, 0x2166ac, 0x4393c3, 0x92c5de, 0xd1e5f0, 0xf7f7f7,
            0xfddbc7, 0xf4a582, 0xd6604d, 0xb2182b, 0x67001f,
        ]
        return ColourRamp(
            colours: hexadecimal.map { Colour($0) },
            minimum: -halfRange,
            maximum: halfRange,
            scale: scale
        )
    }

    /// Light yellow to dark brown, for quantities that start at zero.
    package static func sequential(
        minimum: Double,
        maximum: Double,
        isLogarithmic: Bool
    ) -> ColourRamp {
        let hexadecimal: [UInt32] = [
            0xffffe5, 0xfff7bc, 0xfee391, 0xfec44f, 0xfe9929, 0xec7014, 0xcc4c02, 0x8c2d04,
        ]
        return ColourRamp(
            colours: hexadecimal.map { Colour($0) },
            minimum: minimum,
            maximum: maximum,
            scale: isLogarithmic ? .logarithmic : .linear
        )
    }

    /// Light to dark green, for uptake by ecosystems.
    package static func green(minimum: Double, maximum: Double) -> ColourRamp {
        let hexadecimal: [UInt32] = [
            0xf7fcf5, 0xe5f5e0, 0xc7e9c0, 0xa1d99b, 0x74c476, 0x41ab5d, 0x238b45, 0x005a32,
        ]
        return ColourRamp(
            colours: hexadecimal.map { Colour($0) },
            minimum: minimum,
            maximum: maximum
        )
    }

    /// Brown below zero, near-white at zero, green above: for sinks that are sources in places.
    ///
    /// After ColorBrewer's 9-class BrBG.
    package static func brownGreen(halfRange: Double) -> ColourRamp {
        let hexadecimal: [UInt32] = [
            0x8c510a, 0xbf812d, 0xdfc27d, 0xf6e8c3, 0xf5f5f5, 0xc7eae5, 0x80cdc1, 0x35978f,
            0x01665e,
        ]
        return ColourRamp(
            colours: hexadecimal.map { Colour($0) },
            minimum: -halfRange,
            maximum: halfRange
        )
    }

    /// White to dark blue, for shares.
    package static func blue(minimum: Double, maximum: Double) -> ColourRamp {
        let hexadecimal: [UInt32] = [
            0xf7fbff, 0xdeebf7, 0xc6dbef, 0x9ecae1, 0x6baed6, 0x4292c6, 0x2171b5, 0x084594,
        ]
        return ColourRamp(
            colours: hexadecimal.map { Colour($0) },
            minimum: minimum,
            maximum: maximum
        )
    }

    /// The smallest of 1, 1.5, 2, 2.5, 3, 4, 5, 6, 8 times a power of ten that is not below a positive
    /// value; 1 for what is not positive.
    package static func roundedUp(_ value: Double) -> Double {
        guard value > 0, value.isFinite else { return 1 }
        var power = 1.0
        while power * 10 <= value { power *= 10 }
        while power > value { power /= 10 }
        let steps = [1, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10]
        return (steps.first { $0 * power >= value * (1 - 1e-12) } ?? 10) * power
    }

    /// The text of a value in the legend; an end beyond which values occur says so.
    package func label(of value: Double) -> String {
        let text = NumberText.compact(value)
        if value <= minimum, hasValuesBelow { return "≤ \(text)" }
        if value >= maximum, hasValuesAbove { return "≥ \(text)" }
        return text
    }

    /// Position of a value on the scale, 0…1.
    package func position(of value: Double) -> Double {
        guard scale != .logarithmic || value > 0 else { return 0 }
        let low = stretched(minimum)
        return max(0, min(1, (stretched(value) - low) / (stretched(maximum) - low)))
    }

    /// The value at a position 0…1 of the scale.
    package func value(at position: Double) -> Double {
        guard position > 0 else { return minimum }
        guard position < 1 else { return maximum }
        let low = stretched(minimum)
        let place = low + (stretched(maximum) - low) * position
        switch scale {
        case .linear: return place
        case .logarithmic: return CanonicalMath.exp(place)
        case .inverseHyperbolicSine(let width):
            let power = CanonicalMath.exp(abs(place))
            let size = width * (power - 1 / power) / 2
            return place < 0 ? -size : size
        }
    }

    private func stretched(_ value: Double) -> Double {
        switch scale {
        case .linear: value
        case .logarithmic: CanonicalMath.log(value)
        case .inverseHyperbolicSine(let width): CanonicalMath.asinh(value / width)
        }
    }

    /// The colour of a value that is not NaN.
    package func colour(of value: Double) -> Colour { colour(at: position(of: value)) }

    /// The colour at a position 0…1 of the scale.
    package func colour(at position: Double) -> Colour {
        let place = max(0, min(1, position)) * Double(colours.count - 1)
        let lower = min(Int(place), colours.count - 2)
        return colours[lower].mixed(with: colours[lower + 1], share: place - Double(lower))
    }

    /// Values to label: the ends and round numbers between them, ascending.
    package var labelValues: [Double] {
        switch scale {
        case .linear:
            return (0...4).map { minimum + (maximum - minimum) * Double($0) / 4 }
        case .logarithmic:
            return decades(from: minimum, to: maximum)
        case .inverseHyperbolicSine(let width):
            let positive = decades(from: width, to: maximum / 1.9)
            let negative = decades(from: width, to: -minimum / 1.9).reversed().map { -$0 }
            return [minimum] + negative + [0] + positive + [maximum]
        }
    }

    private func decades(from low: Double, to high: Double) -> [Double] {
        var values: [Double] = []
        var decade = 1e-12
        while decade <= high * 1.0000001 {
            if decade >= low * 0.9999999 { values.append(decade) }
            decade *= 10
        }
        return values
    }
}
