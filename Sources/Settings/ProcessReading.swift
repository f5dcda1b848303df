/// Reads settings of a process: a flag goes before its variable, a variable before the default.
struct ProcessReading {
    /// Values of flags that were given.
    let flags: [ProcessKey: String]
    /// The variables of the environment.
    let environment: [String: String]
    /// The problems so far.
    private(set) var problems: [SettingsProblem] = []

    init(flags: [ProcessKey: String], environment: [String: String]) {
        self.flags = flags
        self.environment = environment
    }

    /// The text that was given; nil when there is none.
    ///
    /// An empty variable counts as not given.
    func text(_ key: ProcessKey) -> String? {
        flags[key] ?? environment[key.variable].flatMap { $0.isEmpty ? nil : $0 }
    }

    /// The parsed value; nil when none was given, or, with a problem, when it is not legal.
    mutating func value<Value>(_ key: ProcessKey, _ parse: (String) -> Value?) -> Value? {
        guard let text = text(key) else { return nil }
        if let value = parse(text) { return value }
        refuse(key, "\"\(text)\" is not legal", found: text)
        return nil
    }

    /// Adds a problem of a key.
    mutating func refuse(_ key: ProcessKey, _ message: String, found: String? = nil) {
        let origin = flags[key] == nil && environment[key.variable] != nil ? key.variable : key.flag
        problems.append(
            SettingsProblem(
                at: SettingsLocation(origin: origin),
                keyPath: "",
                message: message,
                found: found,
                legal: key.legal
            )
        )
    }

    /// Throws the problems, if there are any.
    func finish() throws(SettingsError) {
        guard problems.isEmpty else {
            throw SettingsError(.option, file: "command line", problems: problems)
        }
    }

    mutating func logs(defaultLevel: LogLevel = .notice) -> LogSettings {
        LogSettings(
            level: value(.logLevel) { LogLevel(rawValue: $0) } ?? defaultLevel,
            format: value(.logFormat) { LogFormat(rawValue: $0) } ?? .text
        )
    }

    static func host(_ text: String) -> String? {
        Endpoint("tcp://\(text.contains(":") ? "[\(text)]" : text):1").flatMap { endpoint in
            endpoint.isWildcard ? nil : endpoint.host
        }
    }
}

/// What is logged, and how.
package struct LogSettings: Sendable, Hashable {
    /// The least level.
    package var level: LogLevel
    /// The form on standard error.
    package var format: LogFormat

    /// By default milestones and what needs a look.
    package init(level: LogLevel = .notice, format: LogFormat = .text) {
        self.level = level
        self.format = format
    }

    /// Reads the log's flags and variables; throws ``SettingsError`` with all that is not legal.
    package static func resolve(
        flags: [ProcessKey: String] = [:],
        environment: [String: String],
        defaultLevel: LogLevel = .notice
    ) throws(SettingsError) -> LogSettings {
        var reading = ProcessReading(flags: flags, environment: environment)
        let logs = reading.logs(defaultLevel: defaultLevel)
        try reading.finish()
        return logs
    }
}
