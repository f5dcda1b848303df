import Coordination
import Foundation

/// The machine's clocks; the only place that reads them for the engine.
struct WorldClock: MonotonicClock, WallClock {
    /// Time since boot, suspension included: a laptop that slept has let its leases expire.
    var now: MonotonicInstant {
        var time = timespec()
        unsafe clock_gettime(CLOCK_BOOTTIME, &time)
        return MonotonicInstant(
            nanoseconds: Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
        )
    }

    func sleep(until instant: MonotonicInstant) async throws {
        let wait = instant.nanoseconds - now.nanoseconds
        guard wait > 0 else { return try Task.checkCancellation() }
        try await Task.sleep(for: .nanoseconds(wait))
    }

    var secondsSince1970: Double { Timestamps.secondsSince1970() }

    /// Time since boot, seconds.
    var seconds: Double { Double(now.nanoseconds) / 1e9 }
}

/// What this process uses of the machine.
enum ProcessFacts {
    /// The machine's name.
    static var host: String { ProcessInfo.processInfo.hostName }

    /// The process number.
    static var processID: Int { Int(ProcessInfo.processInfo.processIdentifier) }

    /// Resident memory now, bytes; 0 when the system does not tell.
    static var residentBytes: Int { statusField("VmRSS:") }

    /// Largest resident memory so far, bytes; 0 when the system does not tell.
    static var peakResidentBytes: Int { statusField("VmHWM:") }

    /// Path of this program.
    static var executable: String {
        (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe"))
            ?? CommandLine.arguments[0]
    }

    /// Lets this process open as many files as the system allows it.
    ///
    /// Each worker is a connection, and the usual limit of 1,024 is meant for programs that use
    /// `select`.
    static func raiseFileLimit() {
        let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
        var limit = rlimit()
        guard unsafe getrlimit(resource, &limit) == 0, limit.rlim_cur < limit.rlim_max else {
            return
        }
        limit.rlim_cur = limit.rlim_max
        _ = unsafe setrlimit(resource, &limit)
    }

    private static func statusField(_ name: String) -> Int {
        guard let text = try? String(contentsOfFile: "/proc/self/status", encoding: .utf8),
            let line = text.split(separator: "\n").first(where: { $0.hasPrefix(name) }),
            let kibibytes = line.split(whereSeparator: \.isWhitespace).dropFirst().first
                .flatMap({ Int($0) })
        else { return 0 }
        return kibibytes * 1024
    }
}
