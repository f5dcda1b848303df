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

    /// Mounts one, as `disk` unless another name within the scratch directory is given.
    init(kibibytes: Int, in scratch: ScratchDirectory, at name: String = "disk") throws {
        self.scratch = scratch
        path = "\(scratch.path)/\(name)"
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

    private var filler: String { "\(path)/.filler" }

    /// Takes all the space that is left.
    func fill() throws {
        _ = FileManager.default.createFile(atPath: filler, contents: nil)
        let file = try FileHandle(forWritingTo: URL(fileURLWithPath: filler))
        defer { try? file.close() }
        // To the last byte: smaller pieces find room where larger ones do not.
        for size in [65_536, 4096, 1] {
            let piece = Data(count: size)
            while (try? file.write(contentsOf: piece)) != nil {}
        }
    }

    /// Gives back what ``fill()`` took.
    func makeRoom() throws { try FileManager.default.removeItem(atPath: filler) }

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
