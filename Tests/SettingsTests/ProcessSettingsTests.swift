import Settings
import Testing

struct ProcessSettingsTests {
    @Test(arguments: [
        ("tcp://0.0.0.0:5555", "0.0.0.0", 5555), ("tcp://*:0", "*", 0),
        ("tcp://node-1.example.org:65535", "node-1.example.org", 65535),
        ("tcp://[fe80::1]:80", "fe80::1", 80),
    ])
    func `endpoints are read and written`(text: String, host: String, port: Int) throws {
        let endpoint = try #require(Endpoint(text))
        #expect(endpoint.host == host)
        #expect(endpoint.port == port)
        #expect(endpoint.description == text)
    }

    @Test(arguments: [
        "", "tcp://", "tcp://host", "tcp://host:", "tcp://:5", "tcp://host:65536", "tcp://host:-1",
        "http://host:5", "tcp://a b:5", "tcp://[::1:5", "tcp://host:5/x", "tcp://-x:5", "tcp:/x:5",
    ])
    func `what is no endpoint is refused`(text: String) {
        #expect(Endpoint(text) == nil)
    }

    @Test func `sizes are read exactly`() {
        #expect(ByteSize("512MiB")?.bytes == 536_870_912)
        #expect(ByteSize("2GiB")?.bytes == 2_147_483_648)
        #expect(ByteSize("1GB")?.bytes == 1_000_000_000)
        #expect(ByteSize("1.5 kB")?.bytes == 1500)
        #expect(ByteSize("4096B")?.bytes == 4096)
        #expect(ByteSize(bytes: 3 << 20).description == "3MiB")
        for text in ["512M", "512", "MiB", "-1GiB", "1e3GiB", "0B", "9999999999TiB", "1.2.3GB"] {
            #expect(ByteSize(text) == nil, "\(text)")
        }
    }

    @Test func `spans and slots are read`() {
        #expect(TimeSpan("500ms")?.seconds == 0.5)
        #expect(TimeSpan("9s")?.seconds == 9)
        #expect(TimeSpan("10min")?.seconds == 600)
        #expect(TimeSpan("2h")?.seconds == 7200)
        #expect(TimeSpan("10m") == nil)
        #expect(SlotCount("auto") == .automatic)
        #expect(SlotCount("12") == .count(12))
        for text in ["0", "4097", "-1", "two", ""] { #expect(SlotCount(text) == nil, "\(text)") }
    }

    @Test func `a worker takes flags before variables before defaults`() throws {
        let settings = try WorkerSettings.resolve(
            flags: [.slots: "3", .join: "run/join.json"],
            environment: ["SECTILE_WORKER_SLOTS": "5", "SECTILE_WORKER_MEMORY": "512MiB"]
        )
        #expect(settings.slots == .count(3))
        #expect(settings.memory == ByteSize(bytes: 512 << 20))
        #expect(settings.join == "run/join.json")
        #expect(settings.logs == LogSettings())
    }

    @Test func `what is logged is said by flags, then variables, then the command`() throws {
        let environment = ["SECTILE_LOG_LEVEL": "debug", "SECTILE_LOG_FORMAT": "json"]
        #expect(
            try LogSettings.resolve(environment: [:], defaultLevel: .warning)
                == LogSettings(level: .warning, format: .text)
        )
        #expect(
            try LogSettings.resolve(environment: environment, defaultLevel: .warning)
                == LogSettings(level: .debug, format: .json)
        )
        #expect(
            try LogSettings.resolve(
                flags: [.logLevel: "error", .logFormat: "text"],
                environment: environment
            ) == LogSettings(level: .error, format: .text)
        )
        #expect(throws: SettingsError.self) {
            try LogSettings.resolve(environment: ["SECTILE_LOG_FORMAT": "xml"])
        }
    }

    @Test func `how long a worker looks for its coordinator is a span, and for ever by default`()
        throws
    {
        #expect(
            try WorkerSettings.resolve(flags: [.join: "j"], environment: [:]).giveUpAfter == nil
        )
        let settings = try WorkerSettings.resolve(
            flags: [.join: "j", .giveUpAfter: "90"],
            environment: ["SECTILE_WORKER_GIVE_UP_AFTER": "2h"]
        )
        #expect(settings.giveUpAfter?.seconds == 90)
        let other = try WorkerSettings.resolve(
            flags: [.join: "j"],
            environment: ["SECTILE_WORKER_GIVE_UP_AFTER": "2h"]
        )
        #expect(other.giveUpAfter?.seconds == 7200)
    }

    @Test func `all that is not legal for a worker is told at once`() {
        let error = #expect(throws: SettingsError.self) {
            try WorkerSettings.resolve(
                flags: [.connect: "tcp://*:5555", .memory: "1MiB"],
                environment: ["SECTILE_WORKER_SLOTS": "many", "SECTILE_LOG_LEVEL": "loud"]
            )
        }
        let text = error?.description ?? ""
        for piece in [
            "--join: is missing", "--connect: \"tcp://*:5555\" is not legal",
            "--memory: 1MiB is less",
            "SECTILE_WORKER_SLOTS: \"many\"", "SECTILE_LOG_LEVEL: \"loud\"",
        ] {
            #expect(text.contains(piece), "\(text)")
        }
        #expect(error?.problems.count == 5)
    }

    @Test func `a coordinator listens everywhere by default`() throws {
        let settings = try CoordinatorSettings.resolve(environment: [:])
        #expect(settings.listen.description == "tcp://0.0.0.0:5555")
        let other = try CoordinatorSettings.resolve(
            flags: [.listen: "tcp://*:0", .advertise: "login1", .journal: "/local/j.sqlite"],
            environment: [:]
        )
        #expect(other.listen == Endpoint(host: "*", port: 0))
        #expect(other.advertise == "login1")
        #expect(throws: SettingsError.self) {
            try CoordinatorSettings.resolve(flags: [.advertise: "*"], environment: [:])
        }
    }
}
