/// A number, or the word that leaves the choice to the system.
package enum Automatic<Value: Sendable & Codable & Hashable>: Sendable, Codable, Hashable {
    /// Written `auto`.
    case automatic
    /// Given.
    case value(Value)

    /// The given value; nil when the choice is left to the system.
    package var given: Value? {
        switch self {
        case .automatic: nil
        case .value(let value): value
        }
    }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if (try? container.decode(String.self)) == "auto" {
            self = .automatic
        } else {
            self = .value(try container.decode(Value.self))
        }
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .automatic: try container.encode("auto")
        case .value(let value): try container.encode(value)
        }
    }
}
