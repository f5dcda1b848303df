import CLinux
import Foundation
import Settings

extension SlotCount {
    /// The number of slots: as given, or what affinity, cgroup quota and batch system leave.
    ///
    /// - Parameter environment: the process' environment.
    /// - Returns: at least 1.
    func count(environment: [String: String]) -> Int {
        switch self {
        case .count(let count): return count
        case .automatic:
            var limits = [Int(sectile_affinity_processor_count())]
            if let text = environment["SLURM_CPUS_PER_TASK"], let count = Int(text) {
                limits.append(count)
            }
            if let quota = Self.cgroupQuota() { limits.append(quota) }
            return max(1, limits.filter { $0 > 0 }.min() ?? 1)
        }
    }

    /// Whole processors that the control group grants, rounded up; nil without a quota.
    private static func cgroupQuota() -> Int? {
        func words(_ path: String) -> [String] {
            let text = (try? String(contentsOfFile: path, encoding: .utf8)) ?? ""
            return text.split(whereSeparator: \.isWhitespace).map(String.init)
        }
        let unified = words("/sys/fs/cgroup/cpu.max")
        let quota: Double?
        let period: Double?
        if unified.count == 2 {
            (quota, period) = (Double(unified[0]), Double(unified[1]))
        } else {
            quota = words("/sys/fs/cgroup/cpu/cpu.cfs_quota_us").first.flatMap { Double($0) }
            period = words("/sys/fs/cgroup/cpu/cpu.cfs_period_us").first.flatMap { Double($0) }
        }
        guard let quota, let period, quota > 0, period > 0 else { return nil }
        return max(1, Int((quota / period).rounded(.up)))
    }
}

/// The memory of this machine, as far as this process may use it.
enum MachineMemory {
    /// What the machine has, or less where the control group says so, bytes.
    static var bytes: Int {
        let machine = sysconf(Int32(_SC_PHYS_PAGES)) * sysconf(Int32(_SC_PAGESIZE))
        let limits = ["/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"]
            .compactMap { try? String(contentsOfFile: $0, encoding: .utf8) }
            .compactMap { Int($0.trimmingCharacters(in: .whitespacesAndNewlines)) }
            .filter { $0 > 0 }
        return min(machine, limits.min() ?? machine)
    }
}
