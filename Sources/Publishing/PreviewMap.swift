package import Lattice

/// A picture of one band: map, borders, legend, scale, formula, date and warnings.
package struct PreviewMap: Sendable {
    /// A legend of named colours, for bands that are codes.
    package struct Category: Hashable, Sendable {
        /// The code in the band.
        package let code: Int
        /// What it means.
        package let title: String
        /// How it is drawn.
        package let colour: Colour

        /// A class of a categorical band.
        package init(code: Int, title: String, colour: Colour) {
            self.code = code
            self.title = title
            self.colour = colour
        }
    }

    /// How values become colours.
    package enum Style: Hashable, Sendable {
        /// A continuous scale with its unit.
        case ramp(ColourRamp, unit: String)
        /// Named classes.
        case categories([Category])
    }

    /// Cells whose value must not be read, drawn grey whatever it is.
    package struct Muted: Hashable, Sendable {
        /// One for each cell of the raster.
        package let cells: [Bool]
        /// Why, for the legend.
        package let title: String

        /// Cells that are drawn grey.
        package init(cells: [Bool], title: String) {
            self.cells = cells
            self.title = title
        }
    }

    /// What the map shows.
    package var title: String
    /// What must be said beside title and legend, such as what the sink is not; nil when nothing.
    package var statement: String?
    /// Formula, layers and other facts, one paragraph each.
    package var captions: [String]
    /// Warnings that must not be missed, one paragraph each.
    package var warnings: [String]
    /// What stands under the legend, such as the number of valid cells.
    package var note: String
    /// Date and run, the last line.
    package var footer: String
    /// Colours.
    package var style: Style
    /// Borders in columns and rows of the raster.
    package var borders: [[(x: Double, y: Double)]]
    /// The raster drawn: one sample a picture cell; NaN is left blank.
    package var raster: CellBlock
    /// Cells drawn grey; nil when there are none.
    package var muted: Muted?
    /// What is stamped on the map itself, so that a cut-out has it, too; nil when nothing.
    package var stamp: String?
    /// Texts within the file.
    package var texts: [PictureText] = []
    /// Edge of a raster cell, metres.
    package var metresPerCell: Double

    /// A picture of a raster.
    package init(
        title: String,
        statement: String? = nil,
        captions: [String],
        warnings: [String],
        note: String = "",
        footer: String,
        style: Style,
        borders: [[(x: Double, y: Double)]],
        raster: CellBlock,
        muted: Muted? = nil,
        metresPerCell: Double
    ) {
        self.title = title
        self.statement = statement
        self.captions = captions
        self.warnings = warnings
        self.note = note
        self.footer = footer
        self.style = style
        self.borders = borders
        self.raster = raster
        self.muted = muted
        self.metresPerCell = metresPerCell
    }

    /// Where the parts of a picture lie, pixels.
    struct Layout {
        let scale: Double
        let mapWidth: Double
        let mapHeight: Double
        let legendLeft: Double
        let legendWidth: Double
        let mapTop: Double
        let width: Int
        let height: Int
        let captions: [String]
        let warnings: [String]
        let statementLines: [String]
        let mutedLines: [String]
        let noteLines: [String]
    }

    static let ink = Colour(0x1c2126)
    static let faint = Colour(0x5a646c)
    static let paper = Colour(0xffffff)
    static let blank = Colour(0xe9edf0)
    static let grey = Colour(0xa4abb1)
    static let alarm = Colour(0xa11212)
    static let margin = 28.0
    static let lineHeight = 19.0
    private static let narrowestPicture = 760.0
    private static let widestMap = 1000.0
    private static let highestMap = 1000.0

    /// Draws the picture.
    ///
    /// - Returns: the bytes of a PNG file.
    /// - Throws: ``PublishingError`` when there is no memory for it.
    package func png() throws(PublishingError) -> [UInt8] {
        let ruler = try Canvas(width: 1, height: 1, background: Self.paper)
        let layout = layout(ruler)
        let canvas = try Canvas(
            width: layout.width,
            height: layout.height,
            background: Self.paper
        )
        drawHead(on: canvas, layout)
        drawMap(on: canvas, layout)
        drawLegend(on: canvas, layout)
        drawScaleBar(on: canvas, layout)
        canvas.text(
            footer,
            x: Self.margin,
            y: Double(layout.height) - 16,
            size: 12,
            colour: Self.faint
        )
        return PictureText.adding(texts, to: try canvas.png())
    }

    private func layout(_ ruler: borrowing Canvas) -> Layout {
        let columns = Double(max(raster.window.columnCount, 1))
        let rows = Double(max(raster.window.rowCount, 1))
        let fitting = min(Self.widestMap / columns, Self.highestMap / rows)
        // Whole picture pixels for a cell keep cells alike; a raster wider than the map has none.
        let scale = fitting >= 1 ? min(16, fitting.rounded()) : fitting
        let mapWidth = columns * scale
        let legendWidth = legendWidth(ruler)
        let textWidth = max(mapWidth + legendWidth + Self.margin, Self.narrowestPicture)
        let captionLines = captions.flatMap {
            Self.wrapped($0, width: textWidth, size: 13, isBold: false, ruler)
        }
        let warningLines = warnings.flatMap {
            Self.wrapped($0, width: textWidth - 24, size: 13, isBold: true, ruler)
        }
        let warningHeight =
            warningLines.isEmpty ? 0 : Double(warningLines.count) * Self.lineHeight + 16
        let statementHeight = statement == nil ? 0 : Self.lineHeight + 5
        let head =
            Self.margin + 30 + statementHeight + Double(captionLines.count) * Self.lineHeight
            + warningHeight + 12
        let noteLines = Self.wrapped(note, width: legendWidth, size: 12, isBold: false, ruler)
        let statementLines = statementLines(width: legendWidth, ruler)
        let mutedLines = Self.wrapped(
            muted?.title ?? "",
            width: legendWidth - 28,
            size: 12,
            isBold: false,
            ruler
        )
        let below = max(
            rows * scale,
            legendHeight(noteLines: noteLines.count + statementLines.count + mutedLines.count)
        )
        let footerWidth = ruler.width(of: footer, size: 12)
        return Layout(
            scale: scale,
            mapWidth: mapWidth,
            mapHeight: rows * scale,
            legendLeft: Self.margin * 2 + mapWidth,
            legendWidth: legendWidth,
            mapTop: head,
            width: min(16_384, Int(2 * Self.margin + max(textWidth, footerWidth))),
            height: min(16_384, Int(head + below + 78)),
            captions: captionLines,
            warnings: warningLines,
            statementLines: statementLines,
            mutedLines: mutedLines,
            noteLines: noteLines
        )
    }

    private func statementLines(width: Double, _ ruler: borrowing Canvas) -> [String] {
        Self.wrapped(statement ?? "", width: width, size: 12, isBold: true, ruler)
    }

    /// Lines that are no wider than `width`, broken at spaces.
    static func wrapped(
        _ text: String,
        width: Double,
        size: Double,
        isBold: Bool,
        _ ruler: borrowing Canvas
    ) -> [String] {
        var lines: [String] = []
        var line = ""
        for word in text.split(separator: " ") {
            let longer = line.isEmpty ? String(word) : "\(line) \(word)"
            if !line.isEmpty, ruler.width(of: longer, size: size, isBold: isBold) > width {
                lines.append(line)
                line = String(word)
            } else {
                line = longer
            }
        }
        return line.isEmpty ? lines : lines + [line]
    }

    private func drawHead(on canvas: borrowing Canvas, _ layout: Layout) {
        let left = Self.margin
        canvas.text(title, x: left, y: Self.margin + 14, size: 23, colour: Self.ink, isBold: true)
        var baseline = Self.margin + 42
        if let statement {
            canvas.text(
                statement,
                x: left,
                y: baseline,
                size: 15,
                colour: Self.alarm,
                isBold: true
            )
            baseline += Self.lineHeight + 5
        }
        for caption in layout.captions {
            canvas.text(caption, x: left, y: baseline, size: 13, colour: Self.faint)
            baseline += Self.lineHeight
        }
        guard !layout.warnings.isEmpty else { return }
        let height = Double(layout.warnings.count) * Self.lineHeight + 8
        let width = Double(layout.width) - 2 * Self.margin
        let top = baseline - 11
        canvas.fillRectangle(
            x: left,
            y: top,
            width: width,
            height: height,
            colour: Colour(0xfdecea)
        )
        canvas.fillRectangle(x: left, y: top, width: 5, height: height, colour: Self.alarm)
        for (index, warning) in layout.warnings.enumerated() {
            canvas.text(
                warning,
                x: left + 14,
                y: top + 17 + Double(index) * Self.lineHeight,
                size: 13,
                colour: Self.alarm,
                isBold: true
            )
        }
    }

    private func drawMap(on canvas: borrowing Canvas, _ layout: Layout) {
        canvas.paint(
            pixels: pixels(),
            columns: raster.window.columnCount,
            rows: raster.window.rowCount,
            x: Self.margin,
            y: layout.mapTop,
            scale: layout.scale
        )
        canvas.clipping(
            x: Self.margin,
            y: layout.mapTop,
            width: layout.mapWidth,
            height: layout.mapHeight
        ) { canvas in
            for border in borders {
                canvas.strokePath(
                    border.map {
                        (Self.margin + $0.x * layout.scale, layout.mapTop + $0.y * layout.scale)
                    },
                    closed: true,
                    colour: Self.ink,
                    opacity: 0.5,
                    lineWidth: 0.6
                )
            }
        }
        canvas.strokeRectangle(
            x: Self.margin,
            y: layout.mapTop,
            width: layout.mapWidth,
            height: layout.mapHeight,
            colour: Self.faint,
            lineWidth: 1
        )
        drawStamp(on: canvas, layout)
    }

    /// Stamps the map in its upper left corner.
    private func drawStamp(on canvas: borrowing Canvas, _ layout: Layout) {
        guard let stamp else { return }
        let left = Self.margin + 10
        let top = layout.mapTop + 10
        let width = canvas.width(of: stamp, size: 15, isBold: true) + 20
        canvas.fillRectangle(x: left, y: top, width: width, height: 28, colour: Self.paper)
        canvas.strokeRectangle(
            x: left,
            y: top,
            width: width,
            height: 28,
            colour: Self.alarm,
            lineWidth: 2
        )
        canvas.text(stamp, x: left + 10, y: top + 19, size: 15, colour: Self.alarm, isBold: true)
    }

    private func pixels() -> [UInt32] {
        var colours = pixelsOfValues()
        guard let muted else { return colours }
        precondition(muted.cells.count == colours.count, "a verdict for each cell")
        for index in colours.indices where muted.cells[index] {
            colours[index] = Self.packed(Self.grey)
        }
        return colours
    }

    private func pixelsOfValues() -> [UInt32] {
        // A table of 1024 colours is finer than the eye, and spares a mixture for each cell.
        switch style {
        case .ramp(let ramp, _):
            let steps = 1023
            let table = (0...steps).map {
                Self.packed(ramp.colour(at: Double($0) / Double(steps)))
            }
            return raster.samples.map { sample in
                guard !sample.isNaN else { return Self.packed(Self.blank) }
                let position = ramp.position(of: Double(sample))
                return table[Int((position * Double(steps)).rounded())]
            }
        case .categories(let categories):
            var table = [UInt32](repeating: Self.packed(Self.blank), count: 256)
            for category in categories where (0...255).contains(category.code) {
                table[category.code] = Self.packed(category.colour)
            }
            return raster.samples.map { sample in
                UInt8(exactly: sample).map { table[Int($0)] } ?? Self.packed(Self.blank)
            }
        }
    }

    private static func packed(_ colour: Colour) -> UInt32 {
        func byte(_ component: Double) -> UInt32 { UInt32((component * 255).rounded()) }
        return byte(colour.red) << 16 | byte(colour.green) << 8 | byte(colour.blue)
    }

    private func drawScaleBar(on canvas: borrowing Canvas, _ layout: Layout) {
        let metresPerPixel = metresPerCell / layout.scale
        let steps: [Double] = [0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000]
        let wanted = metresPerPixel * 200 / 1000
        let kilometres = steps.last { $0 <= wanted } ?? 0.1
        let half = kilometres * 500 / metresPerPixel
        let left = Self.margin
        let top = layout.mapTop + layout.mapHeight + 12
        canvas.fillRectangle(x: left, y: top, width: half, height: 5, colour: Self.ink)
        canvas.strokeRectangle(
            x: left + half,
            y: top + 0.5,
            width: half,
            height: 4,
            colour: Self.ink,
            lineWidth: 1
        )
        canvas.text(
            "\(NumberText.compact(kilometres)) km",
            x: left + 2 * half + 8,
            y: top + 8,
            size: 12,
            colour: Self.ink
        )
    }
}
