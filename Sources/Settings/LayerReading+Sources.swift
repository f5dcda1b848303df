import CarbonBalance

extension LayerReading {
    /// The bands; nil when they are faulty.
    func bands(_ cursor: MappingCursor) -> BandChoice? {
        guard let value = cursor.value("band") else { return nil }
        let (word, other) = value.wordOr()
        if word != nil { return .all }
        let numbers = other.oneOrMore().map { $0.integer() }
        let given = numbers.compactMap(\.self)
        guard given.count == numbers.count, !given.isEmpty else { return nil }
        if Set(given).count < given.count {
            reader.report(cursor.child("band"), "names a band twice")
        }
        return .numbers(given)
    }

    /// Reads the keys of layers that are more, or less, than a band of a raster.
    func fillSource(_ layer: inout LayerSettings, _ cursor: MappingCursor) -> Bool {
        layer.crs = cursor.text("crs")
        layer.component = cursor.choice("component", as: AngleComponent.self)
        layer.xField = cursor.text("xField")
        layer.yField = cursor.text("yField")
        layer.weightField = cursor.text("weightField")
        layer.radiusMetres = cursor.number("radiusMetres")
        layer.encoding = cursor.text("encoding")
        layer.attribute = cursor.text("attribute")
        if layer.attribute != nil, !reader.isGiven(cursor.child("minimumValidFraction")) {
            // An attribute holds wherever its zone does, in the smallest part of a cell.
            layer.minimumValidFraction = 0
        }
        layer.aggregate = cursor.choice("aggregate", as: ZoneAggregate.self)
        let extent = cursor.list("extent")?.map { $0.number() } ?? []
        layer.extent = extent.compactMap(\.self)
        if !extent.contains(nil), !layer.extent.isEmpty {
            let box = layer.extent
            if box.count != 4 || box[0] >= box[2] || box[1] >= box[3] {
                reader.report(
                    cursor.child("extent"),
                    "is no box",
                    legal: ["[west, south, east, north], west < east, south < north"]
                )
            } else if layer.crs == nil {
                reader.report(cursor.child("crs"), "is missing: extent is in its units")
            }
        }
        let datum = cursor.choice("datum", as: VectorDatum.self)
        let operands = cursor.list("of")?.map { $0.text() } ?? []
        layer.datum = datum ?? .wgs84
        layer.operands = operands.compactMap(\.self)
        return datum != nil && !operands.contains(nil)
    }

    /// Reports what contradicts how the layer comes about.
    func checkSource(_ layer: LayerSettings, _ cursor: MappingCursor, role: LayerRole?) {
        let isGiven = reader.isGiven(cursor.child("path"))
        let needsFile = layer.attribute == nil && layer.derive?.isOfLayers != true
        if needsFile, !isGiven {
            reader.report(
                cursor.child("path"),
                "is missing",
                legal: ["a file", "derive: product | ratio | sum | difference", "an attribute"]
            )
        } else if needsFile, layer.paths.isEmpty, reader.problems.isEmpty {
            reader.report(cursor.child("path"), "names no file")
        } else if !needsFile, !layer.paths.isEmpty {
            let other = layer.attribute == nil ? "derive" : "attribute"
            reader.report(cursor.child("path"), "contradicts \(other), which reads no file")
        }
        if layer.attribute != nil, layer.derive != nil {
            reader.report(cursor.child("derive"), "contradicts attribute")
        }
        if let role, role != .covariate {
            // What is left of one flux by another is a sink: net primary production less respiration.
            let isDifference = role == .sink && layer.derive == .difference
            for key in isDifference ? ["attribute"] : ["derive", "attribute"]
            where reader.isGiven(cursor.child(key)) {
                reader.report(
                    cursor.child(key),
                    "has no meaning for role \(role.rawValue); only covariates are derived, and sinks by "
                        + "difference"
                )
            }
        }
        checkDirection(layer, cursor)
        checkDerivation(layer, cursor)
    }

    /// Reports a rule by which what a cell has of several files makes no sense.
    func checkCombination(_ layer: LayerSettings, _ cursor: MappingCursor) {
        guard let combine = layer.combine, combine != .mosaic else { return }
        let path = cursor.child("combine")
        if layer.statistic == .mode, layer.quantity == .category {
            reader.report(
                path,
                "\"\(combine.rawValue)\" contradicts statistic mode: classes have no \(combine.rawValue)",
                found: combine.rawValue,
                legal: [LayerCombination.mosaic.rawValue]
            )
        } else if combine == .sum, !layer.quantity.isAmount {
            let hint =
                layer.quantity == .intensity ? " (amounts of 12 months: mean, with scale: 12)" : ""
            reader.report(
                path,
                "\"sum\" contradicts quantity \(layer.quantity.rawValue): it does not add up\(hint)",
                found: "sum",
                legal: [LayerCombination.mean.rawValue, LayerCombination.mosaic.rawValue]
            )
        }
    }

    /// The unit of a sink that is the difference of fluxes, which are converted before.
    func differenceUnit(_ unit: String?, at path: String) -> String {
        let standard = FluxUnit.standardText
        guard let unit else { return standard }
        if let given = try? FluxUnit(parsing: unit), let factor = try? given.factor(for: .density),
            factor == 1
        {
            return unit
        }
        reader.report(
            path,
            "\"\(unit)\": the difference is taken of fluxes in \(standard)",
            found: unit,
            legal: [standard, "no unit"]
        )
        return unit
    }

    private func checkDirection(_ layer: LayerSettings, _ cursor: MappingCursor) {
        let isDirection = layer.quantity == .angle || layer.derive == .aspect
        let path = cursor.child("component")
        if isDirection, !reader.isGiven(path) {
            reader.report(
                path,
                "is missing: a direction has no mean, its components have",
                legal: AngleComponent.allCases.map(\.rawValue)
            )
        } else if !isDirection, layer.component != nil {
            reader.report(path, "has a meaning for quantity angle and derive aspect only")
        }
        if layer.quantity == .angle, let unit = layer.unit,
            !["degree", "radian"].contains(unit)
        {
            reader.report(
                cursor.child("unit"),
                "\"\(unit)\" is no unit of a direction",
                found: unit,
                legal: ["degree", "radian"]
            )
        }
        if layer.statistic == .mode, layer.quantity != .category {
            reader.report(
                cursor.child("statistic"),
                "mode has a meaning for quantity class only",
                found: "mode"
            )
        }
    }

    private func checkDerivation(_ layer: LayerSettings, _ cursor: MappingCursor) {
        let derive = layer.derive
        if let derive {
            let legal: [QuantityKind] =
                if derive == .density {
                    [.density, .intensity]
                } else if derive == .difference, layer.role == .sink {
                    [.density]
                } else {
                    [.intensity]
                }
            if !legal.contains(layer.quantity) {
                reader.report(
                    cursor.child("quantity"),
                    "\(layer.quantity.rawValue) contradicts derive \(derive.rawValue)",
                    found: layer.quantity.rawValue,
                    legal: legal.map(\.rawValue)
                )
            }
        }
        if let derive, derive.isOfTerrain, let unit = layer.unit, unit != "m" {
            reader.report(
                cursor.child("unit"),
                "\"\(unit)\": a \(derive.rawValue) is made of a height in metres",
                found: unit,
                legal: ["m"]
            )
        }
        let path = cursor.child("of")
        switch derive {
        case .product, .sum:
            if layer.operands.count < 2 {
                reader.report(path, "has fewer than two layers", legal: ["a list of 2 to 16"])
            }
        case .ratio, .difference:
            if layer.operands.count != 2 {
                reader.report(path, "is not two layers", legal: ["a list of 2"])
            }
        default:
            if !layer.operands.isEmpty {
                reader.report(path, "has a meaning for product, ratio, sum and difference only")
            }
        }
        if (layer.xField == nil) != (layer.yField == nil) {
            let missing = layer.xField == nil ? "xField" : "yField"
            reader.report(cursor.child(missing), "is missing: a point has two coordinates")
        }
        if derive?.isOfFeatures != true {
            for (key, isGiven) in [
                ("xField", layer.xField != nil), ("yField", layer.yField != nil),
                ("encoding", layer.encoding != nil), ("datum", layer.datum != .wgs84),
            ] where isGiven {
                reader.report(cursor.child(key), "has a meaning for distance and density only")
            }
        }
        if layer.weightField != nil, derive != .density {
            reader.report(cursor.child("weightField"), "has a meaning for density only")
        }
        if layer.radiusMetres != nil, derive != .density {
            reader.report(cursor.child("radiusMetres"), "has a meaning for density only")
        }
        if derive?.isOfFeatures == true, layer.paths.count > 1 {
            reader.report(cursor.child("path"), "distance and density take one file")
        }
    }
}
