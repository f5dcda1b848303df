package import Lattice

/// How several files of one layer become one.
package enum LayerCombination: String, Hashable, Sendable, Codable, CaseIterable {
    /// Months or sectors that add up; missing in one is missing in the sum.
    case sum
    /// Repeated measurements; missing in one is missing in the mean.
    case mean
    /// Sheets of one map; of sheets that overlap the later one counts.
    case mosaic
}

/// Combines the regridded files of a layer, cell by cell, one file at a time: a year of days takes no
/// more memory than two of them.
///
/// `sum` and `mean`: a cell has a value where every file has one; its valid fraction is the smallest, its
/// water fraction the largest.
///
/// `mosaic`: sheets share a cell. Each takes of it what it knows (valid or water), but no more than those
/// added before it left; so the later sheets of a list, which count, are added first. Value and water are
/// the means over what the sheets took, the valid fraction is the sum. Of sheets that do not overlap that is
/// everything; where two overlap within a cell, the later one's pixels are taken to hide as much of the other
/// as lies over the whole cell. Sheets that can be one raster are, and do not come here.
///
/// Computed in double in the order of adding, rounded once; NaN where there is no value.
package struct LayerCombiner: Sendable {
    private let rule: LayerCombination
    private let window: CellWindow
    private var count = 0
    private var sums: [Double]
    /// Of sheets: Σ of the valid and of the known share that they took.
    private var fractions: [Double]
    private var known: [Double]
    private var smallest: [Float]
    /// The largest water fraction, or of sheets Σ of the wet share that they took; NaN where nothing is known.
    private var wet: [Double]?

    /// A combination of no files yet.
    package init(over window: CellWindow, rule: LayerCombination, hasWater: Bool) {
        self.rule = rule
        self.window = window
        sums = [Double](repeating: 0, count: window.cellCount)
        fractions = rule == .mosaic ? sums : []
        known = fractions
        smallest = [Float](repeating: 1, count: window.cellCount)
        wet = hasWater ? [Double](repeating: .nan, count: window.cellCount) : nil
    }

    /// Adds the next file, over the same window; of a mosaic the last first.
    package mutating func add(_ part: RegriddedLayer) {
        precondition(part.value.window == window, "the files cover one window")
        count += 1
        if rule == .mosaic { addSheet(part) } else { addWhole(part) }
    }

    private mutating func addWhole(_ part: RegriddedLayer) {
        for cell in sums.indices {
            let fraction = part.validFraction.samples[cell]
            smallest[cell] = min(smallest[cell], fraction)
            if fraction > 0 { sums[cell] += Double(part.value.samples[cell]) }
            if let water = part.waterFraction?.samples[cell], !water.isNaN,
                let old = wet?[cell]
            {
                wet?[cell] = old.isNaN ? Double(water) : max(old, Double(water))
            }
        }
    }

    private mutating func addSheet(_ part: RegriddedLayer) {
        for cell in sums.indices {
            let valid = Double(part.validFraction.samples[cell])
            let own = Double((part.knownFraction ?? part.validFraction).samples[cell])
            let room = 1 - known[cell]
            guard own > 0, room > 0 else { continue }
            let share = own <= room ? 1 : room / own
            known[cell] += own * share
            if valid > 0 {
                sums[cell] += Double(part.value.samples[cell]) * valid * share
                fractions[cell] += valid * share
            }
            if let water = part.waterFraction?.samples[cell], !water.isNaN,
                let old = wet?[cell]
            {
                wet?[cell] = (old.isNaN ? 0 : old) + Double(water) * own * share
            }
        }
    }

    /// The combination of what was added; NaN and 0 where no rule gives a value.
    package var layer: RegriddedLayer {
        precondition(count > 0, "a layer has at least one file")
        var result = RegriddedLayer(emptyOver: window, hasWater: wet != nil)
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
        if let wet {
            result.waterFraction?.samples = wet.indices.map { cell in
                let share = rule == .mosaic ? wet[cell] / known[cell] : wet[cell]
                return Float(share > 1 ? 1 : share)
            }
        }
        result.knownFraction = nil
        return result
    }

    /// The combination of layers over one window, at least one, in the order of the configuration.
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
        for part in rule == .mosaic ? parts.reversed() : parts { combiner.add(part) }
        return combiner.layer
    }
}
