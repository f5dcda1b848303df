/// The mounts of a machine, in the form of `/proc/self/mountinfo` (proc(5)).
struct MountTable {
    /// One mount.
    struct Mount: Hashable {
        /// Where it is mounted.
        let point: String
        /// Type of its file system.
        let fileSystem: String
        /// What is mounted there.
        let source: String
    }

    private let mounts: [Mount]

    /// Reads the table; lines of another form are passed over.
    init(text: String) {
        mounts = text.split(separator: "\n").compactMap { line in
            let halves = line.split(separator: " - ", maxSplits: 1)
            guard halves.count == 2 else { return nil }
            let place = halves[0].split(separator: " ")
            let origin = halves[1].split(separator: " ")
            guard place.count >= 5, origin.count >= 2 else { return nil }
            return Mount(
                point: Self.unescaped(place[4]),
                fileSystem: String(origin[0]),
                source: Self.unescaped(origin[1])
            )
        }
    }

    /// The mount on which an absolute path lies: the deepest, and of equals the one mounted last.
    func mount(of path: String) -> Mount? {
        var best: Mount?
        for mount in mounts {
            let isAbove =
                mount.point == "/" || path == mount.point || path.hasPrefix(mount.point + "/")
            if isAbove, mount.point.utf8.count >= best?.point.utf8.count ?? 0 { best = mount }
        }
        return best
    }

    /// The kernel writes space, tab, newline and backslash as three octal digits.
    private static func unescaped(_ text: Substring) -> String {
        var bytes: [UInt8] = []
        var rest = text.utf8[...]
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "\\"), rest.count >= 3,
                let code = UInt8(String(decoding: rest.prefix(3), as: UTF8.self), radix: 8)
            {
                bytes.append(code)
                rest = rest.dropFirst(3)
            } else {
                bytes.append(byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
