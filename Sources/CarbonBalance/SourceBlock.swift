package import Lattice

/// A part of a source raster as its file has it: raw samples, before codes, scale and units.
package struct SourceBlock: Sendable {
    /// The pixels held, in rows and columns of the source raster.
    package let window: CellWindow
    /// Width of the whole source raster, pixels.
    package let rasterColumns: Int
    /// Height of the whole source raster, pixels.
    package let rasterRows: Int
    /// `rowCount × columnCount` raw samples, row-major; NaN is nodata.
    package let samples: [Double]

    /// A block of a raster.
    ///
    /// The reader has replaced the file's nodata value by NaN, except where the layer's
    /// ``SpecialCodes`` give that value a meaning.
    package init(window: CellWindow, rasterColumns: Int, rasterRows: Int, samples: [Double]) {
        precondition(samples.count == window.cellCount, "one sample for each pixel of the window")
        precondition(
            CellWindow(rows: 0..<rasterRows, columns: 0..<rasterColumns).contains(window),
            "a block lies within its raster"
        )
        self.window = window
        self.rasterColumns = rasterColumns
        self.rasterRows = rasterRows
        self.samples = samples
    }
}

/// How raw samples of a layer become values in internal units.
package struct LayerDecoding: Hashable, Sendable {
    /// Raw values that are classes: replaced first.
    package var codes: SpecialCodes
    /// Multiplies a raw measurement.
    package var scale: Double
    /// Added to a scaled measurement.
    package var offset: Double
    /// From the layer's unit to internal units; applies to values of codes too.
    package var unitFactor: Double
    /// What a code for water becomes: 0 or nodata.
    package var waterPolicy: WaterPolicy

    /// A decoding; the defaults leave raw samples as they are.
    package init(
        codes: SpecialCodes = .none,
        scale: Double = 1,
        offset: Double = 0,
        unitFactor: Double = 1,
        waterPolicy: WaterPolicy = .zeroSink
    ) {
        self.codes = codes
        self.scale = scale
        self.offset = offset
        self.unitFactor = unitFactor
        self.waterPolicy = waterPolicy
    }
}

/// A part of a source raster in internal units, ready to be regridded.
package struct DecodedSource: Sendable {
    /// The pixels held.
    package let window: CellWindow
    /// The whole raster.
    let raster: CellWindow
    /// Values in internal units; NaN is nodata.
    let values: [Double]
    /// True for pixels coded as water; nil when no code means water.
    let water: [Bool]?

    /// Decodes a block: codes, then scale and offset, then the unit, then the pixel's area.
    ///
    /// - Parameters:
    ///   - block: the raw samples.
    ///   - decoding: how they are to be read.
    ///   - pixelAreasKm2: for a total, the ellipsoidal area of a pixel in each row of the block, or of
    ///     each pixel, km²: an amount per pixel becomes one per km². nil for every other quantity.
    package init(
        _ block: SourceBlock,
        decoding: LayerDecoding,
        pixelAreasKm2: [Double]? = nil
    ) {
        precondition(
            pixelAreasKm2.map { areas in
                areas.count == block.window.rowCount || areas.count == block.window.cellCount
            } ?? true,
            "one pixel area for each row or pixel of the block"
        )
        window = block.window
        raster = CellWindow(rows: 0..<block.rasterRows, columns: 0..<block.rasterColumns)
        let pixelsPerArea =
            pixelAreasKm2?.count == block.window.cellCount ? 1 : block.window.columnCount
        var values = block.samples
        var water =
            decoding.codes.hasWater ? [Bool](repeating: false, count: values.count) : nil
        let hasCodes = !decoding.codes.isEmpty
        for index in values.indices {
            let raw = values[index]
            var value: Double
            switch hasCodes ? decoding.codes[raw] : nil {
            case nil: value = raw * decoding.scale + decoding.offset
            case .nodata: value = .nan
            case .value(let replacement): value = replacement
            case .water:
                value = decoding.waterPolicy == .zeroSink ? 0 : .nan
                water?[index] = true
            }
            value *= decoding.unitFactor
            if let pixelAreasKm2 { value /= pixelAreasKm2[index / pixelsPerArea] }
            values[index] = value.isFinite ? value : .nan
        }
        self.values = values
        self.water = water
    }

    /// The same pixels with other values, as many; NaN is nodata.
    init(replacing values: [Double], of other: DecodedSource) {
        precondition(values.count == other.values.count, "one value for each pixel")
        window = other.window
        raster = other.raster
        self.values = values.map { $0.isFinite ? $0 : .nan }
        water = other.water
    }
}
