extension JoinFile {
    static func invalid(_ path: String, _ found: String) -> MessagingError {
        MessagingError(
            .fileInvalid,
            subject: path,
            "not a usable join file: \(found); the coordinator writes it anew when it starts"
        )
    }

    /// A decoding error as the key concerned and what is wrong; never quotes values.
    static func explanation(of error: DecodingError) -> String {
        func name(_ path: [any CodingKey]) -> String {
            path.isEmpty ? "the whole" : path.map(\.stringValue).joined(separator: ".")
        }
        switch error {
        case .keyNotFound(let key, let context):
            return "\(name(context.codingPath + [key])): is missing"
        case .typeMismatch(let type, let context):
            return "\(name(context.codingPath)): is not of type \(type)"
        case .valueNotFound(let type, let context):
            return "\(name(context.codingPath)): is null; legal: \(type)"
        case .dataCorrupted(let context):
            return "\(name(context.codingPath)): is not JSON"
        @unknown default:
            return "cannot be decoded"
        }
    }
}
