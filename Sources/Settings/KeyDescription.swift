/// All that is known of one configuration key: the parser, the schema and messages read it here.
package struct KeyDescription: Hashable, Sendable {
    /// The keys from the root, `[]` for the elements of a list: `layers[].unit`.
    package let path: String
    /// What its value may be.
    package let type: KeyType
    /// What holds when it is left out.
    package let presence: KeyPresence
    /// What it means, for people.
    package let summary: String

    init(_ path: String, _ type: KeyType, _ presence: KeyPresence, _ summary: String) {
        self.path = path
        self.type = type
        self.presence = presence
        self.summary = summary
    }

    /// The last key of the path; `[]` for the elements of a list.
    package var name: String {
        if path.hasSuffix("[]") { return "[]" }
        return path.lastIndex(of: ".").map { String(path[path.index(after: $0)...]) } ?? path
    }

    /// The path without ``name``; empty at the root.
    package var parent: String {
        if path.hasSuffix("[]") { return String(path.dropLast(2)) }
        return path.lastIndex(of: ".").map { String(path[..<$0]) } ?? ""
    }
}

/// What a value may be.
package indirect enum KeyType: Hashable, Sendable {
    /// A mapping whose keys are described by their own paths.
    case mapping
    /// A mapping from stored codes to a meaning: a word of the list or a number.
    case codes(words: [String])
    /// A list of so many elements, which are described by the path with `[]`.
    case list(ClosedRange<Int>)
    /// Any text that is not empty.
    case text
    /// A name that can stand in the names of bands and columns.
    case identifier
    /// One of these words.
    case choice([String])
    /// A whole number.
    case integer(ClosedRange<Int>)
    /// A finite number.
    case number(NumberRange)
    /// true or false.
    case boolean
    /// One of these words, or something else.
    case words([String], or: KeyType)
    /// One value, or a list of them.
    case oneOrMore(KeyType)
}

/// The numbers that a key accepts; always finite.
package struct NumberRange: Hashable, Sendable {
    /// Least number; nil: no bound.
    package var minimum: Double?
    /// The number that must be exceeded; nil: no bound.
    package var exclusiveMinimum: Double?
    /// Greatest number; nil: no bound.
    package var maximum: Double?

    /// Every finite number.
    static let any = NumberRange()
    /// Greater than zero, up to a bound.
    static func positive(upTo maximum: Double? = nil) -> NumberRange {
        NumberRange(exclusiveMinimum: 0, maximum: maximum)
    }
    /// From a least to a greatest.
    static func between(_ minimum: Double, _ maximum: Double) -> NumberRange {
        NumberRange(minimum: minimum, maximum: maximum)
    }

    /// True when the number lies within.
    package func contains(_ number: Double) -> Bool {
        if let minimum, number < minimum { return false }
        if let exclusiveMinimum, number <= exclusiveMinimum { return false }
        if let maximum, number > maximum { return false }
        return number.isFinite
    }

    /// The range in words.
    package var text: String {
        if let minimum, let maximum {
            return "a number \(KeyType.text(of: minimum)) to \(KeyType.text(of: maximum))"
        }
        var parts: [String] = []
        if let minimum { parts.append("at least \(KeyType.text(of: minimum))") }
        if let exclusiveMinimum {
            parts.append("greater than \(KeyType.text(of: exclusiveMinimum))")
        }
        if let maximum { parts.append("at most \(KeyType.text(of: maximum))") }
        return parts.isEmpty ? "a finite number" : "a number " + parts.joined(separator: " and ")
    }
}

/// What holds when a key is left out.
package enum KeyPresence: Hashable, Sendable {
    /// It may not be left out.
    case mandatory
    /// This value, written as in the file.
    case fallback(String)
    /// What the text says.
    case optional(String)
}

extension KeyType {
    /// The legal values in words, for messages.
    package var legal: [String] {
        switch self {
        case .mapping: ["a mapping of keys to values"]
        case .codes(let words):
            [
                "a mapping of whole numbers, each to "
                    + (words + ["a number"]).joined(separator: " | ")
            ]
        case .list(let counts):
            counts.lowerBound == counts.upperBound
                ? ["a list of \(counts.lowerBound)"]
                : ["a list of \(counts.lowerBound) to \(counts.upperBound)"]
        case .text: ["text"]
        case .identifier:
            ["a letter, then letters, digits, _ and -, at most \(Self.maximumIdentifierLength)"]
        case .choice(let words): words
        case .integer(let range): ["a whole number \(range.lowerBound) to \(range.upperBound)"]
        case .number(let range): [range.text]
        case .boolean: ["true", "false"]
        case .words(let words, let other): words + other.legal
        case .oneOrMore(let one): one.legal + ["a list of such"]
        }
    }

    /// The longest identifier.
    package static let maximumIdentifierLength = 48
    /// The longest text.
    package static let maximumTextLength = 8192

    /// A number without a needless fraction.
    static func text(of number: Double) -> String {
        guard let whole = Int(exactly: number), abs(number) < 1e15 else { return "\(number)" }
        return "\(whole)"
    }
}
