import Yams

/// A mapping of the configuration whose keys have been held against the table.
struct MappingCursor {
    let reader: SettingsReader
    /// Like `layers[1]`; empty at the root.
    let path: String
    /// Like `layers[]`; empty at the root.
    let pattern: String
    /// Where the mapping stands.
    let location: SettingsLocation
    private var entries: [String: Node] = [:]

    /// Reads the keys of a mapping; an unknown key is a problem, and so is one that is no text.
    init(
        _ reader: SettingsReader,
        mapping: Node.Mapping?,
        path: String,
        pattern: String,
        location: SettingsLocation
    ) {
        self.reader = reader
        self.path = path
        self.pattern = pattern
        self.location = location
        let legal = KeyTable.children(of: pattern).map(\.name)
        for (key, value) in Self.flattened(mapping) {
            let place = SettingsReader.location(of: key)
            guard let name = key.scalar?.string else {
                reader.report(at: place, path, "a key is no text", legal: legal)
                continue
            }
            if let first = name.unicodeScalars.first, SettingsDocument.setAside.contains(first) {
                continue
            }
            guard legal.contains(name) else {
                let hint = SpellingHint.text(for: name, among: legal, elsewhereThan: pattern)
                reader.report(
                    at: place,
                    child(name),
                    "unknown key\(hint)",
                    found: name,
                    legal: legal
                )
                continue
            }
            entries[name] = value
        }
    }

    /// The pairs, with those of `<<` merged in where they are not given.
    private static func flattened(_ mapping: Node.Mapping?) -> [(key: Node, value: Node)] {
        guard let mapping else { return [] }
        var merged: [Node.Mapping] = []
        var pairs: [(key: Node, value: Node)] = []
        for (key, value) in mapping {
            guard key.scalar?.string == "<<", key.scalar?.style == .plain else {
                pairs.append((key, value))
                continue
            }
            if case .mapping(let one) = value { merged.append(one) }
            if case .sequence(let many) = value { merged += many.compactMap(\.mapping) }
        }
        var names = Set(pairs.compactMap { $0.key.scalar?.string })
        for (key, value) in merged.flatMap(Array.init) {
            guard let name = key.scalar?.string, names.insert(name).inserted else { continue }
            pairs.append((key, value))
        }
        return pairs
    }

    func child(_ name: String) -> String { path.isEmpty ? name : "\(path).\(name)" }

    private func childPattern(_ name: String) -> String {
        pattern.isEmpty ? name : "\(pattern).\(name)"
    }

    /// True when the key is given, in the file or from outside.
    func isGiven(_ name: String) -> Bool {
        entries[name] != nil || reader.overrides[child(name)] != nil
    }

    /// Where a key that is given stands, without reading it.
    func keyLocation(_ name: String) -> SettingsLocation {
        if let override = reader.overrides[child(name)] {
            return SettingsLocation(origin: override.origin)
        }
        return entries[name].map(SettingsReader.location) ?? location
    }

    /// The value of a key, or its default; nil when it is absent without a default.
    ///
    /// A mandatory key that is absent is a problem.
    func value(_ name: String) -> ValueCursor? {
        let key = reader.describe(childPattern(name))
        let path = child(name)
        if let override = reader.overrides[path] {
            let location = SettingsLocation(origin: override.origin)
            reader.note(path, at: location)
            guard let node = try? Yams.compose(yaml: override.text, .default, .default, .utf8)
            else {
                reader.report(at: location, path, "is empty", legal: key.type.legal)
                return nil
            }
            return ValueCursor(reader, node, key: key, path: path, location: location)
        }
        if let node = entries[name] {
            let location = SettingsReader.location(of: node)
            reader.note(path, at: location)
            return ValueCursor(reader, node, key: key, path: path, location: location)
        }
        switch key.presence {
        case .mandatory:
            reader.report(at: location, path, "is missing", legal: key.type.legal)
            return nil
        case .fallback(let text):
            let node = try? Yams.compose(yaml: text, .default, .default, .utf8)
            return node.map { ValueCursor(reader, $0, key: key, path: path, location: location) }
        case .optional:
            return nil
        }
    }

    /// The mapping under a key; nil when it is absent or no mapping.
    ///
    /// An optional mapping is present when one of its keys is given from outside the file, too.
    func mapping(_ name: String) -> MappingCursor? {
        let path = child(name)
        guard entries[name] == nil,
            reader.overrides.keys.contains(where: { $0.hasPrefix(path + ".") })
        else { return value(name)?.mapping() }
        return absent(name)
    }

    /// The mapping under a key; when it is absent, an empty one that has all defaults.
    ///
    /// Nil when the key is something else than a mapping.
    func mappingOrDefaults(_ name: String) -> MappingCursor? {
        entries[name] == nil ? absent(name) : value(name)?.mapping()
    }

    private func absent(_ name: String) -> MappingCursor {
        let pattern = childPattern(name)
        _ = reader.describe(pattern)
        return MappingCursor(
            reader,
            mapping: nil,
            path: child(name),
            pattern: pattern,
            location: location
        )
    }

    func text(_ name: String) -> String? { value(name)?.text() }
    func integer(_ name: String) -> Int? { value(name)?.integer() }
    func number(_ name: String) -> Double? { value(name)?.number() }
    func boolean(_ name: String) -> Bool? { value(name)?.boolean() }
    func list(_ name: String) -> [ValueCursor]? { value(name)?.list() }

    /// The case of an enumeration that a word names.
    func choice<Choice: RawRepresentable<String>>(
        _ name: String,
        as type: Choice.Type = Choice.self
    ) -> Choice? {
        value(name)?.choice(as: type)
    }
}
