import Lattice

/// How several files of one layer become one.
package enum LayerCombination: String, Hashable, Sendable, Codable, CaseIterable {
    /// Months or sectors that add up; missing in one is missing in the sum.
    case sum
    /// Repeated measurements; missing in one is missing in the mean.
    case mean
    /// Sheets of one map, weighted by how much of the cell each covers.
    case mosaic
}

/// Combines the regridded files of a layer, cell by cell.
package enum LayerCombiner {
    /// The combination of layers over one window.
    ///
    /// `sum` and `mean`: a cell has a value where every file has one; its valid fraction is the
    /// smallest. `mosaic`: the mean of the files' values weighted by their valid fractions, which add
    /// up (to 1 at most). Computed in double in the order of the files, rounded once; NaN where there
    /// is no value.
    ///
    /// - Parameters:
    ///   - parts: at least one, all over the same window.
    ///   - rule: how they are combined.
    /// - Returns: the layer; NaN and 0 where no rule gives a value.
    package static func combine(
        _ parts: [RegriddedLayer],
        rule: LayerCombination
    ) -> RegriddedLayer {
        guard let first = parts.first else { preconditionFailure("a layer has at least one file") }
        let window = first.value.window
        precondition(parts.allSatisfy { $0.value.window == window }, "the files cover one window")
        var result = RegriddedLayer(
            emptyOver: window,
            hasWater: first.waterFraction != nil
        )
        for cell in 0..<window.cellCount {
            var weighted = 0.0
            var sum = 0.0
            var fractions = 0.0
            var smallest = Float(1)
            for part in parts {
                let fraction = part.validFraction.samples[cell]
                smallest = min(smallest, fraction)
                guard fraction > 0 else { continue }
                let value = Double(part.value.samples[cell])
                sum += value
                weighted += value * Double(fraction)
                fractions += Double(fraction)
            }
            switch rule {
            case .sum, .mean:
                guard smallest > 0 else { break }
                result.value.samples[cell] =
                    Float(rule == .sum ? sum : sum / Double(parts.count))
                result.validFraction.samples[cell] = smallest
            case .mosaic:
                guard fractions > 0 else { break }
                result.value.samples[cell] = Float(weighted / fractions)
                result.validFraction.samples[cell] = Float(min(1, fractions))
            }
            let wet = parts.compactMap { $0.waterFraction?.samples[cell] }.filter { !$0.isNaN }
            if let wettest = wet.max() { result.waterFraction?.samples[cell] = wettest }
        }
        return result
    }
}
