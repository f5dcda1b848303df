import Execution
import Foundation
import Testing

/// Control groups on a tree of plain files in place of the kernel's.
@Suite struct MemoryGroupTests {
    private let directory: TemporaryDirectory

    init() throws { directory = try .run() }

    private func write(_ text: String, to name: String) throws {
        let path = "\(directory.path)/\(name)"
        let parent = URL(fileURLWithPath: path).deletingLastPathComponent()
        try FileManager.default.createDirectory(at: parent, withIntermediateDirectories: true)
        try text.write(toFile: path, atomically: false, encoding: .utf8)
    }

    @Test func `a group of version 1 is made below that of the process`() throws {
        try write("9:name=systemd:/x\n4:cpu,memory:/jobs/7\n0::/y\n", to: "proc/self/cgroup")
        try write(
            "31 23 0:28 / /sys/fs/cgroup rw - tmpfs tmpfs rw\n"
                + "35 31 0:32 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory\n",
            to: "proc/self/mountinfo"
        )
        try write("", to: "sys/fs/cgroup/memory/jobs/7/cgroup.procs")
        // A plain directory has no limit file for the group to write: it is given up again.
        #expect(MemoryGroup(name: "slot", limitBytes: 1, root: directory.path) == nil)
        #expect(
            directory.files(in: "sys/fs/cgroup/memory/jobs/7") == ["cgroup.procs"]
        )
    }

    @Test func `groups of processes that are gone are removed`() throws {
        try write("0::/jobs\n", to: "proc/self/cgroup")
        try write(
            "41 31 0:38 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n",
            to: "proc/self/mountinfo"
        )
        try write("memory\n", to: "sys/fs/cgroup/jobs/cgroup.subtree_control")
        try write("", to: "proc/17/comm")
        for name in ["slot-17", "slot-18", "slot-x", "other-19"] {
            try FileManager.default.createDirectory(
                atPath: "\(directory.path)/sys/fs/cgroup/jobs/\(name)",
                withIntermediateDirectories: false
            )
        }
        MemoryGroup.sweep(prefix: "slot-", root: directory.path)
        #expect(
            directory.files(in: "sys/fs/cgroup/jobs") == [
                "cgroup.subtree_control", "other-19", "slot-17", "slot-x",
            ]
        )
    }

    /// A service's group of version 2 to which memory is delegated, with these processes in it.
    private func writeService(processes: [Int32]) throws {
        try write("0::/service\n", to: "proc/self/cgroup")
        try write(
            "41 31 0:38 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n",
            to: "proc/self/mountinfo"
        )
        let group = "sys/fs/cgroup/service"
        try write("cpu memory pids\n", to: "\(group)/cgroup.controllers")
        try write("\n", to: "\(group)/cgroup.subtree_control")
        try write(processes.map { "\($0)\n" }.joined(), to: "\(group)/cgroup.procs")
        // The kernel makes the files of a group; here they are there before.
        try write("", to: "\(group)/sectile-agent/cgroup.procs")
    }

    private func text(_ name: String) throws -> String {
        try String(contentsOfFile: "\(directory.path)/\(name)", encoding: .utf8)
    }

    @Test func `a worker alone in a delegated group steps aside and hands memory down`() throws {
        try writeService(processes: [getpid()])
        #expect(MemoryGroup.prepare(root: directory.path))
        let group = "sys/fs/cgroup/service"
        #expect(try text("\(group)/sectile-agent/cgroup.procs") == "\(getpid())")
        #expect(try text("\(group)/cgroup.subtree_control") == "+memory")
        // The kernel takes signs and gives names.
        try write("memory\n", to: "\(group)/cgroup.subtree_control")
        // From there on groups of slots are beside the worker's own, not below it.
        try write("0::/service/sectile-agent\n", to: "proc/self/cgroup")
        #expect(!MemoryGroup.prepare(root: directory.path))
        try FileManager.default.createDirectory(
            atPath: "\(directory.path)/\(group)/slot-18",
            withIntermediateDirectories: false
        )
        MemoryGroup.sweep(prefix: "slot-", root: directory.path)
        #expect(!directory.files(in: group).contains("slot-18"))
    }

    @Test func `a group that others share stays as it is`() throws {
        try writeService(processes: [getpid(), 1])
        #expect(!MemoryGroup.prepare(root: directory.path))
        #expect(try text("sys/fs/cgroup/service/sectile-agent/cgroup.procs").isEmpty)
        #expect(try text("sys/fs/cgroup/service/cgroup.subtree_control") == "\n")
    }

    @Test func `without the memory controller there is no group`() throws {
        try write("0::/user.slice\n", to: "proc/self/cgroup")
        try write(
            "41 31 0:38 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n",
            to: "proc/self/mountinfo"
        )
        try write("cpu pids\n", to: "sys/fs/cgroup/user.slice/cgroup.subtree_control")
        #expect(MemoryGroup(name: "slot", limitBytes: 1, root: directory.path) == nil)
        #expect(MemoryGroup(name: "slot", limitBytes: 1, root: "/nowhere") == nil)
    }
}
