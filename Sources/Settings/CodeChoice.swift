import CarbonBalance

/// What a stored special code means.
package enum CodeChoice: Sendable, Codable, Hashable {
    /// The sample is missing.
    case nodata
    /// The pixel is water: the water policy decides.
    case water
    /// The sample is this many physical units, whatever scale and offset are.
    case value(Double)

    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if let value = try? container.decode(Double.self) {
            self = .value(value)
            return
        }
        let text = try container.decode(String.self)
        switch text {
        case "nodata": self = .nodata
        case "water": self = .water
        default:
            throw DecodingError.dataCorruptedError(
                in: container,
                debugDescription:
                    "'\(text)' is no meaning of a code; legal: nodata, water, a number"
            )
        }
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .nodata: try container.encode("nodata")
        case .water: try container.encode("water")
        case .value(let value): try container.encode(value)
        }
    }
}

extension CodeChoice {
    /// The codes of MOD17A3HGF, named `mod17` in a configuration.
    package static let mod17: [Int: CodeChoice] = Dictionary(
        SpecialCodes.mod17.entries.map { (Int($0.code), CodeChoice($0.meaning)) },
        uniquingKeysWith: { first, _ in first }
    )

    private init(_ meaning: CodeMeaning) {
        switch meaning {
        case .nodata: self = .nodata
        case .water: self = .water
        case .value(let value): self = .value(value)
        }
    }

    /// The meaning as the balance knows it.
    var meaning: CodeMeaning {
        switch self {
        case .nodata: .nodata
        case .water: .water
        case .value(let value): .value(value)
        }
    }
}
