/// The variables of the environment that replace keys of a configuration file.
///
/// Every key with a single value that is not part of a list has one: `SECTILE_` and the path in capital
/// letters with `_` for the dots. A flag goes before a variable, a variable before the file, the file
/// before the default.
package enum SettingsEnvironment {
    /// The prefix of all variables.
    package static let prefix = "SECTILE_"

    /// The variables with the keys they replace, in the order of ``KeyTable``.
    package static let variables: [(name: String, key: KeyDescription)] = KeyTable.keys.filter {
        key in
        switch key.type {
        case .mapping, .codes, .list, .oneOrMore: false
        default: !key.path.contains("[]")
        }
    }.map { (name: name(of: $0.path), key: $0) }

    /// The variable of a key path.
    package static func name(of path: String) -> String {
        prefix + path.map { $0 == "." ? "_" : $0.uppercased() }.joined()
    }

    /// The variables with the prefix that nothing reads, each with the one that may be meant.
    ///
    /// They are no error, because other programs may own them: whoever starts a run warns of them.
    package static func unknown(
        in environment: [String: String]
    ) -> [(name: String, meant: String?)] {
        let known = variables.map(\.name) + ProcessKey.all.map(\.variable)
        return environment.keys.filter { $0.hasPrefix(prefix) && !known.contains($0) }.sorted()
            .map { name in
                (
                    name: name,
                    meant: SpellingHint.nearest(
                        to: String(name.dropFirst(prefix.count)),
                        among: known.map { String($0.dropFirst(prefix.count)) }
                    ).map { prefix + $0.uppercased() }
                )
            }
    }

    /// The values that replace those of the file.
    static func overrides(
        environment: [String: String],
        flags: [String: String]
    ) -> [String: SettingsOverride] {
        var overrides: [String: SettingsOverride] = [:]
        for (name, key) in variables {
            if let text = environment[name] {
                overrides[key.path] = SettingsOverride(text: text, origin: name)
            }
        }
        for path in flags.keys.sorted() {
            precondition(KeyTable.key(path) != nil, "a flag gives a key of KeyTable")
            guard let text = flags[path] else { continue }
            overrides[path] = SettingsOverride(text: text, origin: "flag for \(path)")
        }
        return overrides
    }
}
