import Foundation

/// What this process tells the service manager that started it (sd_notify(3)): datagrams to the socket that
/// NOTIFY_SOCKET names.
///
/// Nothing waits for the manager, and nothing depends on it: what it does not take is lost.
struct ServiceNotices {
    /// The socket's path; a name without a file where it begins with `@`.
    private let socketName: String
    /// How often the manager wants to hear of a process before it ends it; nil when it does not watch.
    private let watchdog: Duration?

    /// Time between two lines of status at most.
    private static let statusInterval = Duration.seconds(5)
    /// A watch this long is none, for every version of systemd that lets a service change it: a week.
    private static let unwatchedMicroseconds = 604_800_000_000

    /// The manager that the environment names; nil without one.
    init?(environment: [String: String] = ProcessInfo.processInfo.environment) {
        guard let name = environment["NOTIFY_SOCKET"], name.hasPrefix("/") || name.hasPrefix("@")
        else { return nil }
        socketName = name
        // The variables reach children, too, whom nobody watches.
        let isMeant = environment["WATCHDOG_PID"].map { $0 == "\(ProcessFacts.processID)" } ?? true
        let microseconds = environment["WATCHDOG_USEC"].flatMap { Int($0) } ?? 0
        watchdog = isMeant && microseconds > 0 ? .microseconds(microseconds) : nil
    }

    /// Says that others may rely on this process.
    func ready() { send("READY=1") }

    /// Says that this process is about to end; the manager gives it the time of a stop from here on.
    func stopping() { send("STOPPING=1") }

    /// Tells status and a sign of life until the task is cancelled; from then on nothing is watched.
    ///
    /// What follows the loop, such as publishing, may take its time and has no loop that could stand still.
    ///
    /// - Parameter status: a line that the watched loop itself gives, so that there is none when it hangs.
    /// - Throws: `CancellationError`.
    func keepWatch(_ status: () async -> String) async throws -> Never {
        defer {
            if watchdog != nil { send("WATCHDOG_USEC=\(Self.unwatchedMicroseconds)") }
        }
        let interval = min(watchdog.map { $0 / 2 } ?? Self.statusInterval, Self.statusInterval)
        while true {
            send("STATUS=\(await status())" + (watchdog == nil ? "" : "\nWATCHDOG=1"))
            try await Task.sleep(for: interval)
        }
    }

    private func send(_ text: String) {
        var path = Array(socketName.utf8)
        if path[0] == UInt8(ascii: "@") { path[0] = 0 }
        var address = sockaddr_un()
        guard path.count < MemoryLayout.size(ofValue: address.sun_path) else { return }
        address.sun_family = sa_family_t(AF_UNIX)
        unsafe withUnsafeMutableBytes(of: &address.sun_path) { unsafe $0.copyBytes(from: path) }
        let type = SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue
        let descriptor = socket(AF_UNIX, Int32(type), 0)
        guard descriptor >= 0 else { return }
        defer { close(descriptor) }
        // The length counts where a name has no file: there a zero would be part of it.
        let start = MemoryLayout.offset(of: \sockaddr_un.sun_path) ?? 0
        _ = unsafe withUnsafeBytes(of: address) { bytes in
            unsafe sendto(
                descriptor,
                text,
                text.utf8.count,
                Int32(MSG_NOSIGNAL),
                bytes.assumingMemoryBound(to: sockaddr.self).baseAddress,
                socklen_t(start + path.count)
            )
        }
    }
}
