/// A size in bytes as people write it: `512MiB`, `2GiB`, `1.5GB`, `4096B`.
package struct ByteSize: Sendable, Hashable, CustomStringConvertible {
    /// The number of bytes, at least 1.
    package let bytes: Int

    /// The forms that are understood, for messages.
    package static let legalForms = ["a number with B, kB, MB, GB, TB, KiB, MiB, GiB or TiB"]

    private static let units: [(name: String, bytes: Int)] = [
        ("KiB", 1 << 10), ("MiB", 1 << 20), ("GiB", 1 << 30), ("TiB", 1 << 40),
        ("kB", 1_000), ("KB", 1_000), ("MB", 1_000_000), ("GB", 1_000_000_000),
        ("TB", 1_000_000_000_000), ("B", 1),
    ]

    /// A number of bytes.
    package init(bytes: Int) {
        self.bytes = bytes
    }

    /// Parses a size; nil when it is none, is below one byte, or does not fit.
    ///
    /// A letter alone (`512M`) is refused, because some read it as 2²⁰ and some as 10⁶.
    package init?(_ text: String) {
        guard let unit = Self.units.first(where: { text.hasSuffix($0.name) }) else { return nil }
        var number = text.dropLast(unit.name.count)
        while number.last == " " { number = number.dropLast() }
        guard let amount = DecimalText.value(of: number) else { return nil }
        let bytes = (amount * Double(unit.bytes)).rounded()
        guard bytes >= 1, bytes < 9e18 else { return nil }
        self.bytes = Int(bytes)
    }

    package var description: String {
        for (name, size) in Self.units.prefix(4).reversed()
        where bytes >= size && bytes.isMultiple(of: size) {
            return "\(bytes / size)\(name)"
        }
        return "\(bytes)B"
    }
}

/// A plain decimal number without sign or exponent.
enum DecimalText {
    /// Its value; nil when it is something else.
    static func value(of text: Substring) -> Double? {
        let isPlain =
            text.utf8.contains { (48...57).contains($0) }
            && text.utf8.allSatisfy { (48...57).contains($0) || $0 == 46 }
        return isPlain ? Double(text) : nil
    }
}

/// A span of time as people write it: `500ms`, `9s`, `10min`, `2h`.
package struct TimeSpan: Sendable, Hashable, CustomStringConvertible {
    /// Its length, seconds; at least 0.
    package let seconds: Double

    /// The forms that are understood, for messages.
    package static let legalForms = ["a number with ms, s, min, h or d"]

    private static let units: [(name: String, seconds: Double)] = [
        ("ms", 1e-3), ("min", 60), ("s", 1), ("h", 3600), ("d", 86400),
    ]

    /// A number of seconds.
    package init(seconds: Double) {
        self.seconds = seconds
    }

    /// Parses a span; nil when it is none.
    package init?(_ text: String) {
        guard let unit = Self.units.first(where: { text.hasSuffix($0.name) }) else { return nil }
        var number = text.dropLast(unit.name.count)
        while number.last == " " { number = number.dropLast() }
        guard let amount = DecimalText.value(of: number), amount < 1e9 else { return nil }
        seconds = amount * unit.seconds
    }

    /// The span for `Task.sleep` and clocks.
    package var duration: Duration { .seconds(seconds) }

    package var description: String { "\(KeyType.text(of: seconds))s" }
}

/// How many tiles a worker computes at once.
package enum SlotCount: Sendable, Hashable, CustomStringConvertible {
    /// As many as the machine, its quota and its batch system allow.
    case automatic
    /// So many.
    case count(Int)

    /// The forms that are understood, for messages.
    package static let legalForms = ["auto", "a whole number 1 to 4096"]

    /// Parses `auto` or a number; nil when it is something else.
    package init?(_ text: String) {
        if text == "auto" {
            self = .automatic
            return
        }
        guard text.utf8.allSatisfy({ (48...57).contains($0) }), let count = Int(text),
            (1...4096).contains(count)
        else { return nil }
        self = .count(count)
    }

    package var description: String {
        switch self {
        case .automatic: "auto"
        case .count(let count): "\(count)"
        }
    }
}
