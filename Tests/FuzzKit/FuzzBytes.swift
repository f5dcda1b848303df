/// The bytes of a case, read as choices; an exhausted case chooses 0.
struct FuzzBytes {
    private let bytes: [UInt8]
    private var position = 0

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
    }

    var isExhausted: Bool { position >= bytes.count }

    mutating func next() -> UInt8 {
        guard position < bytes.count else { return 0 }
        defer { position += 1 }
        return bytes[position]
    }

    /// A choice of some.
    mutating func choice(of count: Int) -> Int { count < 1 ? 0 : Int(next()) % count }

    /// An element, or nil of none.
    mutating func element<Element>(of elements: [Element]) -> Element? {
        elements.isEmpty ? nil : elements[choice(of: elements.count)]
    }

    /// A number, mostly small, now and then of any size.
    mutating func number() -> Int {
        let first = next()
        switch first {
        case 0..<200: return Int(first)
        case 200..<240: return Int(next()) << Int(first - 200)
        case 240: return Int.max
        case 241: return Int.min
        case 242: return Int(Int32.max)
        case 243: return Int(UInt32.max)
        default: return -Int(next())
        }
    }

    /// A number, mostly sane, now and then none at all.
    mutating func real() -> Double {
        switch next() {
        case 0: .nan
        case 1: .infinity
        case 2: -.infinity
        case 3: -1
        case 4: .greatestFiniteMagnitude
        case 5: Double(bitPattern: word())
        case let other: Double(other) / 4
        }
    }

    mutating func word() -> UInt64 {
        (0..<8).reduce(0) { word, _ in word << 8 | UInt64(next()) }
    }

    /// What is left, or some of it.
    mutating func rest(atMost limit: Int = .max) -> [UInt8] {
        let count = min(limit, bytes.count - position)
        defer { position += max(0, count) }
        return count > 0 ? Array(bytes[position..<position + count]) : []
    }
}
