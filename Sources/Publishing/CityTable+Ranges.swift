import Analysis
import CarbonBalance
import RasterIO

extension CityTable {
    /// Adds, where a run has several pairs, how far a zone's answer depends on the choice of products:
    /// the range of D, RD and their ranks over the pairs, and whether the sign of D agrees.
    ///
    /// Pairs whose valid share of the zone is below the minimum have no part in it.
    mutating func addRanges(balance: BalanceConstants) {
        let model = input.model
        let pairs = zip(model.deficit.pairs, balance.pairs)
        guard model.deficit.pairs.count > 1 else { return }
        let note = "over \(model.deficit.pairs.count) pairs of emission and sink"
        for variant in [DeficitVariant.absolute, .relative] {
            let name = Self.columnName(of: variant)
            let values = pairs.map { pair, figures in
                numbers(name + pair.suffix, where: figures.zones, model.deficit)
            }
            addExtremes(
                of: values,
                name: name,
                unit: variant == .absolute ? "tCO2 yr-1" : "1",
                note
            )
            let rank = "rank_\(Self.symbol(of: variant))"
            let ranks = pairs.map { pair, figures in
                numbers(rank + pair.suffix, where: figures.zones, model.deficit)
            }
            addExtremes(of: ranks, name: rank, unit: "", note)
            guard variant == .absolute else { continue }
            addTexts(
                "sign_agrees",
                "Whether D has the same sign \(note); empty with fewer than two values",
                (0..<rowCount).map { row in
                    let signs = values.compactMap { $0[row] }.map { $0 > 0 }
                    guard signs.count > 1 else { return "" }
                    return Set(signs).count == 1 ? "yes" : "no"
                }
            )
        }
    }

    /// Adds the coefficients that compare a zone's shares of national sums.
    mutating func addCoefficients(balance: BalanceConstants) {
        let deficit = input.model.deficit
        for (pair, figures) in zip(deficit.pairs, balance.pairs) {
            let emissions = figures.zones.map { $0.emissionAreaKm2 > 0 ? $0.emission : nil }
            for variant in deficit.zoneVariants {
                let parts = figures.zones.map { zone -> Double? in
                    switch variant {
                    case .economicContribution: zone.gdp
                    case .ecologicalSupport: zone.sinkAreaKm2 > 0 ? zone.sink : nil
                    }
                }
                addNumbers(
                    variant.id + pair.suffix,
                    "\(variant.title): \(variant.formula), over the zones of this table",
                    "1",
                    ZoneVariant.coefficients(of: parts, emissions: emissions)
                )
            }
        }
    }

    private mutating func addExtremes(
        of values: [[Double?]],
        name: String,
        unit: String,
        _ note: String
    ) {
        for (suffix, word) in [("min", "Smallest"), ("max", "Largest")] {
            let extremes = (0..<rowCount).map { row -> Double? in
                let known = values.compactMap { $0[row] }
                return suffix == "min" ? known.min() : known.max()
            }
            addNumbers("\(name)_\(suffix)", "\(word) \(name) \(note)", unit, extremes)
        }
    }

    /// The numbers of a column where a zone is observed well enough.
    private func numbers(
        _ name: String,
        where figures: [BalanceFigures],
        _ model: DeficitModel
    ) -> [Double?] {
        guard let column = column(name) else { return [Double?](repeating: nil, count: rowCount) }
        return column.values.indices.map { row in
            guard figures[row].validShare >= model.minimumValidShare else { return nil }
            switch column.values[row] {
            case .real(let number): return number
            case .integer(let number): return Double(number)
            case .text, .null: return nil
            }
        }
    }
}
