import Analysis
import CarbonBalance
import Settings

extension PlanWarnings {
    /// National totals that no inventory comes near, with the slip that would explain them.
    var plausibility: [String] {
        // The bounds are China's: they say nothing of another grid.
        guard area.isChina else { return [] }
        return layers.compactMap { layer in
            guard let total = layer.survey?.integral ?? layer.attributeTotal,
                let subject = model.plausibleSubject(of: layer.model)
            else { return nil }
            return Plausibility.check(subject, nationalTotal: total).map {
                "\(layer.model.name): \($0)"
            }
        }
    }

    /// Rates per month, day or hour that are added up: each is brought to a year before.
    var rates: [String] {
        settings.layers.compactMap { layer in
            let count = model.layerIndex(named: layer.name).map { index in
                model.layers[index].paths.count * model.layers[index].bands.count
            }
            guard layer.combine == .sum, let count, count > 1,
                let unit = try? layer.fluxUnit(), unit.time != .year
            else { return nil }
            return "\(layer.name): each of its \(count) files or bands is a rate in "
                + "'\(unit.text)' and is brought to a year before they are added: months or days of "
                + "one year then count \(count) times; write 'combine: mean', or a unit per year "
                + "where each holds the amount of its own months"
        }
    }

    /// Samples that look like special codes of a product, unless the configuration says that none are.
    var codes: [String] {
        layers.compactMap { layer in
            guard let count = layer.survey?.suspiciousCodes, count > 0,
                settings.layer(named: layer.model.name)?.codes?.isEmpty != true
            else { return nil }
            return
                "\(layer.model.name): \(count) samples lie within 32761…32767, which MODIS products "
                + "use for classes (32762 is urban land, not a measurement); name them in 'codes', or "
                + "write 'codes: {}' if these are measurements"
        }
    }
}

extension RunModel {
    /// What a layer's national total is held against; nil when nothing is known of it.
    func plausibleSubject(of layer: LayerModel) -> Plausibility.Subject? {
        switch layer.facts.role {
        case LayerRole.emission.rawValue: return .emission
        case LayerRole.sink.rawValue: return Plausibility.subject(of: layer.sink ?? .custom)
        default:
            guard layer.isAmount, let index = layerIndex(named: layer.name) else { return nil }
            let isOfPeople = ["person", "people", "inhabitant", "capita"].contains {
                layer.internalUnit.lowercased().hasPrefix($0)
            }
            if index == deficit.populationLayer || isOfPeople { return .population }
            return index == deficit.gdpLayer ? .grossDomesticProduct : nil
        }
    }
}
