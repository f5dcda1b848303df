/// How a coordinator is reached, and where it keeps its journal.
package struct CoordinatorSettings: Sendable, Hashable {
    /// Where it listens.
    package var listen: Endpoint
    /// The host that workers are told; nil: the machine's name.
    package var advertise: String?
    /// The journal; nil: in the run directory.
    package var journal: String?
    /// What is logged.
    package var logs: LogSettings

    /// Settings from their parts.
    package init(
        listen: Endpoint = Endpoint(host: "0.0.0.0", port: 5555),
        advertise: String? = nil,
        journal: String? = nil,
        logs: LogSettings = LogSettings()
    ) {
        self.listen = listen
        self.advertise = advertise
        self.journal = journal
        self.logs = logs
    }

    /// Reads flags and variables; throws ``SettingsError`` with all that is not legal.
    package static func resolve(
        flags: [ProcessKey: String] = [:],
        environment: [String: String]
    ) throws(SettingsError) -> CoordinatorSettings {
        var reading = ProcessReading(flags: flags, environment: environment)
        var settings = CoordinatorSettings()
        if let listen = reading.value(.listen, { Endpoint($0) }) { settings.listen = listen }
        settings.advertise = reading.value(.advertise) { ProcessReading.host($0) }
        settings.journal = reading.text(.journal)
        settings.logs = reading.logs()
        try reading.finish()
        return settings
    }
}
