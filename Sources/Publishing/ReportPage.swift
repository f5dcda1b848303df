private import Foundation

/// The building blocks of the report: one self-contained HTML page without scripts or links out.
package struct ReportPage: Sendable {
    private var body: [String] = []
    private let title: String

    /// An empty page with a title.
    package init(title: String) {
        self.title = title
    }

    /// Adds a section heading.
    package mutating func heading(_ text: String) {
        body.append("<h2>\(Self.escaped(text))</h2>")
    }

    /// Adds a paragraph.
    package mutating func paragraph(_ text: String) {
        body.append("<p>\(Self.escaped(text))</p>")
    }

    /// Adds a warning that stands out.
    package mutating func banner(_ text: String) {
        body.append("<p class=\"banner\" role=\"alert\">\(Self.escaped(text))</p>")
    }

    /// Adds a remark that is less than a warning.
    package mutating func note(_ text: String) {
        body.append("<p class=\"note\">\(Self.escaped(text))</p>")
    }

    /// Adds a list of texts.
    package mutating func list(_ items: [String]) {
        let lines = items.map { "<li>\(Self.escaped($0))</li>" }
        body.append("<ul>\(lines.joined())</ul>")
    }

    /// Begins parts that stand side by side where there is room.
    package mutating func beginColumns() { body.append("<div class=\"columns\">") }

    /// Ends the parts begun last.
    package mutating func endColumns() { body.append("</div>") }

    /// Adds a row of figures, each with its label.
    package mutating func figures(_ figures: [(value: String, label: String)]) {
        let cards = figures.map { figure in
            "<div class=\"figure\"><b>\(Self.escaped(figure.value))</b>"
                + "<span>\(Self.escaped(figure.label))</span></div>"
        }
        body.append("<div class=\"figures\">\(cards.joined())</div>")
    }

    /// Adds a table; the first column is text, the others are numbers unless `textColumns` has them.
    package mutating func table(
        caption: String,
        header: [String],
        rows: [[String]],
        textColumns: Set<Int> = [0]
    ) {
        func cell(_ tag: String, _ column: Int, _ text: String) -> String {
            let style = textColumns.contains(column) ? "" : " class=\"number\""
            return "<\(tag)\(style)>\(Self.escaped(text))</\(tag)>"
        }
        let head = header.enumerated().map { cell("th", $0.offset, $0.element) }.joined()
        let lines = rows.map { row in
            "<tr>" + row.enumerated().map { cell("td", $0.offset, $0.element) }.joined() + "</tr>"
        }
        body.append(
            "<div class=\"scroll\"><table><caption>\(Self.escaped(caption))</caption>"
                + "<thead><tr>\(head)</tr></thead><tbody>\(lines.joined(separator: "\n"))</tbody>"
                + "</table></div>"
        )
    }

    /// Adds a picture, embedded.
    package mutating func picture(png: [UInt8], caption: String) {
        body.append(
            "<figure><img alt=\"\(Self.escaped(caption))\" src=\"data:image/png;base64,"
                + Data(png).base64EncodedString()
                + "\"><figcaption>\(Self.escaped(caption))</figcaption></figure>"
        )
    }

    /// Adds a chart of horizontal bars from zero, negative ones to the left.
    ///
    /// Bars longer than `limit` are cut there and marked.
    ///
    /// - Parameters:
    ///   - caption: what the bars show.
    ///   - unit: of the values.
    ///   - limit: positive; the longest bar.
    ///   - bars: labels and values, top to bottom.
    package mutating func bars(
        caption: String,
        unit: String,
        limit: Double,
        _ bars: [(label: String, value: Double)]
    ) {
        let rowHeight = 20.0
        let labelWidth = 150.0
        let chartWidth = 290.0
        let height = rowHeight * Double(bars.count) + 8
        let smallest = min(0, max(-limit, bars.map(\.value).min() ?? 0))
        let largest = max(0, min(limit, bars.map(\.value).max() ?? 0))
        let span = max(largest - smallest, 1e-300)
        func position(_ value: Double) -> Double {
            labelWidth + (max(smallest, min(largest, value)) - smallest) / span * chartWidth
        }
        let ramp = ColourRamp.diverging(halfRange: max(abs(smallest), abs(largest), 1e-300))
        var shapes: [String] = []
        for (index, bar) in bars.enumerated() {
            let y = 4 + rowHeight * Double(index)
            let left = position(min(0, bar.value))
            let width = position(max(0, bar.value)) - left
            let mark = abs(bar.value) > limit ? " »" : ""
            shapes.append(
                "<text x=\"\(Self.coordinate(labelWidth - 8))\" y=\"\(Self.coordinate(y + 14))\" "
                    + "text-anchor=\"end\">\(Self.escaped(bar.label))</text>"
                    + "<rect x=\"\(Self.coordinate(left))\" y=\"\(Self.coordinate(y + 2))\" "
                    + "width=\"\(Self.coordinate(max(width, 1)))\" height=\"15\" "
                    + "fill=\"\(ramp.colour(of: bar.value).hexadecimal)\" stroke=\"#666\" "
                    + "stroke-width=\"0.5\"/>"
                    + "<text x=\"\(Self.coordinate(labelWidth + chartWidth + 8))\" "
                    + "y=\"\(Self.coordinate(y + 14))\">"
                    + "\(Self.escaped(NumberText.compact(bar.value) + mark))</text>"
            )
        }
        let zero = Self.coordinate(position(0))
        shapes.append(
            "<line x1=\"\(zero)\" x2=\"\(zero)\" y1=\"0\" y2=\"\(Self.coordinate(height))\" "
                + "stroke=\"#222\"/>"
        )
        let total = labelWidth + chartWidth + 70
        body.append(
            "<figure><svg viewBox=\"0 0 \(Self.coordinate(total)) \(Self.coordinate(height))\" "
                + "role=\"img\" aria-label=\"\(Self.escaped(caption))\">\(shapes.joined())</svg>"
                + "<figcaption>\(Self.escaped(caption)) (\(Self.escaped(unit)))</figcaption></figure>"
        )
    }

    /// Adds a drawing: an `svg` element whose texts are escaped.
    package mutating func drawing(svg: String, caption: String) {
        body.append(
            "<figure>\(svg)<figcaption>\(Self.escaped(caption))</figcaption></figure>"
        )
    }

    /// Adds text as it stands, in a fixed-width font.
    package mutating func preformatted(_ text: String) {
        body.append("<pre>\(Self.escaped(text))</pre>")
    }

    /// Begins a part that is folded away until opened.
    package mutating func beginDetails(_ summary: String) {
        body.append("<details><summary>\(Self.escaped(summary))</summary>")
    }

    /// Ends the part begun last.
    package mutating func endDetails() {
        body.append("</details>")
    }

    /// The whole page.
    package var html: String {
        """
        <!DOCTYPE html>
        <html lang="en"><head><meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <title>\(Self.escaped(title))</title>
        <style>\(Self.style)</style></head>
        <body><main><h1>\(Self.escaped(title))</h1>
        \(body.joined(separator: "\n"))
        </main></body></html>

        """
    }

    /// Text made safe for HTML and its attributes.
    package static func escaped(_ text: String) -> String {
        var result = ""
        for character in text {
            switch character {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            case "\"": result += "&quot;"
            case "'": result += "&#39;"
            default: result.append(character)
            }
        }
        return result
    }

    private static func coordinate(_ value: Double) -> String {
        NumberText.decimal(value, places: 1, trimsZeros: true)
    }

    private static let style = """
        :root{color-scheme:light}
        body{font:15px/1.5 system-ui,"DejaVu Sans",sans-serif;color:#1c2126;background:#f4f6f7;margin:0}
        main{max-width:1080px;margin:0 auto;padding:24px 32px 64px;background:#fff}
        h1{font-size:28px;margin:8px 0 4px}
        h2{font-size:20px;margin:36px 0 8px;border-bottom:2px solid #d7dde0;padding-bottom:4px}
        .banner{background:#fdecea;border-left:5px solid #a11212;padding:10px 14px;margin:10px 0;
        font-weight:600}
        .note{background:#fff8e1;border-left:5px solid #c79100;padding:8px 14px;margin:10px 0}
        .columns{display:grid;grid-template-columns:repeat(auto-fit,minmax(440px,1fr));gap:0 24px}
        .figures{display:flex;flex-wrap:wrap;gap:12px;margin:14px 0}
        .figure{background:#eef2f4;border-radius:6px;padding:10px 16px;min-width:130px}
        .figure b{display:block;font-size:20px}
        .figure span{color:#56616a;font-size:13px}
        figure{margin:18px 0}
        figure img,figure svg{max-width:100%;height:auto;border:1px solid #d7dde0}
        figure svg text{font:12px system-ui,"DejaVu Sans","Noto Sans CJK SC",sans-serif}
        figcaption{color:#56616a;font-size:13px}
        .scroll{overflow-x:auto}
        table{border-collapse:collapse;font-size:13px;margin:12px 0;width:100%}
        caption{text-align:left;color:#56616a;padding:4px 0}
        th,td{padding:4px 8px;border-bottom:1px solid #e3e8ea;text-align:left;vertical-align:top}
        th{background:#eef2f4}
        .number{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
        pre{background:#eef2f4;padding:12px;overflow-x:auto;font-size:12px}
        details{margin:12px 0}
        summary{cursor:pointer;font-weight:600}
        """
}
