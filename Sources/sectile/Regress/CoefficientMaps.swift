import Analysis
import Foundation
import Publishing
import Regression

/// One small map of points for each coefficient and for local R².
struct CoefficientMaps {
    /// What was computed.
    let analysis: RegressionAnalysis

    private static let panelWidth = 300.0
    private static let titleHeight = 34.0
    private static let footHeight = 30.0
    private static let columnCount = 4
    private static let ink = Colour(0x222222)
    private static let faint = Colour(0xb8b8b8)

    private let x: [Double]
    private let y: [Double]
    private let rows: [Int]
    private let mapHeight: Double
    /// Critical |t|: kept, because finding it costs more than drawing a point.
    private let critical: Double

    /// Prepares the maps; nil where no two fitted points differ in both coordinates.
    init?(analysis: RegressionAnalysis) {
        self.analysis = analysis
        critical = analysis.result.diagnostics.criticalT(analysis.alpha)
        let table = analysis.model.table
        rows = table.x.indices.filter { analysis.result.failures[$0] == nil }
        guard let first = rows.first else { return nil }
        var low = (x: table.x[first], y: table.y[first])
        var high = low
        for row in rows {
            low = (min(low.x, table.x[row]), min(low.y, table.y[row]))
            high = (max(high.x, table.x[row]), max(high.y, table.y[row]))
        }
        guard high.x > low.x, high.y > low.y else { return nil }
        // A plate carrée that is true to scale in the middle is good enough for a glance.
        let isDegrees = analysis.model.metric == .greatCircle
        let stretch = isDegrees ? cos((low.y + high.y) / 2 * .pi / 180) : 1
        let width = (high.x - low.x) * stretch
        let inner = Self.panelWidth - 20
        let scale = min(inner / width, 1.5 * inner / (high.y - low.y))
        mapHeight = (high.y - low.y) * scale
        let left = 10 + (inner - width * scale) / 2
        x = table.x.map { left + ($0 - low.x) * stretch * scale }
        y = table.y.map { (high.y - $0) * scale }
    }

    /// The picture.
    func png() throws -> [UInt8] {
        let result = analysis.result
        let panelHeight = Self.titleHeight + mapHeight + Self.footHeight
        let count = result.termNames.count + 1
        let columns = min(Self.columnCount, count)
        let lines = (count + columns - 1) / columns
        let header = 44.0
        let canvas = try Canvas(
            width: Int(Self.panelWidth) * columns,
            height: min(16_384, Int(header + panelHeight * Double(lines))),
            background: Colour(0xffffff)
        )
        let model = analysis.model
        canvas.text(
            "\(model.table.responseName): local coefficients, \(model.kernel.rawValue), "
                + "\(result.bandwidth) (\(analysis.state))",
            x: 10,
            y: 20,
            size: 14,
            colour: Self.ink,
            isBold: true
        )
        canvas.text(
            "grey: |t| below \(NumberText.decimal(critical, places: 2)), the critical value for "
                + "\(NumberText.fixed(analysis.alpha, significant: 2)) corrected by ENP"
                + (analysis.localPattern.isIndependent ? "" : "; assumes independent residuals"),
            x: 10,
            y: 38,
            size: 11,
            colour: Self.ink
        )
        for index in 0..<count {
            let left = Double(index % columns) * Self.panelWidth
            let top = header + Double(index / columns) * panelHeight
            if index < result.termNames.count {
                draw(
                    canvas,
                    result.termNames[index],
                    result.coefficients[index],
                    ramp: Self.diverging(rows.map { result.coefficients[index][$0] }),
                    isShown: { abs(result.tValues[index][$0]) > critical },
                    at: (left, top)
                )
            } else {
                draw(
                    canvas,
                    "local R²",
                    result.localRSquared,
                    ramp: .green(minimum: 0, maximum: 1),
                    isShown: { _ in true },
                    at: (left, top)
                )
            }
        }
        return try canvas.png()
    }

    /// Centred on 0, to the 98th percentile of the magnitude, so that one outlier bleaches nothing.
    private static func diverging(_ values: [Double]) -> ColourRamp {
        let sizes = values.filter(\.isFinite).map { abs($0) }.sorted()
        let size = sizes.isEmpty ? 1 : sizes[Int(0.98 * Double(sizes.count - 1))]
        return .diverging(halfRange: size > 0 ? size : 1)
    }

    private func draw(
        _ canvas: borrowing Canvas,
        _ title: String,
        _ values: [Double],
        ramp: ColourRamp,
        isShown: (Int) -> Bool,
        at corner: (x: Double, y: Double)
    ) {
        let (left, top) = corner
        canvas.text(
            title,
            x: left + 10,
            y: top + 22,
            size: 12,
            colour: Self.ink,
            isBold: true
        )
        let size = max(1.5, min(6, 90 / Double(rows.count).squareRoot()))
        let mapTop = top + Self.titleHeight
        // What is not significant lies below what is.
        for isFront in [false, true] {
            for row in rows where values[row].isFinite && isShown(row) == isFront {
                canvas.fillRectangle(
                    x: left + x[row] - size / 2,
                    y: mapTop + y[row] - size / 2,
                    width: size,
                    height: size,
                    colour: isFront ? ramp.colour(of: values[row]) : Self.faint
                )
            }
        }
        let barTop = mapTop + mapHeight + 8
        let barWidth = 140.0
        for step in 0..<70 {
            canvas.fillRectangle(
                x: left + 80 + 2 * Double(step),
                y: barTop,
                width: 2,
                height: 8,
                colour: ramp.colour(at: (Double(step) + 0.5) / 70)
            )
        }
        for (value, place, anchor) in [
            (ramp.minimum, left + 76, Canvas.Anchor.end),
            (ramp.maximum, left + 84 + barWidth, .start),
        ] {
            canvas.text(
                NumberText.compact(value),
                x: place,
                y: barTop + 8,
                size: 10,
                colour: Self.ink,
                anchor: anchor
            )
        }
    }
}
