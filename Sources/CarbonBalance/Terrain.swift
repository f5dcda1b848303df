import Lattice

/// What is made of a height on its own pixels, before any averaging: the mean of slopes, not the slope
/// of means.
package enum TerrainMeasure: Hashable, Sendable, Codable {
    /// Steepness, degrees.
    case slope
    /// A component of the compass direction of the steepest descent; none where the ground is flat.
    case aspect(DirectionComponent)
}

/// The distance between neighbouring pixels of a source, metres.
package struct PixelSpacing: Sendable {
    /// From column to column in each row of a block, negative where columns run westward.
    package let eastwardMetres: [Double]
    /// From row to row in each row of a block, negative where rows run southward.
    package let northwardMetres: [Double]

    /// Spacings, one for each row of a block.
    package init(eastwardMetres: [Double], northwardMetres: [Double]) {
        precondition(eastwardMetres.count == northwardMetres.count, "two spacings for each row")
        self.eastwardMetres = eastwardMetres
        self.northwardMetres = northwardMetres
    }
}

extension DecodedSource {
    /// The measure of a height on each pixel, by Horn's third-order finite differences.
    ///
    /// Horn (1981), *Hill shading and the reflectance map*, Proc. IEEE 69(1): differences over the eight
    /// neighbours. A pixel with a missing neighbour, and the raster's outermost pixels, have no value; a
    /// pixel's value depends on its neighbourhood alone. The block's own edge has none either: callers
    /// read one pixel more than they use.
    ///
    /// - Parameters:
    ///   - measure: slope or a component of the aspect.
    ///   - spacing: of the block's rows.
    /// - Returns: the measure on the same pixels; NaN where there is none.
    package func terrain(_ measure: TerrainMeasure, spacing: PixelSpacing) -> DecodedSource {
        let width = window.columnCount
        precondition(spacing.eastwardMetres.count == window.rowCount, "a spacing for each row")
        var result = [Double](repeating: .nan, count: values.count)
        for row in 1..<max(1, window.rowCount - 1) {
            for column in 1..<max(1, width - 1) {
                let i = row * width + column
                let west = values[i - width - 1] + 2 * values[i - 1] + values[i + width - 1]
                let east = values[i - width + 1] + 2 * values[i + 1] + values[i + width + 1]
                let above =
                    values[i - width - 1] + 2 * values[i - width] + values[i - width + 1]
                let below =
                    values[i + width - 1] + 2 * values[i + width] + values[i + width + 1]
                let eastward = (east - west) / (8 * spacing.eastwardMetres[row])
                let northward = (below - above) / (8 * spacing.northwardMetres[row])
                guard !values[i].isNaN, eastward.isFinite, northward.isFinite else { continue }
                let steepness = (eastward * eastward + northward * northward).squareRoot()
                switch measure {
                case .slope:
                    result[i] = CanonicalMath.arctangentDegrees(steepness)
                case .aspect(let component):
                    guard steepness > 0 else { continue }
                    // Water runs against the gradient.
                    result[i] = -(component == .sine ? eastward : northward) / steepness
                }
            }
        }
        return DecodedSource(replacing: result, of: self)
    }
}
