package import Logging

/// A log handler for people: time, level, message, then the metadata as key=value.
package struct PlainLogHandler: LogHandler {
    package var metadata: Logger.Metadata = [:]
    package var logLevel: Logger.Level = .notice
    package var metadataProvider: Logger.MetadataProvider?

    private let sink: any LogSink
    private let timestamp: @Sendable () -> String

    /// A handler that writes to a sink.
    package init(sink: any LogSink, timestamp: @escaping @Sendable () -> String) {
        self.sink = sink
        self.timestamp = timestamp
    }

    package subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    package func log(event: LogEvent) {
        var merged = metadata
        if let own = event.metadata {
            merged.merge(own) { _, new in new }
        }
        var line = "\(timestamp()) \(event.level.rawValue): \(event.message)"
        // Neither changes from line to line.
        for key in merged.keys.sorted() where key != LogKey.runID && key != LogKey.epoch {
            guard let value = merged[key] else { continue }
            line += " \(key)=\(value)"
        }
        sink.write(line: line)
    }
}

/// Sends each line to several handlers, each with its own level.
package struct TeeLogHandler: LogHandler {
    private var handlers: [any LogHandler]

    /// A handler that forwards to `handlers`.
    package init(_ handlers: [any LogHandler]) {
        self.handlers = handlers
    }

    package var metadata: Logger.Metadata {
        get { handlers.first?.metadata ?? [:] }
        set {
            for index in handlers.indices { handlers[index].metadata = newValue }
        }
    }

    package var logLevel: Logger.Level {
        get { handlers.map(\.logLevel).min() ?? .critical }
        set {
            for index in handlers.indices { handlers[index].logLevel = newValue }
        }
    }

    package var metadataProvider: Logger.MetadataProvider? {
        get { handlers.first?.metadataProvider }
        set {
            for index in handlers.indices { handlers[index].metadataProvider = newValue }
        }
    }

    package subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { handlers.first?[metadataKey: key] }
        set {
            for index in handlers.indices { handlers[index][metadataKey: key] = newValue }
        }
    }

    package func log(event: LogEvent) {
        for handler in handlers where handler.logLevel <= event.level {
            handler.log(event: event)
        }
    }
}
