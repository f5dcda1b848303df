/// `config/run.schema.json`: the keys of ``KeyTable`` as a JSON Schema of draft 2020-12.
///
/// A test holds the file against ``text``. What no schema can say (units, names that refer to layers,
/// contradictions) is checked by the parser alone.
package enum SettingsSchema {
    /// The whole schema, indented, with a final line feed.
    package static var text: String {
        var members: [(String, JSONTree)] = [
            ("$schema", .text("https://json-schema.org/draft/2020-12/schema")),
            ("title", .text("Configuration of a Sectile run")),
            (
                "description",
                .text(
                    "Relative paths are relative to the configuration file. Units, references between "
                        + "layers and contradictions are checked by 'sectile plan'."
                )
            ),
        ]
        members += object(at: "")
        return JSONTree.object(members).indented() + "\n"
    }

    private static func object(at path: String) -> [(String, JSONTree)] {
        let keys = KeyTable.children(of: path)
        let required = keys.filter { $0.presence == .mandatory }.map { JSONTree.text($0.name) }
        return [
            ("type", .text("object")),
            ("additionalProperties", .boolean(false)),
            ("required", .array(required)),
            ("properties", .object(keys.map { ($0.name, .object(property($0))) })),
        ]
    }

    private static func property(_ key: KeyDescription) -> [(String, JSONTree)] {
        var members: [(String, JSONTree)] = []
        switch key.presence {
        case .mandatory, .fallback: members.append(("description", .text(key.summary)))
        case .optional(let absent):
            members.append(("description", .text("\(key.summary) When left out: \(absent).")))
        }
        if case .fallback(let text) = key.presence {
            members.append(("default", .literal(JSONTree.json(ofFlow: text, as: key.type))))
        }
        return members + constraints(key.type, path: key.path)
    }

    private static func constraints(_ type: KeyType, path: String) -> [(String, JSONTree)] {
        switch type {
        case .mapping: return object(at: path)
        case .codes(let words):
            return [
                ("type", .text("object")),
                ("propertyNames", .object([("pattern", .text("^-?[0-9]+$"))])),
                (
                    "additionalProperties",
                    alternatives([.choice(words), .number(.any)], path: path)
                ),
            ]
        case .list(let counts):
            let element = KeyTable.key(path + "[]")
            return [
                ("type", .text("array")),
                ("minItems", .integer(counts.lowerBound)),
                ("maxItems", .integer(counts.upperBound)),
                ("items", .object(element.map(property) ?? [])),
            ]
        case .text:
            return [
                ("type", .array([.text("string"), .text("number"), .text("boolean")])),
                ("minLength", .integer(1)),
                ("maxLength", .integer(KeyType.maximumTextLength)),
            ]
        case .identifier:
            return [
                ("type", .text("string")),
                (
                    "pattern",
                    .text("^[A-Za-z][A-Za-z0-9_-]{0,\(KeyType.maximumIdentifierLength - 1)}$")
                ),
            ]
        case .choice(let words): return [("enum", .array(words.map(JSONTree.text)))]
        case .integer(let range):
            return [
                ("type", .text("integer")),
                ("minimum", .integer(range.lowerBound)),
                ("maximum", .integer(range.upperBound)),
            ]
        case .number(let range): return [("type", .text("number"))] + bounds(range)
        case .boolean: return [("type", .text("boolean"))]
        case .words(let words, let other):
            return [
                (
                    "anyOf",
                    .array([
                        .object(constraints(.choice(words), path: path)),
                        .object(constraints(other, path: path)),
                    ])
                )
            ]
        case .oneOrMore(let one):
            let single = JSONTree.object(constraints(one, path: path))
            let many = JSONTree.object([("type", .text("array")), ("items", single)])
            return [("anyOf", .array([single, many]))]
        }
    }

    private static func alternatives(_ types: [KeyType], path: String) -> JSONTree {
        .object([("anyOf", .array(types.map { .object(constraints($0, path: path)) }))])
    }

    private static func bounds(_ range: NumberRange) -> [(String, JSONTree)] {
        [
            ("minimum", range.minimum), ("exclusiveMinimum", range.exclusiveMinimum),
            ("maximum", range.maximum),
        ].compactMap { name, bound in
            bound.map { (name, .literal(KeyType.text(of: $0))) }
        }
    }
}
