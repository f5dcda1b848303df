package import Logging

/// Where log lines go: one call per line, without the newline; must be safe from any thread.
package protocol LogSink: Sendable {
    /// Writes one line.
    func write(line: String)
}

/// A log handler that writes one JSON object a line, keys sorted, times in UTC.
///
/// `time`, `level`, `message` and `logger` come first, then the metadata. Values are texts; text that
/// is a number stays a text, so that a key has one type for ever.
package struct JSONLogHandler: LogHandler {
    package var metadata: Logger.Metadata = [:]
    package var logLevel: Logger.Level = .info
    package var metadataProvider: Logger.MetadataProvider?

    private let label: String
    private let sink: any LogSink
    private let timestamp: @Sendable () -> String

    /// A handler for a logger.
    ///
    /// - Parameters:
    ///   - label: the logger's label.
    ///   - sink: where lines go.
    ///   - timestamp: the time of a line, ISO 8601 in UTC; injected, because only the executable
    ///     reads clocks.
    package init(label: String, sink: any LogSink, timestamp: @escaping @Sendable () -> String) {
        self.label = label
        self.sink = sink
        self.timestamp = timestamp
    }

    package subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    package func log(event: LogEvent) {
        var merged = metadata
        if let provided = metadataProvider?.get() {
            merged.merge(provided) { _, new in new }
        }
        if let own = event.metadata {
            merged.merge(own) { _, new in new }
        }
        var line = "{\"time\":\(JSONText.quoted(timestamp()))"
        line += ",\"level\":\(JSONText.quoted(event.level.rawValue))"
        line += ",\"message\":\(JSONText.quoted(event.message.description))"
        line += ",\"logger\":\(JSONText.quoted(label))"
        for key in merged.keys.sorted() {
            guard let value = merged[key] else { continue }
            line += ",\(JSONText.quoted(key)):\(Self.text(of: value))"
        }
        line += "}"
        sink.write(line: line)
    }

    private static func text(of value: Logger.Metadata.Value) -> String {
        switch value {
        case .string(let text): JSONText.quoted(text)
        case .stringConvertible(let convertible): JSONText.quoted(convertible.description)
        case .array(let values): "[" + values.map(text(of:)).joined(separator: ",") + "]"
        case .dictionary(let values):
            "{"
                + values.keys.sorted().map { key in
                    "\(JSONText.quoted(key)):\(values[key].map(text(of:)) ?? "null")"
                }.joined(separator: ",") + "}"
        }
    }
}

/// JSON's string literals.
package enum JSONText {
    /// The text in quotation marks, with everything escaped that JSON wants escaped.
    package static func quoted(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case "\n": result += "\\n"
            case "\r": result += "\\r"
            case "\t": result += "\\t"
            case _ where scalar.value < 0x20 || scalar.value == 0x7f:
                let digits = String(scalar.value, radix: 16)
                result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }
}
