import CarbonBalance

extension RunSettingsReading {
    /// What is said of the source of zones; the places of the others are filled in by the caller.
    func zoneSources(_ cursor: MappingCursor) -> ZonesSettings? {
        var zones = ZonesSettings(path: SourcePath(""), idField: "")
        zones.encoding = cursor.text("encoding")
        zones.crs = cursor.text("crs")
        zones.within = cursor.text("within")
        let datum = cursor.choice("datum", as: VectorDatum.self)
        let aggregate = cursor.choice("aggregate", as: ZoneAggregate.self)
        let table = cursor.mapping("attributes")
        zones.attributes = table.flatMap { table in
            let path = table.text("path")
            let key = table.text("key")
            let encoding = table.text("encoding")
            guard let path, let key else { return nil }
            return ZoneAttributesSettings(
                path: SourcePath(text: path, directory: directory),
                key: key,
                encoding: encoding
            )
        }
        guard let datum, let aggregate, (table == nil) == (zones.attributes == nil) else {
            return nil
        }
        zones.datum = datum
        zones.aggregate = aggregate
        return zones
    }

    /// Reports a `within` that is no layer of classes.
    func checkWithin(_ zones: ZonesSettings, _ cursor: MappingCursor, _ catalogue: LayerCatalogue) {
        guard let name = zones.within else { return }
        let path = cursor.child("within")
        guard catalogue.checkReference(name, at: path, roles: [.mask, .covariate], reader) else {
            return
        }
        catalogue.checkFraction(name, at: path, reader)
    }

    /// Reports weights by population where no layer of inhabitants is declared; false then.
    func checkAggregates(
        _ zones: ZonesSettings?,
        _ layers: [LayerSettings],
        _ deficit: DeficitSettings
    ) -> Bool {
        guard deficit.population == nil else { return true }
        var keys: [String] = []
        if zones?.aggregate == .population { keys.append("zones.aggregate") }
        for (index, layer) in layers.enumerated() where layer.aggregate == .population {
            keys.append("layers[\(index)].aggregate")
        }
        for key in keys {
            reader.report(
                key,
                "population needs deficit.population, the name of a covariate layer",
                found: "population"
            )
        }
        return keys.isEmpty
    }
}

extension LayerCatalogue {
    /// Reports a layer whose value is no fraction of a cell.
    func checkFraction(_ name: String, at path: String, _ reader: SettingsReader) {
        guard let layer = self[name]?.layer,
            layer.quantity != .category || layer.statistic == .mode
        else { return }
        reader.report(
            path,
            "\"\(name)\" is no fraction of a cell",
            found: name,
            legal: ["a layer of quantity class and statistic fraction"]
        )
    }

    /// Reports operands that are no layers declared before, and those of a sink that are no fluxes.
    func checkOperands(_ reader: SettingsReader) {
        for (index, layer) in layers.enumerated() {
            let earlier = LayerCatalogue(Array(layers[..<index]))
            let roles: [LayerRole] = layer.role == .sink ? [.emission, .sink] : LayerRole.allCases
            for (place, name) in (layer.layer?.operands ?? []).enumerated() {
                let path = "\(layer.path).of[\(place)]"
                if earlier[name] == nil, self[name] != nil {
                    reader.report(
                        path,
                        "\"\(name)\" is not declared before this layer",
                        found: name,
                        legal: earlier.layers.compactMap(\.name)
                    )
                } else {
                    _ = earlier.checkReference(name, at: path, roles: roles, reader)
                }
            }
        }
    }

    /// Reports attributes of zones where there are none.
    func checkWithoutZones(_ reader: SettingsReader) {
        for layer in layers where layer.layer?.attribute != nil {
            reader.report("\(layer.path).attribute", "needs zones, whose attribute it is")
        }
    }
}
