import Foundation

/// A file system of a given size, which only root may mount.
final class SmallDisk: Sendable {
    /// Where it is mounted.
    let path: String
    /// Goes after this disk: what is mounted cannot be removed.
    private let scratch: ScratchDirectory

    /// True when this process may mount file systems.
    static let isPossible: Bool = {
        guard let scratch = try? ScratchDirectory() else { return false }
        return (try? SmallDisk(kibibytes: 64, in: scratch)) != nil
    }()

    init(kibibytes: Int, in scratch: ScratchDirectory) throws {
        self.scratch = scratch
        path = "\(scratch.path)/disk"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        try Self.call("mount", ["-t", "tmpfs", "-o", "size=\(kibibytes)k", "tmpfs", path])
    }

    deinit {
        try? Self.call("umount", [path])
    }

    /// Gives it another size.
    func resize(kibibytes: Int) throws {
        try Self.call("mount", ["-o", "remount,size=\(kibibytes)k", path])
    }

    private static func call(_ program: String, _ arguments: [String]) throws {
        guard let path = Program.tool(program) else { throw CocoaError(.fileNoSuchFile) }
        let process = Process()
        process.executableURL = URL(fileURLWithPath: path)
        process.arguments = arguments
        process.standardError = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { throw CocoaError(.fileWriteNoPermission) }
    }
}
