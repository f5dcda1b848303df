package import Lattice

/// How several files of one layer become one.
package enum LayerCombination: String, Hashable, Sendable, Codable, CaseIterable {
    /// Months or sectors that add up; missing in one is missing in the sum.
    case sum
    /// Repeated measurements; missing in one is missing in the mean.
    case mean
    /// Sheets of one map, weighted by how much of the cell each covers.
    case mosaic
}

/// Combines the regridded files of a layer, cell by cell, one file at a time: a year of days takes no
/// more memory than two of them.
///
/// `sum` and `mean`: a cell has a value where every file has one; its valid fraction is the smallest.
/// `mosaic`: the mean of the files' values weighted by their valid fractions, which add up (to 1 at
/// most). Computed in double in the order of the files, rounded once; NaN where there is no value.
package struct LayerCombiner: Sendable {
    private let rule: LayerCombination
    private let window: CellWindow
    private var count = 0
    private var sums: [Double]
    private var fractions: [Double]
    private var smallest: [Float]
    private var wettest: [Float]?

    /// A combination of no files yet.
    package init(over window: CellWindow, rule: LayerCombination, hasWater: Bool) {
        self.rule = rule
        self.window = window
        sums = [Double](repeating: 0, count: window.cellCount)
        fractions = rule == .mosaic ? sums : []
        smallest = [Float](repeating: 1, count: window.cellCount)
        wettest = hasWater ? [Float](repeating: .nan, count: window.cellCount) : nil
    }

    /// Adds the next file, over the same window.
    package mutating func add(_ part: RegriddedLayer) {
        precondition(part.value.window == window, "the files cover one window")
        count += 1
        for cell in sums.indices {
            let fraction = part.validFraction.samples[cell]
            smallest[cell] = min(smallest[cell], fraction)
            if fraction > 0 {
                let value = Double(part.value.samples[cell])
                if rule == .mosaic {
                    sums[cell] += value * Double(fraction)
                    fractions[cell] += Double(fraction)
                } else {
                    sums[cell] += value
                }
            }
            if let water = part.waterFraction?.samples[cell], !water.isNaN,
                let wet = wettest?[cell]
            {
                wettest?[cell] = wet.isNaN ? water : max(wet, water)
            }
        }
    }

    /// The combination of what was added; NaN and 0 where no rule gives a value.
    package var layer: RegriddedLayer {
        precondition(count > 0, "a layer has at least one file")
        var result = RegriddedLayer(emptyOver: window, hasWater: wettest != nil)
        for cell in sums.indices {
            switch rule {
            case .sum, .mean:
                guard smallest[cell] > 0 else { break }
                result.value.samples[cell] =
                    Float(rule == .sum ? sums[cell] : sums[cell] / Double(count))
                result.validFraction.samples[cell] = smallest[cell]
            case .mosaic:
                guard fractions[cell] > 0 else { break }
                result.value.samples[cell] = Float(sums[cell] / fractions[cell])
                result.validFraction.samples[cell] = Float(min(1, fractions[cell]))
            }
        }
        if let wettest {
            result.waterFraction = CellBlock(window: window, samples: wettest)
        }
        return result
    }

    /// The combination of layers over one window, at least one.
    package static func combine(
        _ parts: [RegriddedLayer],
        rule: LayerCombination
    ) -> RegriddedLayer {
        guard let first = parts.first else { preconditionFailure("a layer has at least one file") }
        var combiner = LayerCombiner(
            over: first.value.window,
            rule: rule,
            hasWater: first.waterFraction != nil
        )
        for part in parts { combiner.add(part) }
        return combiner.layer
    }
}
