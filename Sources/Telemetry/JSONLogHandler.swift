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
        sink.write(
            line: Self.line(
                at: timestamp(),
                event.level,
                event.message.description,
                label: label,
                pairs(of: event)
            )
        )
    }

    /// The line that says that lines before it could not be written.
    ///
    /// - Parameters:
    ///   - dropped: how many.
    ///   - label: the logger's label.
    ///   - time: the time of the line, ISO 8601 in UTC.
    /// - Returns: a JSON object of the event `log.dropped`.
    package static func gapLine(of dropped: Int, label: String, at time: String) -> String {
        let detail =
            "\(dropped) lines before this one could not be written (a full disk, or a stream that nobody reads)"
        return line(
            at: time,
            .warning,
            "log.dropped",
            label: label,
            [("detail", .string(detail)), (LogKey.event, "log.dropped")]
        )
    }

    private static func line(
        at time: String,
        _ level: Logger.Level,
        _ message: String,
        label: String,
        _ pairs: [(key: String, value: Logger.Metadata.Value)]
    ) -> String {
        var line = "{\"time\":"
        // Two lines for each tile go through here: one buffer, no dictionary where none is needed.
        line.reserveCapacity(512)
        JSONText.append(quoted: time, to: &line)
        line += ",\"level\":"
        JSONText.append(quoted: level.rawValue, to: &line)
        line += ",\"message\":"
        JSONText.append(quoted: message, to: &line)
        line += ",\"logger\":"
        JSONText.append(quoted: label, to: &line)
        for (key, value) in pairs {
            line += ","
            JSONText.append(quoted: key, to: &line)
            line += ":"
            append(value, to: &line)
        }
        return line + "}"
    }

    /// Keys and values in the order of the keys; what an event says itself goes before the rest.
    private func pairs(of event: LogEvent) -> [(key: String, value: Logger.Metadata.Value)] {
        var pairs: [(key: String, value: Logger.Metadata.Value)] = []
        let own = event.metadata ?? [:]
        let provided = metadataProvider?.get() ?? [:]
        pairs.reserveCapacity(own.count + provided.count + metadata.count)
        for (key, value) in own { pairs.append((key, value)) }
        for (key, value) in provided where own[key] == nil { pairs.append((key, value)) }
        for (key, value) in metadata where own[key] == nil && provided[key] == nil {
            pairs.append((key, value))
        }
        pairs.sort { $0.key < $1.key }
        return pairs
    }

    private static func append(_ value: Logger.Metadata.Value, to line: inout String) {
        switch value {
        case .string(let text): JSONText.append(quoted: text, to: &line)
        case .stringConvertible(let convertible):
            JSONText.append(quoted: convertible.description, to: &line)
        case .array(let values):
            line += "["
            for (index, value) in values.enumerated() {
                if index > 0 { line += "," }
                append(value, to: &line)
            }
            line += "]"
        case .dictionary(let values):
            line += "{"
            for (index, key) in values.keys.sorted().enumerated() {
                if index > 0 { line += "," }
                JSONText.append(quoted: key, to: &line)
                line += ":"
                if let value = values[key] { append(value, to: &line) } else { line += "null" }
            }
            line += "}"
        }
    }
}

/// JSON's string literals.
package enum JSONText {
    /// The text in quotation marks, with everything escaped that JSON wants escaped.
    package static func quoted(_ text: String) -> String {
        var result = ""
        append(quoted: text, to: &result)
        return result
    }

    /// Appends the text in quotation marks, with everything escaped that JSON wants escaped.
    package static func append(quoted text: String, to result: inout String) {
        result += "\""
        // Nearly all text is as it should be; bytes beyond ASCII are whole scalars, which stay.
        if text.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x22 && $0 != 0x5C && $0 != 0x7F }) {
            result += text
        } else {
            for scalar in text.unicodeScalars { append(escaped: scalar, to: &result) }
        }
        result += "\""
    }

    private static func append(escaped scalar: Unicode.Scalar, to result: inout String) {
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
}
