import Foundation

/// A network namespace with a link to this one, which only root may make.
///
/// What runs in it has a network of its own, and mounts of its own.
final class NetworkPlace: Sendable {
    /// The address of this side of the link.
    let hostAddress: String
    private let name: String
    private let link: String

    /// True when this process may make one.
    static let isPossible: Bool = (try? NetworkPlace(number: 250)) != nil

    /// A namespace; `number` (1…250) tells those of a test apart.
    init(number: Int) throws {
        let unique = "\(ProcessInfo.processInfo.processIdentifier)x\(number)"
        name = "sectile\(unique)"
        link = "st\(unique)".prefix(14) + ""
        hostAddress = "10.231.\(number).1"
        let inner = "sp\(unique)".prefix(14)
        try Self.ip(["netns", "add", name])
        do {
            try Self.ip(["link", "add", link, "type", "veth", "peer", "name", "\(inner)"])
            try Self.ip(["link", "set", "\(inner)", "netns", name])
            try Self.ip(["addr", "add", "\(hostAddress)/30", "dev", link])
            try Self.ip(["link", "set", link, "up"])
            let inside = ["-n", name]
            try Self.ip(inside + ["addr", "add", "10.231.\(number).2/30", "dev", "\(inner)"])
            try Self.ip(inside + ["link", "set", "\(inner)", "up"])
        } catch {
            remove()
            throw error
        }
    }

    deinit { remove() }

    /// Cuts the link, or mends it; connections are not told.
    func setLink(isUp: Bool) throws { try Self.ip(["link", "set", link, isUp ? "up" : "down"]) }

    private func remove() {
        try? Self.ip(["link", "delete", link])
        try? Self.ip(["netns", "delete", name])
    }

    /// Starts the program inside, where `hidden` is an empty directory.
    func start(_ arguments: [String], hiding hidden: String) throws -> SectileProcess {
        guard let ip = Program.tool("ip"), let program = Program.path else {
            throw CocoaError(.fileNoSuchFile)
        }
        let script = #"mount -t tmpfs tmpfs "$1" && shift && exec "$@""#
        return try SectileProcess(
            executable: ip,
            ["netns", "exec", name, "sh", "-c", script, "sh", hidden, program] + arguments
        )
    }

    private static func ip(_ arguments: [String]) throws {
        guard let path = Program.tool("ip") else { throw CocoaError(.fileNoSuchFile) }
        let process = Process()
        process.executableURL = URL(fileURLWithPath: path)
        process.arguments = arguments
        process.standardError = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { throw CocoaError(.fileWriteNoPermission) }
    }
}
