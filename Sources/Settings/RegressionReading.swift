import CarbonBalance

/// Reads the regression.
struct RegressionReading {
    let reader: SettingsReader
    let catalogue: LayerCatalogue
    let hasZones: Bool
    /// The deficit, nil when it is faulty.
    let deficit: DeficitSettings?

    func regression(_ cursor: MappingCursor) -> RegressionSettings? {
        let units = units(cursor)
        let response = response(cursor)
        let covariates = covariates(cursor, response: response)
        let kernel = cursor.choice("kernel", as: KernelChoice.self)
        let minimumEmission = cursor.number("minimumEmission")
        let observations = cursor.mappingOrDefaults("observations").flatMap {
            self.observations($0)
        }
        let bandwidth = cursor.mappingOrDefaults("bandwidth").flatMap { bandwidth in
            self.bandwidth(bandwidth, termCount: (covariates?.count ?? 0) + 1)
        }
        let neighbourhood = cursor.mappingOrDefaults("neighbourhood").flatMap {
            self.neighbourhood($0)
        }
        guard let units, let response, let covariates, let kernel, let observations, let bandwidth,
            let neighbourhood, let nullCovariates = cursor.integer("nullCovariates")
        else { return nil }
        return RegressionSettings(
            units: units,
            response: response,
            covariates: covariates,
            kernel: kernel,
            minimumEmission: minimumEmission,
            observations: observations,
            bandwidth: bandwidth,
            neighbourhood: neighbourhood,
            nullCovariates: nullCovariates
        )
    }

    private func neighbourhood(_ cursor: MappingCursor) -> NeighbourhoodSettings? {
        guard let policy = cursor.choice("policy", as: SparsePolicy.self) else { return nil }
        let cap = cursor.number("capMetres")
        if policy == .grow, cursor.isGiven("capMetres") {
            reader.report(
                at: cursor.keyLocation("capMetres"),
                cursor.child("capMetres"),
                "contradicts policy grow: only neighbourhoods of policy cap end at a distance",
                legal: ["policy: cap together with capMetres"]
            )
        }
        if policy == .cap, !cursor.isGiven("capMetres") {
            reader.report(
                cursor.child("policy"),
                "policy cap needs the distance capMetres",
                found: "cap",
                legal: ["policy: cap together with capMetres"]
            )
            return nil
        }
        return NeighbourhoodSettings(policy: policy, capMetres: policy == .cap ? cap : nil)
    }

    private func units(_ cursor: MappingCursor) -> [RegressionUnit]? {
        guard let value = cursor.value("units") else { return hasZones ? [.cell, .zone] : [.cell] }
        guard let elements = value.list() else { return nil }
        let units = elements.compactMap { $0.choice(as: RegressionUnit.self) }
        if Set(units).count < units.count {
            reader.report(cursor.child("units"), "names a unit twice")
        }
        if units.contains(.zone), !hasZones {
            reader.report(
                cursor.child("units"),
                "zone needs zones, which are not configured",
                found: "zone",
                legal: ["cell", "zone together with the key zones"]
            )
        }
        return units.count == elements.count ? units : nil
    }

    private func response(_ cursor: MappingCursor) -> String? {
        guard let response = cursor.text("response") else { return nil }
        let path = cursor.child("response")
        guard let variant = DeficitVariant(rawValue: response) else {
            _ = catalogue.checkReference(
                response,
                at: path,
                roles: [.emission, .sink, .covariate],
                reader,
                also: DeficitVariant.allCases.map(\.rawValue)
            )
            checkIsNumber(response, at: path)
            return response
        }
        if let deficit {
            DeficitReading.checkDenominator(
                of: variant,
                at: path,
                population: deficit.population,
                gdp: deficit.gdp,
                reader
            )
        }
        return response
    }

    private func covariates(_ cursor: MappingCursor, response: String?) -> [String]? {
        guard let elements = cursor.list("covariates") else { return nil }
        var names: [String] = []
        for element in elements {
            guard let name = element.text() else { continue }
            _ = catalogue.checkReference(name, at: element.path, roles: [.covariate], reader)
            checkIsNumber(name, at: element.path)
            if name == response {
                reader.report(element.path, "\"\(name)\" is the response", found: name)
            }
            if names.contains(name) {
                reader.report(element.path, "\"\(name)\" is named twice", found: name)
            }
            names.append(name)
        }
        return names.count == elements.count ? names : nil
    }

    /// Reports a layer of most frequent classes: its codes are names, and no regression can count with them.
    private func checkIsNumber(_ name: String, at path: String) {
        guard catalogue[name]?.layer?.statistic == .mode else { return }
        reader.report(
            path,
            "\"\(name)\" has statistic mode, whose class codes are no numbers; take fractions of "
                + "classes instead: a layer with 'classes: [...]' for each class that matters",
            found: name
        )
    }

    private func observations(_ cursor: MappingCursor) -> ObservationSettings? {
        guard let value = cursor.value("spacingMetres") else { return nil }
        let (word, other) = value.wordOr()
        switch word {
        case "auto": return ObservationSettings(spacing: .automatic)
        case .some: return ObservationSettings(spacing: .everyCell)
        case nil: return other.number().map { ObservationSettings(spacing: .metres($0)) }
        }
    }

    private func bandwidth(_ cursor: MappingCursor, termCount: Int) -> BandwidthSettings? {
        guard let type = cursor.choice("type", as: BandwidthType.self) else { return nil }
        refuseKeys(of: type, cursor)
        let given: BandwidthSettings?
        let givenKey: String
        switch type {
        case .adaptive:
            givenKey = "neighbours"
            given = cursor.integer(givenKey).map { .neighbours($0) }
            if case .neighbours(let count)? = given {
                checkCount(count, at: cursor.child(givenKey), termCount: termCount)
            }
        case .fixed:
            givenKey = "metres"
            given = cursor.number(givenKey).map { .metres($0) }
        }
        guard reader.isGiven(cursor.child(givenKey)) else {
            return search(cursor, type: type, termCount: termCount)
        }
        for key in [
            "criterion", "minimum", "maximum", "minimumMetres", "maximumMetres", "bufferMetres",
        ]
        where cursor.isGiven(key) && !Self.foreignKeys(of: type).contains(key) {
            reader.report(
                at: cursor.keyLocation(key),
                cursor.child(key),
                "contradicts \(givenKey): a given bandwidth is not searched"
            )
        }
        return given
    }

    private static func foreignKeys(of type: BandwidthType) -> [String] {
        switch type {
        case .adaptive: ["metres", "minimumMetres", "maximumMetres"]
        case .fixed: ["neighbours", "minimum", "maximum"]
        }
    }

    private func refuseKeys(of type: BandwidthType, _ cursor: MappingCursor) {
        for key in Self.foreignKeys(of: type) where cursor.isGiven(key) {
            reader.report(
                at: cursor.keyLocation(key),
                cursor.child(key),
                "has no meaning for type \(type.rawValue)",
                legal: type == .adaptive
                    ? ["neighbours", "minimum", "maximum"]
                    : ["metres", "minimumMetres", "maximumMetres"]
            )
        }
    }

    private func checkCount(_ count: Int, at path: String, termCount: Int) {
        guard count < termCount + 1 else { return }
        reader.report(
            path,
            "\(count) neighbours cannot carry \(termCount) terms",
            found: "\(count)",
            legal: ["at least \(termCount + 1)"]
        )
    }

    private func search(
        _ cursor: MappingCursor,
        type: BandwidthType,
        termCount: Int
    ) -> BandwidthSettings? {
        let criterion =
            cursor.isGiven("criterion")
            ? cursor.choice("criterion", as: CriterionChoice.self) : .bcv
        let buffer = bound(cursor, "bufferMetres") { $0.number() }
        let range: BandwidthRange?
        switch type {
        case .adaptive:
            let minimum = bound(cursor, "minimum") { $0.integer() }
            let maximum = bound(cursor, "maximum") { $0.integer() }
            if let count = minimum?.given {
                checkCount(count, at: cursor.child("minimum"), termCount: termCount)
            }
            checkOrder(minimum?.given.map(Double.init), maximum?.given.map(Double.init), cursor, "")
            range = minimum.flatMap { low in
                maximum.map { .adaptive(minimum: low, maximum: $0) }
            }
        case .fixed:
            let minimum = bound(cursor, "minimumMetres") { $0.number() }
            let maximum = bound(cursor, "maximumMetres") { $0.number() }
            checkOrder(minimum?.given, maximum?.given, cursor, "Metres")
            range = minimum.flatMap { low in
                maximum.map { .fixed(minimumMetres: low, maximumMetres: $0) }
            }
        }
        guard let criterion, let buffer, let range else { return nil }
        return .search(BandwidthSearch(range: range, criterion: criterion, bufferMetres: buffer))
    }

    /// The bound of a search; automatic when it is absent, nil when it is faulty.
    private func bound<Value>(
        _ cursor: MappingCursor,
        _ key: String,
        _ read: (ValueCursor) -> Value?
    ) -> Automatic<Value>? {
        guard let value = cursor.value(key) else { return cursor.isGiven(key) ? nil : .automatic }
        return value.automatic(read)
    }

    private func checkOrder(
        _ minimum: Double?,
        _ maximum: Double?,
        _ cursor: MappingCursor,
        _ unit: String
    ) {
        guard let minimum, let maximum, minimum >= maximum else { return }
        reader.report(
            cursor.child("maximum\(unit)"),
            "\(KeyType.text(of: maximum)) is not above the minimum, \(KeyType.text(of: minimum))",
            found: KeyType.text(of: maximum)
        )
    }
}
