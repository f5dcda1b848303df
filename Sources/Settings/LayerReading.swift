import CarbonBalance

/// What could be read of a layer: enough for others to refer to it even when it is faulty.
struct ReadLayer {
    /// Like `layers[1]`.
    var path: String
    var name: String?
    var role: LayerRole?
    var quantity: QuantityKind?
    /// The layer; nil when some part of it is faulty.
    var layer: LayerSettings?
}

/// Reads one layer, with the contradictions within it.
struct LayerReading {
    let reader: SettingsReader
    /// Absolute directory against which relative paths are meant.
    let directory: String

    func layer(_ cursor: MappingCursor) -> ReadLayer {
        let name = cursor.text("name")
        let role = cursor.choice("role", as: LayerRole.self)
        let paths = cursor.value("path")?.oneOrMore().map { path in
            path.text().map { SourcePath(text: $0, directory: directory) }
        }
        let quantity = cursor.choice("quantity", as: QuantityKind.self)
        let sink = sink(cursor, role: role)
        // Read once: a faulty word is reported where it is read.
        let derive = cursor.choice("derive", as: DerivationChoice.self)
        let statistic = cursor.choice("statistic", as: ClassStatistic.self)
        let unit = unit(cursor, role: role, quantity: quantity, derive: derive)
        let bands = bands(cursor)
        let combine = combine(cursor, isSeveral: Self.isSeveral(paths, bands))
        let classes = classes(cursor, quantity: quantity, isMode: statistic == .mode)
        let codes = codes(cursor, role: role)
        let codesAreRead = (codes != nil) == reader.isGiven(cursor.child("codes"))
        let nodata = nodata(cursor)
        checkQuantity(cursor, role: role, quantity: quantity)
        var read = ReadLayer(path: cursor.path, name: name, role: role, quantity: quantity)
        var layer = LayerSettings(
            name: name ?? "",
            role: role ?? .covariate,
            paths: paths?.compactMap { $0 } ?? [],
            quantity: quantity ?? .intensity,
            unit: unit,
            sink: sink
        )
        layer.combine = combine
        layer.classes = classes ?? []
        layer.codes = codes
        layer.nodata = nodata ?? .file
        layer.bands = bands ?? .first
        layer.derive = derive
        layer.statistic = statistic ?? .fraction
        let isComplete = fill(&layer, cursor) && fillSource(&layer, cursor)
        if quantity != nil {
            checkSource(layer, cursor, role: role)
            checkCombination(layer, cursor)
        }
        checkMeaning(layer, cursor, role: role, quantity: quantity)
        guard isComplete, name != nil, role != nil, quantity != nil, classes != nil, codesAreRead,
            nodata != nil, bands != nil, statistic != nil, !(paths ?? []).contains(nil)
        else { return read }
        read.layer = layer
        return read
    }

    /// Reads what stands by itself; false when a part with a default is faulty.
    private func fill(_ layer: inout LayerSettings, _ cursor: MappingCursor) -> Bool {
        layer.subdataset = cursor.text("subdataset")
        layer.year = cursor.integer("year")
        layer.support = cursor.number("support")
        layer.source = cursor.text("source")
        layer.accounting = cursor.choice("accounting", as: EmissionAccounting.self)
        layer.scale = cursor.number("scale")
        layer.offset = cursor.number("offset")
        layer.sectors = cursor.value("sectors")?.oneOrMore().compactMap { $0.text() } ?? []
        if layer.scale == 0 {
            reader.report("\(cursor.path).scale", "0 makes every sample 0", found: "0")
        }
        if let resampling = cursor.choice("resampling", as: LayerResampling.self) {
            layer.resampling = resampling
        }
        if let fraction = cursor.number("minimumValidFraction") {
            layer.minimumValidFraction = fraction
        }
        let proxy = cursor.boolean("proxy")
        let derivedFrom = cursor.list("derivedFrom")?.map { $0.text() }
        let transform = cursor.choice("transform", as: CovariateTransform.self)
        layer.proxy = proxy ?? false
        layer.derivedFrom = derivedFrom?.compactMap { $0 } ?? []
        layer.transform = transform ?? .none
        return proxy != nil && derivedFrom != nil && transform != nil
    }

    private func sink(_ cursor: MappingCursor, role: LayerRole?) -> SinkKind? {
        let sink = cursor.choice("sink", as: SinkKind.self)
        let path = cursor.child("sink")
        guard let role else { return sink }
        if role == .sink, !reader.isGiven(path) {
            reader.report(
                path,
                "is missing: a sink layer says what is absorbed",
                legal: SinkKind.allCases.map(\.rawValue)
            )
        } else if role != .sink, reader.isGiven(path) {
            reader.report(
                path,
                "has no meaning for role \(role.rawValue); it belongs to role sink"
            )
        }
        return sink
    }

    private func unit(
        _ cursor: MappingCursor,
        role: LayerRole?,
        quantity: QuantityKind?,
        derive: DerivationChoice?
    ) -> String? {
        let unit = cursor.text("unit")
        let path = cursor.child("unit")
        guard let role, let quantity else { return unit }
        // What is derived has the unit of its derivation.
        if derive?.isOfFeatures == true, unit == nil { return "1" }
        if derive?.isOfFeatures == true, role == .covariate { return unit }
        if derive == .difference, role == .sink { return differenceUnit(unit, at: path) }
        let isFlux = role == .emission || role == .sink
        if quantity == .category, !isFlux {
            if let unit, unit != "1" {
                reader.report(
                    path,
                    "\"\(unit)\" contradicts quantity class, whose value is a fraction",
                    found: unit,
                    legal: ["1", "no unit"]
                )
            }
            return unit
        }
        guard reader.isGiven(path) else {
            reader.report(
                path,
                "is missing",
                legal: [isFlux ? FluxUnit.legalForms : "a unit, 1 where it is dimensionless"]
            )
            return nil
        }
        // A flux that is neither total nor density is one problem, told where the quantity stands.
        guard let unit, !isFlux || quantity.isAmount else { return unit }
        do {
            if isFlux {
                try FluxUnit(parsing: unit).check(fits: quantity)
            } else {
                _ = try CovariateUnit(parsing: unit, kind: quantity)
            }
        } catch {
            let place = error.position.map { " at character \($0)" } ?? ""
            reader.report(
                path,
                "\"\(unit)\"\(place): \(error.explanation)",
                found: unit
            )
        }
        return unit
    }

    /// Whether several files or bands may become one layer; nil when that is not known.
    private static func isSeveral(_ paths: [SourcePath?]?, _ bands: BandChoice?) -> Bool? {
        guard let bands else { return nil }
        let paths = paths ?? []
        return paths.count > 1 || paths.contains { $0?.isPattern == true } || bands.isSeveral
    }

    private func combine(_ cursor: MappingCursor, isSeveral: Bool?) -> LayerCombination? {
        let combine = cursor.choice("combine", as: LayerCombination.self)
        let path = cursor.child("combine")
        guard let isSeveral else { return combine }
        if isSeveral, !reader.isGiven(path) {
            reader.report(
                path,
                "is missing: several files or bands need a rule",
                legal: LayerCombination.allCases.map(\.rawValue)
            )
        } else if !isSeveral, reader.isGiven(path) {
            reader.report(path, "has no meaning for a single file")
        }
        return combine
    }

    private func classes(
        _ cursor: MappingCursor,
        quantity: QuantityKind?,
        isMode: Bool
    ) -> [Int]? {
        let path = cursor.child("classes")
        let classes = cursor.list("classes").map { list in list.compactMap { $0.integer() } }
        if let quantity {
            if quantity == .category, !isMode, !reader.isGiven(path) || classes == [] {
                reader.report(
                    path,
                    "is missing: quantity class needs the classes whose fraction is meant",
                    legal: ["a list of whole numbers"]
                )
            } else if quantity == .category, isMode, let classes, !classes.isEmpty {
                reader.report(path, "contradicts statistic mode, which looks at every class")
            } else if quantity != .category, let classes, !classes.isEmpty {
                reader.report(
                    path,
                    "contradicts quantity \(quantity.rawValue); only quantity class has classes"
                )
            }
        }
        if let classes, Set(classes).count < classes.count {
            reader.report(path, "names a class twice")
        }
        return reader.isGiven(path) ? classes : []
    }

    private func codes(_ cursor: MappingCursor, role: LayerRole?) -> [Int: CodeChoice]? {
        let codes = cursor.value("codes").flatMap { value in
            let (word, other) = value.wordOr()
            return word == nil ? other.codes() : CodeChoice.mod17
        }
        guard let role, role != .sink, let codes else { return codes }
        for code in codes.keys.sorted() where codes[code] == .water {
            reader.report(
                cursor.child("codes") + ".\(code)",
                "water has a meaning for role sink only",
                found: "water",
                legal: ["nodata", "a number"]
            )
        }
        return codes
    }

    private func nodata(_ cursor: MappingCursor) -> NodataRule? {
        guard let value = cursor.value("nodata") else { return nil }
        let (word, other) = value.wordOr()
        switch word {
        case "file": return .file
        case .some: return .ignored
        case nil:
            let numbers = other.oneOrMore().map { $0.number() }
            let values = numbers.compactMap { $0 }
            return values.count == numbers.count ? .values(values) : nil
        }
    }

    private func checkQuantity(
        _ cursor: MappingCursor,
        role: LayerRole?,
        quantity: QuantityKind?
    ) {
        guard let role, let quantity else { return }
        let legal: [QuantityKind] =
            switch role {
            case .emission, .sink: [.total, .density]
            case .mask: [.category]
            case .covariate: KeyTable.quantities
            }
        guard !legal.contains(quantity) else { return }
        reader.report(
            cursor.child("quantity"),
            "\(quantity.rawValue) contradicts role \(role.rawValue)",
            found: quantity.rawValue,
            legal: legal.map(\.rawValue)
        )
    }

    /// Reports keys whose value has no meaning for the role or the quantity.
    ///
    /// Values that change nothing are let pass: an encoding writes them out.
    private func checkMeaning(
        _ layer: LayerSettings,
        _ cursor: MappingCursor,
        role: LayerRole?,
        quantity: QuantityKind?
    ) {
        func refuse(_ key: String, _ found: String, _ why: String, legal: [String] = []) {
            reader.report(
                cursor.child(key),
                "\"\(found)\" \(why)",
                found: found,
                legal: legal
            )
        }
        if let role {
            if role != .covariate, layer.transform != .none {
                let why =
                    "has no meaning for role \(role.rawValue): only covariates are transformed"
                refuse("transform", layer.transform.rawValue, why, legal: ["none"])
            }
            if role != .emission, let accounting = layer.accounting {
                let why = "has no meaning for role \(role.rawValue); it belongs to role emission"
                refuse("accounting", accounting.rawValue, why)
            }
            let isFlux = role == .emission || role == .sink
            if isFlux, let fraction = layer.minimumValidFraction {
                let why =
                    "has no meaning for role \(role.rawValue); it is set for all of them by "
                    + "deficit.minimumValidFraction"
                refuse("minimumValidFraction", KeyType.text(of: fraction), why)
            }
        }
        guard quantity == .category else { return }
        if layer.resampling == .bilinear {
            let why = "contradicts quantity class: classes have no mean"
            refuse("resampling", "bilinear", why, legal: ["nearest"])
        }
        for (key, number) in [("scale", layer.scale), ("offset", layer.offset)] {
            guard let number else { continue }
            refuse(
                key,
                KeyType.text(of: number),
                "contradicts quantity class: classes are no numbers"
            )
        }
    }
}
