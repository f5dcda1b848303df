internal import Foundation

/// A memory control group of the kernel's for one slot, where this process may make one.
///
/// It is a backstop behind the watchdog, for memory that is taken faster than it is looked at. Version 1
/// and version 2 of control groups are served. Where none can be made, because the directory is not
/// writable or the memory controller is not handed down, slots live without.
package struct MemoryGroup: Sendable {
    private let directory: String
    private let isUnified: Bool

    /// Makes a group below that of this process; nil where it cannot be made.
    ///
    /// - Parameters:
    ///   - name: its name, of letters, digits and `-`.
    ///   - limitBytes: what it may hold, page cache included.
    ///   - root: where `proc` and the mounted hierarchies are found; `/` but in tests.
    package init?(name: String, limitBytes: Int, root: String = "") {
        guard let (parent, isUnified) = Self.parent(root) else { return nil }
        directory = "\(parent)/\(name)"
        self.isUnified = isUnified
        guard
            (try? FileManager.default.createDirectory(
                atPath: directory,
                withIntermediateDirectories: false
            )) != nil
        else { return nil }
        let file = isUnified ? "memory.max" : "memory.limit_in_bytes"
        guard Self.write("\(limitBytes)", to: "\(directory)/\(file)") else {
            remove()
            return nil
        }
    }

    /// The group into which a worker moves itself, so that its own may have groups below it.
    private static let agentName = "sectile-agent"

    /// Makes room for groups of slots below that of this process, in version 2: a group with processes of
    /// its own hands no controller down, so this process moves into a group beside its slots'.
    ///
    /// Only where the group is this process's alone, as a service's is to which memory is delegated
    /// (`Delegate=memory`); everything else stays as it was.
    ///
    /// - Parameter root: where `proc` and the mounted hierarchies are found; `/` but in tests.
    /// - Returns: true when the memory controller was handed down now.
    package static func prepare(root: String = "") -> Bool {
        guard let own = place(root), own.isUnified, !handsDown(own.path) else { return false }
        let processID = "\(getpid())"
        let members = text("\(own.path)/cgroup.procs").split(separator: "\n")
        guard members.count == 1, members[0] == processID,
            controllers(in: "\(own.path)/cgroup.controllers").contains("memory")
        else { return false }
        let leaf = "\(own.path)/\(agentName)"
        // It may be there from a worker before this one.
        try? FileManager.default.createDirectory(
            atPath: leaf,
            withIntermediateDirectories: false
        )
        guard write(processID, to: "\(leaf)/cgroup.procs") else {
            unsafe _ = rmdir(leaf)
            return false
        }
        guard write("+memory", to: "\(own.path)/cgroup.subtree_control") else {
            _ = write(processID, to: "\(own.path)/cgroup.procs")
            unsafe _ = rmdir(leaf)
            return false
        }
        return true
    }

    /// Puts a process in; false when the kernel refuses.
    package func add(processID: Int32) -> Bool {
        Self.write("\(processID)", to: "\(directory)/cgroup.procs")
    }

    /// How many processes the kernel has killed here for want of memory.
    package var killCount: Int {
        let file = isUnified ? "memory.events" : "memory.oom_control"
        return Self.field("oom_kill", in: Self.text("\(directory)/\(file)")) ?? 0
    }

    /// The processes that are in it.
    package var members: [Int32] {
        Self.text("\(directory)/cgroup.procs").split(separator: "\n").compactMap { Int32($0) }
    }

    /// Removes the group; one that is not empty stays.
    package func remove() {
        unsafe _ = rmdir(directory)
    }

    /// Removes the groups that workers left which were killed: those whose process is gone.
    ///
    /// - Parameters:
    ///   - prefix: what their names begin with; the number of the process follows.
    ///   - root: where `proc` and the mounted hierarchies are found; `/` but in tests.
    package static func sweep(prefix: String, root: String = "") {
        guard let (parent, _) = parent(root) else { return }
        let names = (try? FileManager.default.contentsOfDirectory(atPath: parent)) ?? []
        for name in names where name.hasPrefix(prefix) {
            guard let number = Int(name.dropFirst(prefix.count)),
                !FileManager.default.fileExists(atPath: "\(root)/proc/\(number)")
            else { continue }
            unsafe _ = rmdir("\(parent)/\(name)")
        }
    }

    /// How many processes the kernel has killed on this machine for want of memory.
    package static var machineKillCount: Int { field("oom_kill", in: text("/proc/vmstat")) ?? 0 }

    /// The directory below which groups of slots can be made; nil where none can.
    private static func parent(_ root: String) -> (path: String, isUnified: Bool)? {
        guard let own = place(root), !own.isUnified || handsDown(own.path) else { return nil }
        return own
    }

    /// True when groups below one of version 2 have the memory controller.
    private static func handsDown(_ path: String) -> Bool {
        controllers(in: "\(path)/cgroup.subtree_control").contains("memory")
    }

    /// The names in a file of controllers; the signs with which they are handed down are only written.
    private static func controllers(in path: String) -> [Substring] {
        text(path).split { $0 == " " || $0.isNewline }
    }

    /// The directory of this process's own group in the hierarchy that limits memory; of the one above
    /// where it is the agent's.
    private static func place(_ root: String) -> (path: String, isUnified: Bool)? {
        var own: (path: String, isUnified: Bool)?
        for line in text("\(root)/proc/self/cgroup").split(separator: "\n") {
            let parts = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
            guard parts.count == 3 else { continue }
            if parts[1].split(separator: ",").contains("memory") {
                own = (String(parts[2]), false)
                break
            }
            if parts[0] == "0" { own = (String(parts[2]), true) }
        }
        guard let own else { return nil }
        for line in text("\(root)/proc/self/mountinfo").split(separator: "\n") {
            let halves = line.components(separatedBy: " - ")
            let fields = halves[0].split(separator: " ")
            let mount = halves.last?.split(separator: " ") ?? []
            guard halves.count == 2, fields.count >= 5, mount.count >= 3 else { continue }
            let isOurs =
                own.isUnified
                ? mount[0] == "cgroup2"
                : mount[0] == "cgroup" && mount[2].split(separator: ",").contains("memory")
            guard isOurs else { continue }
            // In a container the hierarchy is mounted from some group on, which the path repeats.
            let base = String(fields[3])
            var inner = own.path
            if base != "/", inner.hasPrefix(base) { inner.removeFirst(base.count) }
            if own.isUnified, inner.hasSuffix("/\(agentName)") {
                inner.removeLast(agentName.count + 1)
            }
            return ("\(root)\(fields[4])" + (inner == "/" ? "" : inner), own.isUnified)
        }
        return nil
    }

    private static func text(_ path: String) -> String {
        // Files of the kernel have no size to go by: they are read to their end.
        FileHandle(forReadingAtPath: path).flatMap { try? $0.readToEnd() }
            .map { String(decoding: $0, as: UTF8.self) } ?? ""
    }

    private static func write(_ text: String, to path: String) -> Bool {
        guard let file = FileHandle(forWritingAtPath: path) else { return false }
        return (try? file.write(contentsOf: Data(text.utf8))) != nil
    }

    private static func field(_ name: String, in text: String) -> Int? {
        for line in text.split(separator: "\n") {
            let words = line.split(separator: " ")
            if words.count == 2, words[0] == name { return Int(words[1]) }
        }
        return nil
    }
}
