/// The curves of a bandwidth search as a drawing for a page: a logarithmic axis of bandwidths, each
/// criterion on an axis of its own, the chosen bandwidth marked.
struct CurvePlot {
    /// A criterion.
    struct Curve {
        /// Name for legend and axis.
        let name: String
        /// Colour, such as `#2166ac`.
        let colour: String
        /// Bandwidth and value; ascending, values finite.
        let points: [(x: Double, y: Double)]

        /// A criterion; what is not finite is left out.
        init(name: String, colour: String, xs: [Double], ys: [Double]) {
            self.name = name
            self.colour = colour
            points = zip(xs, ys).filter { $0 > 0 && $1.isFinite }.map { (x: $0, y: $1) }
        }
    }

    /// One or two criteria: the first has the left axis, the second the right.
    let curves: [Curve]
    /// What the bandwidths are.
    let axis: String
    /// The chosen bandwidth; nil where there is none.
    let chosen: Double?

    private static let width = 760.0
    private static let height = 330.0
    private static let left = 76.0
    private static let right = 76.0
    private static let top = 34.0
    private static let bottom = 52.0

    /// The drawing; nil where no curve has two points.
    var svg: String? {
        let drawn = curves.filter { $0.points.count > 1 }
        let xs = drawn.flatMap { $0.points.map(\.x) }
        guard let low = xs.min(), let high = xs.max(), high > low else { return nil }
        var shapes = [frame]
        shapes += ticks(from: low, to: high).map { tick(at: $0, low, high) }
        for (index, curve) in drawn.prefix(2).enumerated() {
            shapes += shape(of: curve, isLeft: index == 0, low, high)
        }
        if let chosen, chosen > 0 { shapes += mark(of: chosen, low, high) }
        shapes.append(
            Self.text(
                axis,
                x: (Self.left + Self.width - Self.right) / 2,
                y: Self.height - 10,
                anchor: "middle"
            )
        )
        return "<svg viewBox=\"0 0 \(Self.number(Self.width)) \(Self.number(Self.height))\" "
            + "role=\"img\" aria-label=\"\(ReportPage.escaped("Scores by \(axis)"))\">"
            + shapes.joined() + "</svg>"
    }

    private var frame: String {
        "<rect x=\"\(Self.number(Self.left))\" y=\"\(Self.number(Self.top))\" "
            + "width=\"\(Self.number(Self.width - Self.left - Self.right))\" "
            + "height=\"\(Self.number(Self.height - Self.top - Self.bottom))\" fill=\"#fbfcfd\" "
            + "stroke=\"#8a949c\"/>"
    }

    private func x(_ value: Double, _ low: Double, _ high: Double) -> Double {
        let ramp = ColourRamp.sequential(minimum: low, maximum: high, isLogarithmic: true)
        return Self.left + ramp.position(of: value) * (Self.width - Self.left - Self.right)
    }

    /// 1, 2 and 5 times powers of ten.
    private func ticks(from low: Double, to high: Double) -> [Double] {
        var ticks: [Double] = []
        var decade = 1e-3
        while decade <= high {
            ticks += [1, 2, 5].map { $0 * decade }.filter { $0 >= low && $0 <= high }
            decade *= 10
        }
        return ticks
    }

    private func tick(at value: Double, _ low: Double, _ high: Double) -> String {
        let place = x(value, low, high)
        let base = Self.height - Self.bottom
        return Self.line(place, Self.top, place, base, colour: "#e3e8ea")
            + Self.text(NumberText.compact(value), x: place, y: base + 17, anchor: "middle")
    }

    /// The range of a curve: a rise that leaves the drawing far above says no more than that it rises.
    private func range(of curve: Curve) -> (low: Double, high: Double) {
        let ys = curve.points.map(\.y).sorted()
        let low = Quantile.of(sorted: ys, share: 0)
        let high = Quantile.of(sorted: ys, share: 0.95)
        return high > low ? (low, high) : (low, low + max(abs(low), 1) * 1e-6)
    }

    private func shape(
        of curve: Curve,
        isLeft: Bool,
        _ low: Double,
        _ high: Double
    ) -> [String] {
        let (bottom, top) = range(of: curve)
        let base = Self.height - Self.bottom - 8
        let span = base - Self.top - 8
        func y(_ value: Double) -> Double {
            max(Self.top + 1, base - (value - bottom) / (top - bottom) * span)
        }
        let path = curve.points
            .map { "\(Self.number(x($0.x, low, high))),\(Self.number(y($0.y)))" }
            .joined(separator: " ")
        var shapes = [
            "<polyline points=\"\(path)\" fill=\"none\" stroke=\"\(curve.colour)\" "
                + "stroke-width=\"1.8\"/>"
        ]
        let edge = isLeft ? Self.left - 8 : Self.width - Self.right + 8
        let anchor = isLeft ? "end" : "start"
        for step in 0...3 {
            let value = bottom + (top - bottom) * Double(step) / 3
            shapes.append(
                Self.text(
                    NumberText.fixed(value, significant: 5),
                    x: edge,
                    y: y(value) + 4,
                    anchor: anchor,
                    colour: curve.colour
                )
            )
        }
        shapes.append(
            Self.text(
                curve.name,
                x: edge,
                y: Self.top - 12,
                anchor: anchor,
                colour: curve.colour,
                isBold: true
            )
        )
        return shapes
    }

    private func mark(of chosen: Double, _ low: Double, _ high: Double) -> [String] {
        let place = x(chosen, low, high)
        return [
            "<line x1=\"\(Self.number(place))\" x2=\"\(Self.number(place))\" "
                + "y1=\"\(Self.number(Self.top))\" y2=\"\(Self.number(Self.height - Self.bottom))\" "
                + "stroke=\"#1c2126\" stroke-width=\"1.5\" stroke-dasharray=\"5 4\"/>",
            Self.text(
                "chosen: \(NumberText.grouped(Int(chosen.rounded())))",
                x: place,
                y: Self.top - 8,
                anchor: "middle",
                isBold: true
            ),
        ]
    }

    private static func line(
        _ x1: Double,
        _ y1: Double,
        _ x2: Double,
        _ y2: Double,
        colour: String
    ) -> String {
        "<line x1=\"\(number(x1))\" y1=\"\(number(y1))\" x2=\"\(number(x2))\" y2=\"\(number(y2))\" "
            + "stroke=\"\(colour)\"/>"
    }

    private static func text(
        _ text: String,
        x: Double,
        y: Double,
        anchor: String,
        colour: String = "#1c2126",
        isBold: Bool = false
    ) -> String {
        "<text x=\"\(number(x))\" y=\"\(number(y))\" text-anchor=\"\(anchor)\" fill=\"\(colour)\""
            + (isBold ? " font-weight=\"600\"" : "") + ">\(ReportPage.escaped(text))</text>"
    }

    private static func number(_ value: Double) -> String {
        NumberText.decimal(value, places: 1, trimsZeros: true)
    }
}
