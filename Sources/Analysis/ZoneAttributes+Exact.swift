import CarbonBalance

extension BalanceFigures {
    /// The figures of a zone with its own population and product where those are attributes of zones.
    ///
    /// Cells on a border hold the mean of their zones: sums over cells would lend a city some of its
    /// neighbour's product, and give some to a city of which none is known.
    ///
    /// - Parameters:
    ///   - zone: position of the zone.
    ///   - model: what is computed.
    /// - Returns: the same figures but for population and gdp.
    func withAttributes(ofZone zone: Int, model: RunModel) -> BalanceFigures {
        func amount(_ layer: Int?, _ summed: Double?) -> Double? {
            guard let layer, case .zones(let values) = model.layers[layer].reading.derivation,
                values.indices.contains(zone)
            else { return summed }
            return values[zone].map { $0 * areaKm2 }
        }
        var figures = self
        figures.population = amount(model.deficit.populationLayer, population)
        figures.gdp = amount(model.deficit.gdpLayer, gdp)
        return figures
    }
}

extension ZoneLayerFigures {
    /// The figures of a zone for a layer that is an attribute of zones: its own value, not the mean of
    /// cells that it shares with others.
    func withAttribute(_ value: Double?, coveredAreaKm2: Double) -> ZoneLayerFigures {
        guard let value else { return ZoneLayerFigures() }
        var figures = self
        figures.mean = value
        figures.populationMean = populationMean == nil ? nil : value
        figures.variance = 0
        figures.minimum = value
        figures.maximum = value
        figures.sum = value * coverageCells
        figures.integral = value * coveredAreaKm2
        return figures
    }
}
