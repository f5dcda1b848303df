/// A setting of a process rather than of a run: its flag, its variable, its default.
package struct ProcessKey: Sendable, Hashable {
    /// The command-line flag.
    package let flag: String
    /// The variable of the environment.
    package let variable: String
    /// What holds when neither is given, in words.
    package let fallback: String
    /// The legal values, in words.
    package let legal: [String]
    /// What it means.
    package let summary: String

    private init(
        _ flag: String,
        _ variable: String,
        fallback: String,
        legal: [String],
        _ summary: String
    ) {
        self.flag = flag
        self.variable = variable
        self.fallback = fallback
        self.legal = legal
        self.summary = summary
    }

    /// Where a coordinator listens.
    package static let listen = ProcessKey(
        "--listen",
        "SECTILE_COORDINATOR_LISTEN",
        fallback: "tcp://0.0.0.0:5555",
        legal: Endpoint.legalForms,
        "Where the coordinator listens for workers."
    )
    /// The host that workers are told.
    package static let advertise = ProcessKey(
        "--advertise",
        "SECTILE_COORDINATOR_ADVERTISE",
        fallback: "the machine's name",
        legal: ["a host name or address"],
        "The host under which workers reach the coordinator."
    )
    /// Where the journal lies.
    package static let journal = ProcessKey(
        "--journal",
        "SECTILE_COORDINATOR_JOURNAL",
        fallback: "journal.sqlite in the output directory",
        legal: ["a path on a local disk"],
        "The journal, where the output directory is on a network file system."
    )
    /// The file that lets a worker in.
    package static let join = ProcessKey(
        "--join",
        "SECTILE_WORKER_JOIN",
        fallback: "none: mandatory for a worker",
        legal: ["a path of a join.json"],
        "The join.json that the coordinator wrote."
    )
    /// Another way to the coordinator than the one in the join file.
    package static let connect = ProcessKey(
        "--connect",
        "SECTILE_WORKER_CONNECT",
        fallback: "the endpoints in the join file",
        legal: ["tcp://HOST:PORT"],
        "Where the worker reaches the coordinator."
    )
    /// A worker's own key.
    package static let key = ProcessKey(
        "--key",
        "SECTILE_WORKER_KEY",
        fallback: "the key in the join file",
        legal: ["a path of a key file of mode 0600"],
        "The worker's CURVE key."
    )
    /// How many tiles a worker computes at once.
    package static let slots = ProcessKey(
        "--slots",
        "SECTILE_WORKER_SLOTS",
        fallback: "auto",
        legal: SlotCount.legalForms,
        "How many tiles the worker computes at once; auto honours affinity, quota and SLURM."
    )
    /// Memory of a slot.
    package static let memory = ProcessKey(
        "--memory",
        "SECTILE_WORKER_MEMORY",
        fallback: "what the machine has, shared among its slots",
        legal: ByteSize.legalForms,
        "Memory that one slot may take."
    )
    /// A worker's own files.
    package static let scratch = ProcessKey(
        "--scratch",
        "SECTILE_WORKER_SCRATCH",
        fallback: "the system's directory for temporary files",
        legal: ["a path of a directory"],
        "Directory for the worker's own files."
    )
    /// How much a worker keeps of what it fetched.
    package static let scratchLimit = ProcessKey(
        "--scratch-limit",
        "SECTILE_WORKER_SCRATCH_LIMIT",
        fallback: "4GiB",
        legal: ByteSize.legalForms,
        "What files that a worker without shared storage has fetched may take."
    )
    /// Where workers without shared storage leave results for each other.
    package static let objectPrefix = ProcessKey(
        "--object-prefix",
        "SECTILE_WORKER_OBJECT_PREFIX",
        fallback: "none: what tiles read of each other comes from the coordinator",
        legal: ["/vsis3/BUCKET/PREFIX", "/vsigs/…", "/vsiaz/…", "a directory"],
        "Where workers without shared storage leave results for each other."
    )
    /// How long a worker that is told to leave may finish what it computes.
    package static let grace = ProcessKey(
        "--grace",
        "SECTILE_WORKER_GRACE",
        fallback: "30s",
        legal: ["a number of seconds"] + TimeSpan.legalForms,
        "Time in which a worker that is told to leave may finish what it computes."
    )
    /// A file whose appearance is a notice.
    package static let noticeFile = ProcessKey(
        "--notice-file",
        "SECTILE_WORKER_NOTICE_FILE",
        fallback: "none",
        legal: ["a path"],
        "The worker leaves when this file appears."
    )
    /// A service that tells of the machine's end.
    package static let noticeURL = ProcessKey(
        "--notice-url",
        "SECTILE_WORKER_NOTICE_URL",
        fallback: "none",
        legal: ["aws", "gcp", "azure", "http://HOST[:PORT]/PATH"],
        "The metadata service that tells when a spot machine is taken away."
    )
    /// How long a worker has.
    package static let timeLimit = ProcessKey(
        "--time-limit",
        "SECTILE_WORKER_TIME_LIMIT",
        fallback: "SLURM_JOB_END_TIME where there is one, otherwise none",
        legal: ["a number of seconds", "[DAYS-]HH:MM:SS"] + TimeSpan.legalForms,
        "Time after which the worker is ended; it leaves before, and begins nothing too long."
    )
    /// How long a worker looks for its coordinator.
    package static let giveUpAfter = ProcessKey(
        "--give-up-after",
        "SECTILE_WORKER_GIVE_UP_AFTER",
        fallback: "never",
        legal: ["a number of seconds"] + TimeSpan.legalForms,
        "Time without a coordinator after which the worker leaves, with exit code 1."
    )
    /// The least level that is logged.
    package static let logLevel = ProcessKey(
        "--log-level",
        "SECTILE_LOG_LEVEL",
        fallback: "notice; warning for run, error for its local workers",
        legal: LogLevel.allCases.map(\.rawValue),
        "The least level that is logged."
    )
    /// The form of the log on standard error.
    package static let logFormat = ProcessKey(
        "--log-format",
        "SECTILE_LOG_FORMAT",
        fallback: "text",
        legal: LogFormat.allCases.map(\.rawValue),
        "Form of the log on standard error: lines for people, or one JSON object a line as in the log files."
    )

    /// All of them, in the order of the documentation.
    package static let all = [
        listen, advertise, journal, join, connect, key, slots, memory, scratch, scratchLimit,
        objectPrefix,
        grace, noticeFile, noticeURL, timeLimit, giveUpAfter,
        logLevel, logFormat,
    ]
}

/// The levels of the log, from the most to the least talkative.
package enum LogLevel: String, Sendable, Hashable, CaseIterable {
    /// Every frame.
    case trace
    /// Every tile.
    case debug
    /// Recovered trouble.
    case info
    /// Milestones.
    case notice
    /// Needs a look.
    case warning
    /// A tile is lost.
    case error
    /// The run stops.
    case critical
}

/// The form of the log on standard error.
package enum LogFormat: String, Sendable, Hashable, CaseIterable {
    /// A line for people.
    case text
    /// One JSON object a line.
    case json
}
