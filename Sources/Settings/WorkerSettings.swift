/// How a worker finds its coordinator, and how much of the machine it takes.
package struct WorkerSettings: Sendable, Hashable {
    /// The join file.
    package var join: String
    /// Where the coordinator is; nil: as the join file says.
    package var connect: Endpoint?
    /// The worker's own key file; nil: the key in the join file.
    package var key: String?
    /// How many tiles at once.
    package var slots: SlotCount
    /// Memory that one slot may take; nil: a share of the machine's.
    package var memory: ByteSize?
    /// Directory for its own files; nil: the system's for temporary files.
    package var scratch: String?
    /// What fetched files may take, where storage is not shared.
    package var scratchLimit: ByteSize
    /// Where workers without shared storage leave results for each other, without a slash at its end;
    /// nil: nowhere.
    package var objectPrefix: String?
    /// How long it may finish what it computes when it is told to leave.
    package var grace: TimeSpan
    /// A file whose appearance tells it to leave.
    package var noticeFile: String?
    /// The metadata service that tells it to leave.
    package var noticeURL: String?
    /// How long it has; nil for as long as it is needed.
    package var timeLimit: TimeSpan?
    /// How long it looks for its coordinator; nil for ever.
    package var giveUpAfter: TimeSpan?
    /// What is logged.
    package var logs: LogSettings

    /// The least memory of a slot.
    package static let minimumMemory = ByteSize(bytes: 64 << 20)

    /// Settings from their parts.
    package init(
        join: String,
        connect: Endpoint? = nil,
        key: String? = nil,
        slots: SlotCount = .automatic,
        memory: ByteSize? = nil,
        scratch: String? = nil,
        scratchLimit: ByteSize = ByteSize(bytes: 4 << 30),
        grace: TimeSpan = TimeSpan(seconds: 30),
        logs: LogSettings = LogSettings()
    ) {
        self.join = join
        self.connect = connect
        self.key = key
        self.slots = slots
        self.memory = memory
        self.scratch = scratch
        self.scratchLimit = scratchLimit
        self.grace = grace
        self.logs = logs
    }

    /// Reads flags and variables; throws ``SettingsError`` with all that is not legal.
    package static func resolve(
        flags: [ProcessKey: String] = [:],
        environment: [String: String]
    ) throws(SettingsError) -> WorkerSettings {
        var reading = ProcessReading(flags: flags, environment: environment)
        let join = reading.text(.join)
        if join == nil {
            reading.refuse(.join, "is missing: the join.json that the coordinator wrote")
        }
        var settings = WorkerSettings(join: join ?? "")
        settings.connect = reading.value(.connect) { text in
            Endpoint(text).flatMap { $0.isConnectable ? $0 : nil }
        }
        settings.key = reading.text(.key)
        settings.slots = reading.value(.slots) { SlotCount($0) } ?? .automatic
        settings.memory = reading.value(.memory) { ByteSize($0) }
        if let memory = settings.memory, memory.bytes < minimumMemory.bytes {
            reading.refuse(.memory, "\(memory) is less than \(minimumMemory)", found: "\(memory)")
        }
        settings.scratch = reading.text(.scratch)
        if let limit = reading.value(.scratchLimit, { ByteSize($0) }) {
            settings.scratchLimit = limit
        }
        settings.objectPrefix = reading.text(.objectPrefix).map { text in
            var prefix = text
            while prefix.count > 1, prefix.hasSuffix("/") { prefix.removeLast() }
            return prefix
        }
        if let grace = reading.value(.grace, { span($0) }) { settings.grace = grace }
        settings.noticeFile = reading.text(.noticeFile)
        settings.noticeURL = reading.text(.noticeURL)
        settings.timeLimit = reading.value(.timeLimit) { clockSpan($0) ?? span($0) }
        settings.giveUpAfter = reading.value(.giveUpAfter) { span($0) }
        settings.logs = reading.logs()
        try reading.finish()
        return settings
    }

    /// A span, or a whole number of seconds.
    private static func span(_ text: String) -> TimeSpan? {
        TimeSpan(text) ?? TimeSpan("\(text)s")
    }

    /// A span as batch systems write it, `[DAYS-]HH:MM:SS`; nil when it is none.
    private static func clockSpan(_ text: String) -> TimeSpan? {
        let halves = text.split(separator: "-", omittingEmptySubsequences: false)
        let clock = (halves.last ?? "").split(separator: ":", omittingEmptySubsequences: false)
        let numbers = clock.compactMap { $0.allSatisfy(\.isNumber) ? Int($0) : nil }
        guard halves.count <= 2, numbers.count == 3, numbers.count == clock.count,
            let days = halves.count == 2 ? Int(halves[0]) : 0, (0...3650).contains(days),
            (0...9999).contains(numbers[0]), numbers[1] < 60, numbers[2] < 60
        else { return nil }
        return TimeSpan(
            seconds: Double(((days * 24 + numbers[0]) * 60 + numbers[1]) * 60 + numbers[2])
        )
    }
}
