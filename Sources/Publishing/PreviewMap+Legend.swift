extension PreviewMap {
    private static let barHeight = 300.0
    private static let barWidth = 24.0

    /// Width of the legend column, pixels.
    func legendWidth(_ ruler: borrowing Canvas) -> Double {
        var widest = 170.0
        switch style {
        case .ramp(let ramp, let unit):
            widest = max(widest, ruler.width(of: unit, size: 13, isBold: true))
            for value in ramp.labelValues {
                let width = ruler.width(of: ramp.label(of: value), size: 13)
                widest = max(widest, Self.barWidth + 12 + width)
            }
        case .categories(let categories):
            for category in categories {
                let text = Self.text(of: category)
                widest = max(widest, 28 + ruler.width(of: text, size: 12))
            }
        }
        return min(widest, 360)
    }

    /// Height of the legend column, pixels.
    func legendHeight(noteLines: Int) -> Double {
        let notes = Double(noteLines) * 16 + 12
        switch style {
        case .ramp: return 26 + Self.barHeight + 40 + notes
        case .categories(let categories): return Double(categories.count) * 24 + 34 + notes
        }
    }

    /// Draws the legend beside the map.
    func drawLegend(on canvas: borrowing Canvas, _ layout: Layout) {
        let left = layout.legendLeft
        var bottom: Double
        switch style {
        case .ramp(let ramp, let unit):
            bottom = drawRamp(ramp, unit: unit, on: canvas, left: left, top: layout.mapTop)
        case .categories(let categories):
            bottom = layout.mapTop
            for category in categories {
                swatch(category.colour, Self.text(of: category), canvas, left: left, top: bottom)
                bottom += 24
            }
        }
        swatch(Self.blank, "no value", canvas, left: left, top: bottom)
        if let first = layout.mutedLines.first {
            bottom += 22
            swatch(Self.grey, first, canvas, left: left, top: bottom)
            for line in layout.mutedLines.dropFirst() {
                bottom += 16
                canvas.text(line, x: left + 28, y: bottom + 13, size: 12, colour: Self.ink)
            }
        }
        bottom += 40
        for line in layout.statementLines {
            canvas.text(line, x: left, y: bottom, size: 12, colour: Self.alarm, isBold: true)
            bottom += 16
        }
        for line in layout.noteLines {
            canvas.text(line, x: left, y: bottom, size: 12, colour: Self.faint)
            bottom += 16
        }
    }

    private static func text(of category: Category) -> String {
        "\(category.code)  \(category.title)"
    }

    private func swatch(
        _ colour: Colour,
        _ text: String,
        _ canvas: borrowing Canvas,
        left: Double,
        top: Double
    ) {
        canvas.fillRectangle(x: left, y: top, width: 20, height: 16, colour: colour)
        canvas.strokeRectangle(
            x: left,
            y: top,
            width: 20,
            height: 16,
            colour: Self.faint,
            lineWidth: 0.7
        )
        canvas.text(text, x: left + 28, y: top + 13, size: 12, colour: Self.ink)
    }

    /// Draws the scale of colours; returns where the next thing may stand.
    private func drawRamp(
        _ ramp: ColourRamp,
        unit: String,
        on canvas: borrowing Canvas,
        left: Double,
        top: Double
    ) -> Double {
        let heading = unit.isEmpty ? "dimensionless" : unit
        canvas.text(heading, x: left, y: top + 12, size: 13, colour: Self.ink, isBold: true)
        let barTop = top + 26
        let steps = 300
        let step = Self.barHeight / Double(steps)
        for index in 0..<steps {
            canvas.fillRectangle(
                x: left,
                y: barTop + Double(index) * step,
                width: Self.barWidth,
                height: step + 0.5,
                colour: ramp.colour(at: 1 - (Double(index) + 0.5) / Double(steps))
            )
        }
        canvas.strokeRectangle(
            x: left,
            y: barTop,
            width: Self.barWidth,
            height: Self.barHeight,
            colour: Self.faint,
            lineWidth: 1
        )
        for value in ramp.labelValues {
            let y = barTop + Self.barHeight * (1 - ramp.position(of: value))
            canvas.fillRectangle(
                x: left + Self.barWidth,
                y: y - 0.5,
                width: 6,
                height: 1,
                colour: Self.ink
            )
            canvas.text(
                ramp.label(of: value),
                x: left + Self.barWidth + 10,
                y: y + 5,
                size: 13,
                colour: Self.ink
            )
        }
        return barTop + Self.barHeight + 18
    }
}
