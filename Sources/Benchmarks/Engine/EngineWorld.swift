import Coordination
import Foundation

/// The machine's clocks as the engine wants them; the same as the program's.
struct EngineWorld: MonotonicClock, WallClock {
    /// Time since boot, suspension included.
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

    var secondsSince1970: Double { Date().timeIntervalSince1970 }

    /// Time since boot, seconds.
    var seconds: Double { Double(now.nanoseconds) / 1e9 }
}

/// Processor time and memory of this process.
struct ProcessUsage: Encodable {
    /// Time since boot, seconds.
    var at: Double
    /// Processor time in the program, seconds.
    var userSeconds: Double
    /// Processor time in the system, seconds.
    var systemSeconds: Double
    /// Resident memory, bytes.
    var residentBytes: Int

    /// What has been used so far.
    init() {
        var usage = rusage()
        _ = unsafe getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
        func seconds(_ time: timeval) -> Double {
            Double(time.tv_sec) + Double(time.tv_usec) * 1e-6
        }
        at = EngineWorld().seconds
        userSeconds = seconds(usage.ru_utime)
        systemSeconds = seconds(usage.ru_stime)
        residentBytes = Self.residentBytes()
    }

    /// Processor time since an earlier moment, seconds.
    func processorSeconds(since earlier: ProcessUsage) -> Double {
        userSeconds + systemSeconds - earlier.userSeconds - earlier.systemSeconds
    }

    /// Resident memory now, bytes; 0 where the system does not tell.
    static func residentBytes() -> Int {
        guard let text = try? String(contentsOfFile: "/proc/self/statm", encoding: .ascii),
            let pages = text.split(separator: " ").dropFirst().first.flatMap({ Int($0) })
        else { return 0 }
        return pages * Int(sysconf(Int32(_SC_PAGESIZE)))
    }
}
