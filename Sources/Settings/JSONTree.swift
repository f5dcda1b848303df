/// A JSON text whose objects keep the order of their members, which no encoder of the library does.
indirect enum JSONTree {
    case object([(String, JSONTree)])
    case array([JSONTree])
    case text(String)
    case integer(Int)
    case boolean(Bool)
    /// JSON as it stands.
    case literal(String)

    /// The text, two spaces a level; lists of plain values stay on their line.
    func indented(by level: Int = 0) -> String {
        let outer = String(repeating: "  ", count: level)
        let inner = outer + "  "
        switch self {
        case .object(let members):
            guard !members.isEmpty else { return "{}" }
            let lines = members.map { name, value in
                "\(inner)\(Self.quoted(name)): \(value.indented(by: level + 1))"
            }
            return "{\n\(lines.joined(separator: ",\n"))\n\(outer)}"
        case .array(let elements):
            guard elements.contains(where: \.isObject) else {
                return "[\(elements.map { $0.indented() }.joined(separator: ", "))]"
            }
            let lines = elements.map { inner + $0.indented(by: level + 1) }
            return "[\n\(lines.joined(separator: ",\n"))\n\(outer)]"
        case .text(let text): return Self.quoted(text)
        case .integer(let integer): return "\(integer)"
        case .boolean(let boolean): return "\(boolean)"
        case .literal(let json): return json
        }
    }

    private var isObject: Bool {
        if case .object = self { true } else { false }
    }

    private static func quoted(_ text: String) -> String {
        var quoted = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": quoted += "\\\""
            case "\\": quoted += "\\\\"
            case "\n": quoted += "\\n"
            default: quoted.unicodeScalars.append(scalar)
            }
        }
        return quoted + "\""
    }

    /// A default of the table, which is YAML in flow style, as JSON: words get their quotes.
    static func json(ofFlow text: String, as type: KeyType) -> String {
        if text.hasPrefix("["), text.hasSuffix("]") {
            let words = text.dropFirst().dropLast().split(separator: ",")
            let elements = words.map { quoted($0.drop { $0 == " " }.description) }
            return "[\(elements.joined(separator: ", "))]"
        }
        switch type {
        case .integer, .number, .boolean, .codes: return text
        case .mapping, .list, .text, .identifier, .choice, .words, .oneOrMore: return quoted(text)
        }
    }
}
