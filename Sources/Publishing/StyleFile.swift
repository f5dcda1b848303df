/// A QGIS style for one band of a mosaic, so that it opens with the right colours and labels.
package struct StyleFile: Sendable {
    /// The band drawn, counted from 1.
    package let band: Int
    /// What must be said of it in the legend; nil when nothing.
    package let caption: String?
    /// Its colours.
    package let style: PreviewMap.Style
    /// What is known of the data, a paragraph each: QGIS shows it as the layer's notes.
    package let notes: [String]

    /// A style for a band.
    package init(
        band: Int,
        caption: String?,
        style: PreviewMap.Style,
        notes: [String] = []
    ) {
        self.band = band
        self.caption = caption
        self.style = style
        self.notes = notes
    }

    /// The content of the `.qml` file.
    package var qml: String {
        """
        <!DOCTYPE qgis PUBLIC 'http://mrcc.com/qgis.dtd' 'SYSTEM'>
        <qgis version="3.22" styleCategories="Symbology|Notes">
          <pipe>
            <rasterrenderer type="\(rendererType)" band="\(band)" opacity="1" alphaBand="-1"\
        \(rendererRange)>
              <rasterTransparency/>
        \(shader)
            </rasterrenderer>
          </pipe>
        \(notesElement)</qgis>

        """
    }

    /// The notes are HTML within an attribute: escaped twice.
    private var notesElement: String {
        guard !notes.isEmpty else { return "" }
        let html = notes.map { "<p>\(ReportPage.escaped($0))</p>" }.joined()
        return "  <userNotes value=\"\(ReportPage.escaped(html))\"/>\n"
    }

    private var rendererType: String {
        switch style {
        case .ramp: "singlebandpseudocolor"
        case .categories: "paletted"
        }
    }

    private var rendererRange: String {
        guard case .ramp(let ramp, _) = style else { return "" }
        return " classificationMin=\"\(ramp.minimum)\" classificationMax=\"\(ramp.maximum)\""
    }

    private var shader: String {
        switch style {
        case .ramp(let ramp, let unit):
            // Each colour is listed with its label: a continuous legend would show two numbers and
            // no caption.
            return """
                      <rastershader>
                        <colorrampshader colorRampType="INTERPOLATED" clip="0" \
                minimumValue="\(ramp.minimum)" maximumValue="\(ramp.maximum)">
                          <rampLegendSettings useContinuousLegend="0"/>
                \(rampItems(ramp, unit: unit).joined(separator: "\n"))
                        </colorrampshader>
                      </rastershader>
                """
        case .categories(let categories):
            let items = categories.enumerated().map { position, category in
                let note = position == 0 ? caption.map { " (\($0))" } ?? "" : ""
                return "        <paletteEntry value=\"\(category.code)\" alpha=\"255\" "
                    + "label=\"\(ReportPage.escaped(category.title + note))\" "
                    + "color=\"\(category.colour.hexadecimal)\"/>"
            }
            return "      <colorPalette>\n\(items.joined(separator: "\n"))\n      </colorPalette>"
        }
    }

    private func rampItems(_ ramp: ColourRamp, unit: String) -> [String] {
        (0...10).map { step in
            let position = Double(step) / 10
            let value = ramp.value(at: position)
            let note = step == 10 ? caption.map { " (\($0))" } ?? "" : ""
            let text = [ramp.label(of: value), unit].filter { !$0.isEmpty }
            let label = ReportPage.escaped(text.joined(separator: " ") + note)
            return "            <item value=\"\(value)\" label=\"\(label)\" alpha=\"255\" "
                + "color=\"\(ramp.colour(at: position).hexadecimal)\"/>"
        }
    }
}
