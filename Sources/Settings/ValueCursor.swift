import Yams

/// A value of the configuration, to be read as its key's type wants it.
struct ValueCursor {
    let reader: SettingsReader
    let key: KeyDescription
    let path: String
    let location: SettingsLocation
    /// The type that is left to read, where ``key`` allows several.
    private let type: KeyType
    private let node: Node

    init(
        _ reader: SettingsReader,
        _ node: Node,
        key: KeyDescription,
        path: String,
        location: SettingsLocation,
        type: KeyType? = nil
    ) {
        self.reader = reader
        self.node = node
        self.key = key
        self.path = path
        self.location = location
        self.type = type ?? key.type
    }

    private func refuse(_ message: String, found: String? = nil) {
        reader.report(at: location, path, message, found: found, legal: key.type.legal)
    }

    /// The scalar as written; nil, with a problem, when the value is none or is empty.
    private func scalar() -> Node.Scalar? {
        guard case .scalar(let scalar) = node else {
            refuse("is \(node.mapping == nil ? "a list" : "a mapping")")
            return nil
        }
        let isEmpty =
            scalar.style == .plain
            ? ["", "~", "null", "Null", "NULL"].contains(scalar.string)
            : scalar.string.allSatisfy(\.isWhitespace)
        guard !isEmpty else {
            refuse("is empty")
            return nil
        }
        return scalar
    }

    private static func shown(_ text: String) -> String {
        let short = text.count > 60 ? text.prefix(57) + "…" : text[...]
        return "\"\(short.map { $0.isNewline ? " " : String($0) }.joined())\""
    }

    /// Text on one line; a plain number or boolean counts as text, too.
    ///
    /// A line break, with the spaces around it, is read as one space: WKT and descriptions may be
    /// written over several lines.
    func text() -> String? {
        guard let scalar = scalar() else { return nil }
        let text = scalar.string.split(whereSeparator: \.isNewline).map(Self.trimmed)
            .filter { !$0.isEmpty }.joined(separator: " ")
        guard text.count <= KeyType.maximumTextLength,
            !text.unicodeScalars.contains(where: { $0.value < 32 || $0.value == 127 })
        else {
            refuse(
                "\(Self.shown(text)) has control characters or more than "
                    + "\(KeyType.maximumTextLength) characters",
                found: text
            )
            return nil
        }
        if type == .identifier, !Self.isIdentifier(text) {
            refuse("\(Self.shown(text)) is no name", found: text)
            return nil
        }
        return text
    }

    private static func trimmed(_ line: Substring) -> Substring {
        var line = line
        while line.first?.isWhitespace ?? false { line = line.dropFirst() }
        while line.last?.isWhitespace ?? false { line = line.dropLast() }
        return line
    }

    private static func isIdentifier(_ text: String) -> Bool {
        guard let first = text.utf8.first, text.utf8.count <= KeyType.maximumIdentifierLength,
            (65...90).contains(first) || (97...122).contains(first)
        else { return false }
        return text.utf8.allSatisfy { byte in
            (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte)
                || byte == 95 || byte == 45
        }
    }

    /// One of the words of a choice, as the case that it names.
    func choice<Choice: RawRepresentable<String>>(as type: Choice.Type) -> Choice? {
        guard case .choice(let words) = self.type else {
            preconditionFailure("'\(key.path)' is no choice in KeyTable")
        }
        guard let text = scalar()?.string else { return nil }
        guard words.contains(text), let choice = Choice(rawValue: text) else {
            let hint = SpellingHint.text(for: text, among: words)
            refuse("\(Self.shown(text)) is not known\(hint)", found: text)
            return nil
        }
        return choice
    }

    /// A whole number within its range.
    func integer() -> Int? {
        guard case .integer(let range) = type else {
            preconditionFailure("'\(key.path)' is no integer in KeyTable")
        }
        guard let scalar = scalar() else { return nil }
        guard scalar.style == .plain, let digits = Self.wholeNumberDigits(scalar.string) else {
            refuse("\(Self.shown(scalar.string)) is no whole number", found: scalar.string)
            return nil
        }
        guard let integer = Int(digits), range.contains(integer) else {
            refuse("\(scalar.string) is out of range", found: scalar.string)
            return nil
        }
        return integer
    }

    private static func wholeNumberDigits(_ text: String) -> Substring? {
        let digits = text.first == "-" || text.first == "+" ? text.dropFirst() : text[...]
        let isWhole = !digits.isEmpty && digits.utf8.allSatisfy { (48...57).contains($0) }
        return isWhole ? (text.first == "+" ? digits : text[...]) : nil
    }

    /// A finite number within its range.
    func number() -> Double? {
        guard case .number(let range) = type else {
            preconditionFailure("'\(key.path)' is no number in KeyTable")
        }
        guard let scalar = scalar() else { return nil }
        let bare = scalar.string.drop { "+-".contains($0) }.lowercased()
        if scalar.style == .plain, [".nan", ".inf", "nan", "inf", "infinity"].contains(bare) {
            refuse("\(scalar.string) is not finite", found: scalar.string)
            return nil
        }
        let looksLikeNumber =
            scalar.string.utf8.contains { (48...57).contains($0) }
            && scalar.string.utf8.allSatisfy { byte in
                (48...57).contains(byte) || "+-.eE".utf8.contains(byte)
            }
        guard scalar.style == .plain, looksLikeNumber, let number = Double(scalar.string) else {
            refuse("\(Self.shown(scalar.string)) is no number", found: scalar.string)
            return nil
        }
        guard range.contains(number) else {
            refuse("\(scalar.string) is out of range", found: scalar.string)
            return nil
        }
        return number
    }

    /// true or false.
    func boolean() -> Bool? {
        guard let scalar = scalar() else { return nil }
        switch (scalar.style, scalar.string) {
        case (.plain, "true"), (.plain, "True"), (.plain, "TRUE"): return true
        case (.plain, "false"), (.plain, "False"), (.plain, "FALSE"): return false
        default:
            refuse("\(Self.shown(scalar.string)) is neither true nor false", found: scalar.string)
            return nil
        }
    }

    /// The mapping; nil, with a problem, when it is none.
    func mapping() -> MappingCursor? {
        guard case .mapping(let mapping) = node else {
            refuse(node.null == nil ? "is no mapping" : "is empty")
            return nil
        }
        return MappingCursor(
            reader,
            mapping: mapping,
            path: path,
            pattern: key.path,
            location: location
        )
    }

    /// The elements of a list, whose number the table bounds.
    func list() -> [ValueCursor]? {
        guard case .list(let counts) = type else {
            preconditionFailure("'\(key.path)' is no list in KeyTable")
        }
        guard case .sequence(let sequence) = node else {
            refuse("is no list")
            return nil
        }
        guard counts.contains(sequence.count) else {
            refuse("has \(sequence.count) elements")
            return nil
        }
        let element = reader.describe(key.path + "[]")
        return sequence.enumerated().map { index, node in
            let place = SettingsReader.location(of: node)
            let elementPath = "\(path)[\(index)]"
            reader.note(elementPath, at: place)
            return ValueCursor(reader, node, key: element, path: elementPath, location: place)
        }
    }

    /// The values where one or a list is allowed; at most 4096.
    func oneOrMore() -> [ValueCursor] {
        guard case .oneOrMore(let one) = type else {
            preconditionFailure("'\(key.path)' does not allow a list in KeyTable")
        }
        guard case .sequence(let sequence) = node else {
            return [
                ValueCursor(reader, node, key: key, path: path, location: location, type: one)
            ]
        }
        guard sequence.count <= 4096 else {
            refuse("has \(sequence.count) elements; at most 4096")
            return []
        }
        return sequence.enumerated().map { index, node in
            let place = SettingsReader.location(of: node)
            let elementPath = "\(path)[\(index)]"
            reader.note(elementPath, at: place)
            return ValueCursor(
                reader,
                node,
                key: key,
                path: elementPath,
                location: place,
                type: one
            )
        }
    }

    /// The word, where the value is one of the words of its key; else the value without them.
    func wordOr() -> (word: String?, other: ValueCursor) {
        guard case .words(let words, let other) = type else {
            preconditionFailure("'\(key.path)' has no words in KeyTable")
        }
        let cursor = ValueCursor(
            reader,
            node,
            key: key,
            path: path,
            location: location,
            type: other
        )
        guard let text = node.scalar?.string, words.contains(text) else { return (nil, cursor) }
        return (text, cursor)
    }

    /// A number, or the word that leaves it open.
    func automatic<Value>(_ read: (ValueCursor) -> Value?) -> Automatic<Value>? {
        let (word, other) = wordOr()
        if word != nil { return .automatic }
        return read(other).map { .value($0) }
    }

    /// The special codes: whole numbers, each with a word or a finite number.
    func codes() -> [Int: CodeChoice]? {
        guard case .codes = type else {
            preconditionFailure("'\(key.path)' is no map of codes in KeyTable")
        }
        guard case .mapping(let mapping) = node else {
            refuse("is no mapping")
            return nil
        }
        var codes: [Int: CodeChoice] = [:]
        for (codeNode, meaningNode) in mapping {
            let text = codeNode.scalar?.string ?? ""
            if let first = text.unicodeScalars.first, SettingsDocument.setAside.contains(first) {
                continue
            }
            let place = SettingsReader.location(of: codeNode)
            guard let code = Self.wholeNumberDigits(text).flatMap({ Int($0) }) else {
                reader.report(
                    at: place,
                    path,
                    "code \(Self.shown(text)) is no whole number",
                    found: text,
                    legal: key.type.legal
                )
                continue
            }
            let meaningPlace = SettingsReader.location(of: meaningNode)
            reader.note("\(path).\(code)", at: meaningPlace)
            let meaning = ValueCursor(
                reader,
                meaningNode,
                key: key,
                path: "\(path).\(code)",
                location: meaningPlace,
                type: .number(.any)
            )
            switch meaningNode.scalar?.string {
            case "nodata": codes[code] = .nodata
            case "water": codes[code] = .water
            default: codes[code] = meaning.number().map { .value($0) }
            }
        }
        return codes
    }
}
