import CarbonBalance

/// The layers of a configuration as far as they could be read, for whoever refers to them by name.
struct LayerCatalogue {
    let layers: [ReadLayer]

    init(_ layers: [ReadLayer]) {
        self.layers = layers
    }

    /// True when every layer has a name: only then is a name that is not found a mistake.
    var isComplete: Bool { layers.allSatisfy { $0.name != nil } }

    /// The layer with a name; the first, where a name occurs twice.
    subscript(name: String) -> ReadLayer? { layers.first { $0.name == name } }

    /// The names of the layers of a role.
    func names(of role: LayerRole) -> [String] {
        layers.filter { $0.role == role }.compactMap(\.name)
    }

    /// Checks what concerns the layers as a list.
    func check(_ reader: SettingsReader, hasLayers: Bool) {
        var seen: [String: String] = [:]
        for layer in layers {
            guard let name = layer.name else { continue }
            if let first = seen[name] {
                reader.report(
                    "\(layer.path).name",
                    "\"\(name)\" is the name of \(first), too",
                    found: name
                )
            }
            seen[name] = seen[name] ?? layer.path
            if DeficitVariant(rawValue: name) != nil || name == "intercept" {
                reader.report(
                    "\(layer.path).name",
                    "\"\(name)\" is the name of a band of the results; take another",
                    found: name
                )
            }
        }
        checkOperands(reader)
        guard hasLayers, layers.allSatisfy({ $0.role != nil }) else { return }
        for role in [LayerRole.emission, .sink] where names(of: role).isEmpty && isComplete {
            reader.report("layers", "no layer has role \(role.rawValue)")
        }
    }

    /// Reports a name unless it is that of a layer with one of the roles; true when it is.
    func checkReference(
        _ name: String,
        at path: String,
        roles: [LayerRole],
        _ reader: SettingsReader,
        also: [String] = []
    ) -> Bool {
        let legal = also + layers.filter { $0.role.map(roles.contains) ?? false }.compactMap(\.name)
        guard let layer = self[name] else {
            guard isComplete else { return true }
            let hint = SpellingHint.text(for: name, among: legal)
            reader.report(path, "\"\(name)\" is no layer\(hint)", found: name, legal: legal)
            return false
        }
        guard let role = layer.role, !roles.contains(role) else { return true }
        reader.report(
            path,
            "\"\(name)\" is a layer of role \(role.rawValue)",
            found: name,
            legal: legal
        )
        return false
    }
}
