package import CarbonBalance

extension RegressionModel {
    /// The variant that is the response; nil for a layer.
    ///
    /// The log ratio is not defined for a negative sink: where one occurs, asinh takes its place.
    package func effectiveVariant(_ prepare: PrepareConstants, pair: DeficitModel.Pair)
        -> DeficitVariant?
    {
        guard case .variant(let variant) = response else { return nil }
        let minimum = prepare.layers[pair.sinkLayer].minimum ?? 0
        return variant == .logRatio && minimum < 0 ? .asinh : variant
    }

    /// The response's name: that of the variant in use, or the layer's.
    ///
    /// - Parameters:
    ///   - model: the run's model.
    ///   - prepare: what its first stage found; nil: not known, the variant that was asked for counts.
    /// - Returns: a name as the configuration has it.
    package func responseName(in model: RunModel, _ prepare: PrepareConstants?) -> String {
        switch response {
        case .layer(let index): model.layers[index].name
        case .variant(let asked): (variant(in: model, prepare) ?? asked).id
        }
    }

    /// The formula of the variant in use, or what the layer is.
    ///
    /// - Parameters:
    ///   - model: the run's model.
    ///   - prepare: what its first stage found; nil: not known, the variant that was asked for counts.
    /// - Returns: text for people.
    package func responseFormula(in model: RunModel, _ prepare: PrepareConstants?) -> String {
        switch response {
        case .layer(let index):
            "layer '\(model.layers[index].name)', \(model.layers[index].internalUnit)"
        case .variant(let asked): (variant(in: model, prepare) ?? asked).formula
        }
    }

    /// The variant in use where that is known.
    private func variant(in model: RunModel, _ prepare: PrepareConstants?) -> DeficitVariant? {
        guard let prepare, prepare.layers.count == model.layers.count else { return nil }
        return effectiveVariant(prepare, pair: model.deficit.pairs[0])
    }
}
