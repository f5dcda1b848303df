import CarbonBalance

/// Reads how deficits are formed.
struct DeficitReading {
    let reader: SettingsReader
    let catalogue: LayerCatalogue

    func deficit(_ cursor: MappingCursor) -> DeficitSettings? {
        let floor = cursor.number("emissionFloor")
        let water = cursor.choice("water", as: WaterPolicy.self)
        let waterLayer = waterLayer(cursor)
        let variantCursors = cursor.list("variants")
        let variants = variantCursors?.compactMap { $0.choice(as: DeficitVariant.self) }
        let zoneVariants = cursor.list("zoneVariants")?.map { $0.choice(as: ZoneVariant.self) }
        let pairs = pairs(cursor)
        let fraction = cursor.number("minimumValidFraction")
        let share = cursor.number("minimumValidShare")
        let population = denominator(cursor, "population")
        let gdp = denominator(cursor, "gdp")
        if let variants {
            checkVariants(variants, cursor, population: population, gdp: gdp)
        }
        if zoneVariants?.contains(.economicContribution) == true, gdp == nil,
            !reader.isGiven("deficit.gdp")
        {
            reader.report(
                cursor.child("zoneVariants"),
                "ecc needs deficit.gdp, the name of a covariate layer",
                found: "ecc"
            )
        }
        guard let floor, let water, let variants, let pairs, let fraction, let share,
            variants.count == variantCursors?.count, zoneVariants?.contains(nil) != true
        else { return nil }
        var deficit = DeficitSettings(pairs: pairs)
        deficit.emissionFloor = floor
        deficit.water = water
        deficit.waterLayer = waterLayer
        deficit.variants = variants
        deficit.zoneVariants = zoneVariants?.compactMap(\.self) ?? []
        deficit.minimumValidFraction = fraction
        deficit.minimumValidShare = share
        deficit.population = population
        deficit.gdp = gdp
        return deficit
    }

    private func waterLayer(_ cursor: MappingCursor) -> String? {
        guard let name = cursor.text("waterLayer") else { return nil }
        let path = cursor.child("waterLayer")
        guard catalogue.checkReference(name, at: path, roles: [.covariate, .mask], reader) else {
            return nil
        }
        catalogue.checkFraction(name, at: path, reader)
        return name
    }

    private func checkVariants(
        _ variants: [DeficitVariant],
        _ cursor: MappingCursor,
        population: String?,
        gdp: String?
    ) {
        if Set(variants).count < variants.count {
            reader.report(cursor.child("variants"), "names a variant twice")
        }
        for variant in variants {
            Self.checkDenominator(
                of: variant,
                at: cursor.child("variants"),
                population: population,
                gdp: gdp,
                reader
            )
        }
    }

    /// Reports a variant whose denominator is not declared.
    static func checkDenominator(
        of variant: DeficitVariant,
        at path: String,
        population: String?,
        gdp: String?,
        _ reader: SettingsReader
    ) {
        let key: String
        switch variant.denominator {
        case nil: return
        case .population:
            guard population == nil else { return }
            key = "population"
        case .grossDomesticProduct:
            guard gdp == nil else { return }
            key = "gdp"
        }
        guard !reader.isGiven("deficit.\(key)") else { return }
        reader.report(
            path,
            "\(variant.rawValue) needs deficit.\(key), the name of a covariate layer",
            found: variant.rawValue
        )
    }

    private func denominator(_ cursor: MappingCursor, _ key: String) -> String? {
        guard let name = cursor.text(key) else { return nil }
        let path = cursor.child(key)
        guard catalogue.checkReference(name, at: path, roles: [.covariate], reader) else {
            return nil
        }
        if let quantity = catalogue[name]?.quantity, !quantity.isAmount {
            reader.report(
                path,
                "\"\(name)\" has quantity \(quantity.rawValue), but a denominator is an amount",
                found: name,
                legal: ["a layer of quantity total or density"]
            )
        }
        return name
    }

    private func pairs(_ cursor: MappingCursor) -> [DeficitPair]? {
        let path = cursor.child("pairs")
        guard let value = cursor.value("pairs") else { return onlyPair(path) }
        guard let elements = value.list() else { return nil }
        var pairs: [DeficitPair] = []
        for element in elements {
            guard let names = element.list()?.map({ $0.text() }), names.count == 2,
                let emission = names[0], let sink = names[1]
            else { continue }
            _ = catalogue.checkReference(
                emission,
                at: "\(element.path)[0]",
                roles: [.emission],
                reader
            )
            _ = catalogue.checkReference(sink, at: "\(element.path)[1]", roles: [.sink], reader)
            let pair = DeficitPair(emission: emission, sink: sink)
            if pairs.contains(pair) {
                reader.report(element.path, "names the pair [\(emission), \(sink)] twice")
            }
            pairs.append(pair)
        }
        return pairs.count == elements.count ? pairs : nil
    }

    /// The pair where there is one emission and one sink layer: no guess is made among several.
    private func onlyPair(_ path: String) -> [DeficitPair]? {
        let emissions = catalogue.names(of: .emission)
        let sinks = catalogue.names(of: .sink)
        if let emission = emissions.first, let sink = sinks.first, emissions.count == 1,
            sinks.count == 1
        {
            return [DeficitPair(emission: emission, sink: sink)]
        }
        if !emissions.isEmpty, !sinks.isEmpty {
            reader.report(
                path,
                "is missing: there are \(emissions.count) emission and \(sinks.count) sink layers",
                legal: ["a list such as [[\(emissions[0]), \(sinks[0])]]"]
            )
        }
        return nil
    }
}
