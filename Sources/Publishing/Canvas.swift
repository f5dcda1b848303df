private import CCairo

/// A drawing surface of pixels, the one place that speaks to cairo.
///
/// Coordinates are pixels from the upper-left corner. Text is DejaVu Sans where it is installed,
/// otherwise what fontconfig finds.
@safe package struct Canvas: ~Copyable {
    /// Width, pixels.
    package let width: Int
    /// Height, pixels.
    package let height: Int

    private let surface: OpaquePointer
    private let context: OpaquePointer

    /// A canvas filled with one colour.
    ///
    /// - Parameters:
    ///   - width: in pixels, 1…16384.
    ///   - height: in pixels, 1…16384.
    ///   - background: fills the canvas.
    /// - Throws: ``PublishingError`` when cairo cannot allocate the surface.
    package init(width: Int, height: Int, background: Colour) throws(PublishingError) {
        precondition((1...16384).contains(width) && (1...16384).contains(height), "canvas size")
        let surface = unsafe cairo_image_surface_create(
            CAIRO_FORMAT_RGB24,
            Int32(width),
            Int32(height)
        )
        guard let surface = unsafe surface,
            unsafe cairo_surface_status(surface) == CAIRO_STATUS_SUCCESS,
            let context = unsafe cairo_create(surface)
        else {
            throw PublishingError(.cannotWrite, "picture", "no memory for \(width) x \(height)")
        }
        self.width = width
        self.height = height
        unsafe self.surface = surface
        unsafe self.context = context
        fillRectangle(x: 0, y: 0, width: Double(width), height: Double(height), colour: background)
    }

    deinit {
        unsafe cairo_destroy(context)
        unsafe cairo_surface_destroy(surface)
    }

    /// Fills a rectangle.
    package func fillRectangle(
        x: Double,
        y: Double,
        width: Double,
        height: Double,
        colour: Colour
    ) {
        setColour(colour, opacity: 1)
        unsafe cairo_rectangle(context, x, y, width, height)
        unsafe cairo_fill(context)
    }

    /// Draws a rectangle's outline.
    package func strokeRectangle(
        x: Double,
        y: Double,
        width: Double,
        height: Double,
        colour: Colour,
        lineWidth: Double
    ) {
        setColour(colour, opacity: 1)
        unsafe cairo_set_line_width(context, lineWidth)
        unsafe cairo_rectangle(context, x, y, width, height)
        unsafe cairo_stroke(context)
    }

    /// Draws with everything outside a rectangle left as it is.
    package func clipping(
        x: Double,
        y: Double,
        width: Double,
        height: Double,
        _ body: (borrowing Canvas) -> Void
    ) {
        unsafe cairo_save(context)
        unsafe cairo_rectangle(context, x, y, width, height)
        unsafe cairo_clip(context)
        body(self)
        unsafe cairo_restore(context)
    }

    /// Draws connected straight lines through points.
    package func strokePath(
        _ points: [(x: Double, y: Double)],
        closed: Bool,
        colour: Colour,
        opacity: Double,
        lineWidth: Double
    ) {
        guard let first = points.first, points.count > 1 else { return }
        setColour(colour, opacity: opacity)
        unsafe cairo_set_line_width(context, lineWidth)
        unsafe cairo_move_to(context, first.x, first.y)
        for point in points.dropFirst() {
            unsafe cairo_line_to(context, point.x, point.y)
        }
        if closed { unsafe cairo_close_path(context) }
        unsafe cairo_stroke(context)
    }

    /// Where a text stands relative to its point.
    package enum Anchor: Hashable, Sendable {
        /// The text begins at the point.
        case start
        /// The text is centred on the point.
        case middle
        /// The text ends at the point.
        case end
    }

    /// Writes a line of text whose baseline passes through a point.
    package func text(
        _ text: String,
        x: Double,
        y: Double,
        size: Double,
        colour: Colour,
        isBold: Bool = false,
        anchor: Anchor = .start
    ) {
        setColour(colour, opacity: 1)
        selectFont(size: size, isBold: isBold)
        let width = measuredWidth(text)
        let left =
            switch anchor {
            case .start: x
            case .middle: x - width / 2
            case .end: x - width
            }
        unsafe cairo_move_to(context, left, y)
        unsafe cairo_show_text(context, text)
    }

    /// The width that a line of text takes, pixels.
    package func width(of text: String, size: Double, isBold: Bool = false) -> Double {
        selectFont(size: size, isBold: isBold)
        return measuredWidth(text)
    }

    /// Paints a raster of colours, row-major, each drawn as a square of `scale` pixels.
    ///
    /// - Parameters:
    ///   - pixels: `columns × rows` values 0xRRGGBB.
    ///   - columns: width of the raster.
    ///   - rows: height of the raster.
    ///   - x: left edge on the canvas.
    ///   - y: top edge on the canvas.
    ///   - scale: size of a raster cell on the canvas; cells stay sharp when above 1.
    package func paint(
        pixels: [UInt32],
        columns: Int,
        rows: Int,
        x: Double,
        y: Double,
        scale: Double
    ) {
        precondition(pixels.count == columns * rows, "one colour for each cell")
        guard columns > 0, rows > 0,
            let image = unsafe cairo_image_surface_create(
                CAIRO_FORMAT_RGB24,
                Int32(columns),
                Int32(rows)
            )
        else { return }
        defer { unsafe cairo_surface_destroy(image) }
        unsafe cairo_surface_flush(image)
        let stride = unsafe Int(cairo_image_surface_get_stride(image))
        guard let data = unsafe cairo_image_surface_get_data(image) else { return }
        for row in 0..<rows {
            for column in 0..<columns {
                let offset = row * stride + 4 * column
                unsafe UnsafeMutableRawPointer(data).storeBytes(
                    of: pixels[row * columns + column],
                    toByteOffset: offset,
                    as: UInt32.self
                )
            }
        }
        unsafe cairo_surface_mark_dirty(image)
        unsafe cairo_save(context)
        unsafe cairo_translate(context, x, y)
        unsafe cairo_scale(context, scale, scale)
        unsafe cairo_set_source_surface(context, image, 0, 0)
        let filter = scale >= 1 ? CAIRO_FILTER_NEAREST : CAIRO_FILTER_GOOD
        unsafe cairo_pattern_set_filter(cairo_get_source(context), filter)
        unsafe cairo_paint(context)
        unsafe cairo_restore(context)
    }

    /// The picture as the bytes of a PNG file.
    ///
    /// - Throws: ``PublishingError`` when cairo cannot encode it.
    package func png() throws(PublishingError) -> [UInt8] {
        unsafe cairo_surface_flush(surface)
        var bytes: [UInt8] = []
        let status = unsafe withUnsafeMutablePointer(to: &bytes) { pointer in
            unsafe cairo_surface_write_to_png_stream(
                surface,
                { closure, data, count in
                    guard let closure = unsafe closure, let data = unsafe data else {
                        return CAIRO_STATUS_WRITE_ERROR
                    }
                    let target = unsafe closure.assumingMemoryBound(to: [UInt8].self)
                    unsafe target.pointee.append(
                        contentsOf: UnsafeBufferPointer(start: data, count: Int(count))
                    )
                    return CAIRO_STATUS_SUCCESS
                },
                pointer
            )
        }
        guard status == CAIRO_STATUS_SUCCESS else {
            let reason = unsafe String(cString: cairo_status_to_string(status))
            throw PublishingError(.cannotWrite, "picture", reason)
        }
        return bytes
    }

    private func setColour(_ colour: Colour, opacity: Double) {
        unsafe cairo_set_source_rgba(context, colour.red, colour.green, colour.blue, opacity)
    }

    private func selectFont(size: Double, isBold: Bool) {
        let weight = isBold ? CAIRO_FONT_WEIGHT_BOLD : CAIRO_FONT_WEIGHT_NORMAL
        unsafe cairo_select_font_face(context, "DejaVu Sans", CAIRO_FONT_SLANT_NORMAL, weight)
        unsafe cairo_set_font_size(context, size)
    }

    private func measuredWidth(_ text: String) -> Double {
        var extents = cairo_text_extents_t()
        unsafe cairo_text_extents(context, text, &extents)
        return extents.x_advance
    }
}
