/// Which stored samples of a layer are missing; NaN and infinities are missing under every rule.
package enum NodataRule: Sendable, Codable, Hashable {
    /// Those that the file declares.
    case file
    /// None: what the file declares is ignored.
    case ignored
    /// These and no others; what the file declares is ignored.
    case values([Double])

    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if let values = try? container.decode([Double].self) {
            self = .values(values)
            return
        }
        let text = try container.decode(String.self)
        switch text {
        case "file": self = .file
        case "none": self = .ignored
        default:
            throw DecodingError.dataCorruptedError(
                in: container,
                debugDescription: "'\(text)' is no nodata rule; legal: file, none, numbers"
            )
        }
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .file: try container.encode("file")
        case .ignored: try container.encode("none")
        case .values(let values): try container.encode(values)
        }
    }
}
