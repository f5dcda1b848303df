import Lattice

/// How the pixels under a cell's sub-points make its value.
package enum ResamplingRule: Hashable, Sendable {
    /// The mean of the pixels that hold the sub-points: an area-weighted mean where the source is
    /// finer, the nearest pixel where it is coarser; faithful to mass.
    case mean
    /// The mean of values interpolated between pixel centres: smooth, for coarse intensities.
    case bilinear
    /// The share of the valid sub-points whose pixel has one of these classes.
    case classFraction([Double])
    /// The most frequent class; of several, the smallest.
    case mode

    /// The further source pixels that the rule reads beside those that hold sub-points.
    package var sourceMargin: Int { self == .bilinear ? 1 : 0 }
}

/// Bringing source layers to the national grid.
package enum Regridding {
    /// The value and the valid fraction of each cell of a map's window.
    ///
    /// A cell's result is a function of its own sub-points and the pixels under them: it depends on
    /// neither the window nor the block read. Sub-points are taken row by row in double precision, and
    /// the result is rounded to single precision once.
    ///
    /// A sub-point is valid when the pixel that holds it is. Bilinear interpolation uses the valid ones
    /// among the four nearest pixel centres with their weights scaled up, so that it neither reaches
    /// into nodata nor past it.
    ///
    /// - Parameters:
    ///   - map: where the sub-points lie. Outside the raster, or NaN, they are not valid.
    ///   - source: pixels that include every one the map hits (``SubpointMap/sourceWindow(rasterColumns:rasterRows:margin:)``).
    ///   - rule: how pixels make a value.
    /// - Returns: the layer over the map's window.
    package static func layer(
        _ map: SubpointMap,
        from source: DecodedSource,
        rule: ResamplingRule
    ) -> RegriddedLayer {
        var layer = RegriddedLayer(emptyOver: map.window, hasWater: source.water != nil)
        switch rule {
        case .mean: means(map, source, &layer)
        case .bilinear, .classFraction, .mode: others(map, source, rule, &layer)
        }
        if source.water != nil {
            let count = map.subpointsPerAxis * map.subpointsPerAxis
            for cell in 0..<map.window.cellCount {
                let points = (cell * count)..<((cell + 1) * count)
                let (wet, known) = water(map, points, source)
                layer.knownFraction?.samples[cell] = Float(Double(known) / Double(count))
                if known > 0 {
                    layer.waterFraction?.samples[cell] = Float(Double(wet) / Double(known))
                }
            }
        }
        return layer
    }

    /// The rules that are rarer than the mean.
    private static func others(
        _ map: SubpointMap,
        _ source: DecodedSource,
        _ rule: ResamplingRule,
        _ layer: inout RegriddedLayer
    ) {
        let count = map.subpointsPerAxis * map.subpointsPerAxis
        for cell in 0..<map.window.cellCount {
            let points = (cell * count)..<((cell + 1) * count)
            let tally =
                switch rule {
                case .bilinear: bilinear(map, points, source)
                case .classFraction(let classes): classFraction(map, points, source, classes)
                case .mode, .mean: mode(map, points, source)
                }
            layer.validFraction.samples[cell] = Float(Double(tally.valid) / Double(count))
            if tally.valid > 0 { layer.value.samples[cell] = Float(tally.value) }
        }
    }

    /// The mean of each cell, in one loop over all sub-points: most of the time of `prepare` is here.
    private static func means(
        _ map: SubpointMap,
        _ source: DecodedSource,
        _ layer: inout RegriddedLayer
    ) {
        let count = map.subpointsPerAxis * map.subpointsPerAxis
        let (columns, rows, values) = (map.columns, map.rows, source.values)
        let columnEnd = Double(source.raster.columnEnd)
        let rowEnd = Double(source.raster.rowEnd)
        let (firstColumn, firstRow) = (source.window.columnStart, source.window.rowStart)
        let (width, height) = (source.window.columnCount, source.window.rowCount)
        var point = 0
        for cell in 0..<map.window.cellCount {
            var sum = 0.0
            var valid = 0
            for _ in 0..<count {
                let (column, row) = (columns[point], rows[point])
                point += 1
                guard column >= 0, row >= 0, column < columnEnd, row < rowEnd else { continue }
                let blockRow = Int(row) - firstRow
                let blockColumn = Int(column) - firstColumn
                precondition(
                    blockRow >= 0 && blockRow < height && blockColumn >= 0 && blockColumn < width,
                    "the block does not hold a pixel that the map hits"
                )
                let value = values[blockRow &* width &+ blockColumn]
                guard !value.isNaN else { continue }
                sum += value
                valid += 1
            }
            layer.validFraction.samples[cell] = Float(Double(valid) / Double(count))
            if valid > 0 { layer.value.samples[cell] = Float(sum / Double(valid)) }
        }
    }

    private typealias Tally = (value: Double, valid: Int)

    /// Index of the pixel that holds a sub-point; nil outside the raster.
    private static func pixel(
        _ map: SubpointMap,
        _ point: Int,
        _ source: DecodedSource
    ) -> Int? {
        let column = map.columns[point]
        let row = map.rows[point]
        guard column >= 0, row >= 0, column < Double(source.raster.columnEnd),
            row < Double(source.raster.rowEnd)
        else { return nil }
        // Written out because it is done for every sub-point: the block must hold the pixel.
        let blockRow = Int(row) - source.window.rowStart
        let blockColumn = Int(column) - source.window.columnStart
        let rowLength = source.window.columnCount
        precondition(
            blockRow >= 0 && blockRow < source.window.rowCount && blockColumn >= 0
                && blockColumn < rowLength,
            "the block does not hold a pixel that the map hits"
        )
        return blockRow * rowLength + blockColumn
    }

    private static func bilinear(
        _ map: SubpointMap,
        _ points: Range<Int>,
        _ source: DecodedSource
    ) -> Tally {
        var sum = 0.0
        var valid = 0
        for point in points {
            guard let pixel = pixel(map, point, source), !source.values[pixel].isNaN else {
                continue
            }
            sum += interpolated(column: map.columns[point], row: map.rows[point], source)
            valid += 1
        }
        return (sum / Double(valid), valid)
    }

    private static func interpolated(
        column: Double,
        row: Double,
        _ source: DecodedSource
    ) -> Double {
        let west = (column - 0.5).rounded(.down)
        let north = (row - 0.5).rounded(.down)
        let right = column - 0.5 - west
        let below = row - 0.5 - north
        var sum = 0.0
        var weights = 0.0
        func add(_ rowStep: Int, _ columnStep: Int, _ weight: Double) {
            let pixelRow = Int(north) + rowStep
            let pixelColumn = Int(west) + columnStep
            guard weight > 0, source.raster.contains(row: pixelRow, column: pixelColumn) else {
                return
            }
            let value = source.values[source.window.index(row: pixelRow, column: pixelColumn)]
            guard !value.isNaN else { return }
            sum += weight * value
            weights += weight
        }
        add(0, 0, (1 - below) * (1 - right))
        add(0, 1, (1 - below) * right)
        add(1, 0, below * (1 - right))
        add(1, 1, below * right)
        return sum / weights
    }

    private static func classFraction(
        _ map: SubpointMap,
        _ points: Range<Int>,
        _ source: DecodedSource,
        _ classes: [Double]
    ) -> Tally {
        var matching = 0
        var valid = 0
        for point in points {
            guard let pixel = pixel(map, point, source), !source.values[pixel].isNaN else {
                continue
            }
            valid += 1
            if classes.contains(source.values[pixel]) { matching += 1 }
        }
        return (Double(matching) / Double(valid), valid)
    }

    private static func mode(
        _ map: SubpointMap,
        _ points: Range<Int>,
        _ source: DecodedSource
    ) -> Tally {
        var counts: [Double: Int] = [:]
        // Neighbouring sub-points mostly share their class: it is counted when it changes.
        var run = (value: Double.nan, count: 0)
        var valid = 0
        for point in points {
            guard let pixel = pixel(map, point, source), !source.values[pixel].isNaN else {
                continue
            }
            valid += 1
            let value = source.values[pixel]
            if value == run.value {
                run.count += 1
            } else {
                if run.count > 0 { counts[run.value, default: 0] += run.count }
                run = (value, 1)
            }
        }
        if run.count > 0 { counts[run.value, default: 0] += run.count }
        var best = (value: Double.nan, count: 0)
        for (value, count) in counts
        where count > best.count || (count == best.count && value < best.value) {
            best = (value, count)
        }
        return (best.value, valid)
    }

    /// How many sub-points are water, and how many are water or valid.
    private static func water(
        _ map: SubpointMap,
        _ points: Range<Int>,
        _ source: DecodedSource
    ) -> (wet: Int, known: Int) {
        guard let water = source.water else { return (0, 0) }
        var wet = 0
        var known = 0
        for point in points {
            guard let pixel = pixel(map, point, source) else { continue }
            if water[pixel] { wet += 1 }
            if water[pixel] || !source.values[pixel].isNaN { known += 1 }
        }
        return (wet, known)
    }
}
