import CarbonBalance

/// Something that is legal but that a reader of the results should know.
package struct SettingsAdvisory: Sendable, Hashable, Codable {
    /// The key it is about.
    package let keyPath: String
    /// One sentence.
    package let message: String

    /// An advisory on a key.
    package init(keyPath: String, message: String) {
        self.keyPath = keyPath
        self.message = message
    }
}

/// A covariate that shares ancestors with the response: a regression on it may return its own recipe.
package struct Circularity: Sendable, Hashable, Codable {
    /// Name of the covariate layer.
    package let covariate: String
    /// The shared ancestors in alphabetical order; never empty.
    package let ancestors: [String]

    /// A covariate with the ancestors it shares with the response.
    package init(covariate: String, ancestors: [String]) {
        self.covariate = covariate
        self.ancestors = ancestors
    }
}

extension RunSettings {
    /// The most years between two layers that pass without a word.
    package static let maximumYearSpan = 5

    /// The layers that the response of the regression is made of; empty without a regression.
    package var responseLayers: [LayerSettings] {
        guard let regression else { return [] }
        if let layer = layer(named: regression.response) { return [layer] }
        guard let variant = DeficitVariant(rawValue: regression.response),
            let pair = deficit.pairs.first
        else { return [] }
        let denominator: String? =
            switch variant.denominator {
            case .population: deficit.population
            case .grossDomesticProduct: deficit.gdp
            case nil: nil
            }
        return [pair.emission, pair.sink, denominator].compactMap { $0 }
            .compactMap { layer(named: $0) }
    }

    /// The covariates of the regression that share an ancestor with the response, in their order.
    ///
    /// The ancestors of a layer are its own name, what it is derived from or computed of, and the ancestors of
    /// those that are layers themselves.
    package var circularities: [Circularity] {
        guard let regression else { return [] }
        let roots = responseLayers.reduce(into: Set<String>()) { set, layer in
            set.formUnion(ancestors(of: layer.name))
        }
        return regression.covariates.compactMap { name in
            let shared = ancestors(of: name).intersection(roots)
            return shared.isEmpty ? nil : Circularity(covariate: name, ancestors: shared.sorted())
        }
    }

    private func ancestors(of name: String) -> Set<String> {
        var found: Set<String> = []
        var open = [name]
        while let next = open.popLast() {
            guard found.insert(next).inserted, let layer = layer(named: next) else { continue }
            open += layer.derivedFrom + layer.operands
        }
        return found
    }

    /// What the configuration alone gives reason to warn about.
    package var advisories: [SettingsAdvisory] {
        var advisories: [SettingsAdvisory] = []
        let dated = layers.enumerated().compactMap { index, layer in
            layer.year.map { (index: index, name: layer.name, year: $0) }
        }
        if let oldest = dated.min(by: { $0.year < $1.year }),
            let newest = dated.max(by: { $0.year < $1.year }),
            newest.year - oldest.year > Self.maximumYearSpan
        {
            advisories.append(
                SettingsAdvisory(
                    keyPath: "layers[\(oldest.index)].year",
                    message:
                        "\(oldest.name) (\(oldest.year)) and \(newest.name) (\(newest.year)) are "
                        + "\(newest.year - oldest.year) years apart"
                )
            )
        }
        for (index, layer) in layers.enumerated() where layer.year == nil {
            guard layer.role == .emission || layer.role == .sink, let unit = try? layer.fluxUnit(),
                case .seconds(_) = unit.time
            else { continue }
            advisories.append(
                SettingsAdvisory(
                    keyPath: "layers[\(index)].year",
                    message: "\(layer.name): '\(unit.text)' needs 'year'; 365 days are assumed"
                )
            )
        }
        for circularity in circularities {
            advisories.append(
                SettingsAdvisory(
                    keyPath: "regression.covariates",
                    message:
                        "\(circularity.covariate) shares \(circularity.ancestors.joined(separator: ", ")) "
                        + "with the response: the regression may return the recipe of the data"
                )
            )
        }
        if regression?.response == DeficitVariant.normalised.rawValue {
            advisories.append(
                SettingsAdvisory(
                    keyPath: "regression.response",
                    message:
                        "norm saturates at -1 and 1: it is for maps; a regression wants logratio "
                        + "or asinh"
                )
            )
        }
        return advisories
    }
}
