package import Lattice

/// What is made of a height on its own pixels, before any averaging: the mean of slopes, not the slope
/// of means.
package enum TerrainMeasure: Hashable, Sendable, Codable {
    /// Steepness, degrees.
    case slope
    /// A component of the compass direction of the steepest descent; none where the ground is flat.
    case aspect(DirectionComponent)
}

/// The steps from pixel to pixel of a source, metres on the ground.
package enum PixelSpacing: Sendable {
    /// For each row of a block, where columns run east and rows run south: from column to column, negative
    /// where columns run westward, and from row to row, negative where rows run southward.
    case rows(eastwardMetres: [Double], northwardMetres: [Double])
    /// Any directions, changing from place to place.
    case nodes(PixelStepNodes)
}

/// The steps from pixel to pixel at nodes of a raster, between which they are interpolated linearly.
///
/// Nodes lie at every m-th corner of pixels, counted from the raster's corner: a pixel's steps depend on it
/// alone, whatever block it is in.
package struct PixelStepNodes: Sendable {
    /// The nodes, as rows and columns of nodes.
    package let window: CellWindow
    /// m: pixels between two nodes.
    package let spacingPixels: Int
    /// At each node, row-major: eastward and northward from column to column, then from row to row, metres.
    package let steps: [SIMD4<Double>]

    /// Nodes that hold the pixels asked for between them.
    package init(window: CellWindow, spacingPixels: Int, steps: [SIMD4<Double>]) {
        precondition(steps.count == window.cellCount, "four steps at each node")
        self.window = window
        self.spacingPixels = spacingPixels
        self.steps = steps
    }

    /// The steps at the centre of a pixel.
    @inline(__always)
    fileprivate func steps(row: Int, column: Int) -> SIMD4<Double> {
        let nodeRow = row / spacingPixels
        let nodeColumn = column / spacingPixels
        let down = (Double(row - nodeRow * spacingPixels) + 0.5) / Double(spacingPixels)
        let right = (Double(column - nodeColumn * spacingPixels) + 0.5) / Double(spacingPixels)
        let first = window.index(row: nodeRow, column: nodeColumn)
        let next = first + window.columnCount
        let above = steps[first] * (1 - right) + steps[first + 1] * right
        let below = steps[next] * (1 - right) + steps[next + 1] * right
        return above * (1 - down) + below * down
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
    ///   - spacing: of the block's pixels.
    /// - Returns: the measure on the same pixels; NaN where there is none.
    package func terrain(_ measure: TerrainMeasure, spacing: PixelSpacing) -> DecodedSource {
        switch spacing {
        case .rows(let eastwardMetres, let northwardMetres):
            precondition(
                eastwardMetres.count == window.rowCount && northwardMetres.count == window.rowCount,
                "two spacings for each row"
            )
            return terrain(measure) { row, _, eastDifference, southDifference in
                (
                    eastDifference / (8 * eastwardMetres[row]),
                    southDifference / (8 * northwardMetres[row])
                )
            }
        case .nodes(let nodes):
            let (firstRow, firstColumn) = (window.rowStart, window.columnStart)
            return terrain(measure) { row, column, eastDifference, southDifference in
                // Each difference is the gradient times a step: of the two equations by Cramer's rule.
                let step = nodes.steps(row: firstRow + row, column: firstColumn + column)
                let determinant = 8 * (step[0] * step[3] - step[1] * step[2])
                return (
                    (eastDifference * step[3] - southDifference * step[1]) / determinant,
                    (southDifference * step[0] - eastDifference * step[2]) / determinant
                )
            }
        }
    }

    /// The same, with what makes a gradient, eastward and northward, of a place in the block and of eight
    /// times the differences of the height from column to column and from row to row.
    @inline(__always)
    private func terrain(
        _ measure: TerrainMeasure,
        gradient: (_ row: Int, _ column: Int, _ east: Double, _ south: Double) -> (Double, Double)
    ) -> DecodedSource {
        let width = window.columnCount
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
                let (eastward, northward) = gradient(row, column, east - west, below - above)
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
