import Foundation

/// The socket of a service manager, as services know it from NOTIFY_SOCKET.
final class ServiceSocket {
    /// Its name, for the variable.
    let name: String
    /// All assignments heard so far, in order.
    private(set) var assignments: [String] = []

    private let descriptor: Int32

    /// Binds a path, or a name without a file that begins with `@`; nil where the system does not let us.
    init?(_ name: String) {
        self.name = name
        let type = SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue
        descriptor = socket(AF_UNIX, Int32(type), 0)
        var path = Array(name.utf8)
        if name.hasPrefix("@") { path[0] = 0 }
        var address = sockaddr_un()
        guard descriptor >= 0, path.count < MemoryLayout.size(ofValue: address.sun_path) else {
            return nil
        }
        address.sun_family = sa_family_t(AF_UNIX)
        unsafe withUnsafeMutableBytes(of: &address.sun_path) { unsafe $0.copyBytes(from: path) }
        let start = MemoryLayout.offset(of: \sockaddr_un.sun_path) ?? 0
        let result = unsafe withUnsafeBytes(of: address) { bytes in
            unsafe bind(
                descriptor,
                bytes.assumingMemoryBound(to: sockaddr.self).baseAddress,
                socklen_t(start + path.count)
            )
        }
        guard result == 0 else { return nil }
    }

    deinit { if descriptor >= 0 { _ = Glibc.close(descriptor) } }

    /// Takes what waits, without which senders find no room; returns all assignments so far.
    func listen() -> [String] {
        var buffer = [UInt8](repeating: 0, count: 4096)
        while true {
            let count = unsafe recv(descriptor, &buffer, buffer.count, 0)
            guard count > 0 else { return assignments }
            let text = String(decoding: buffer.prefix(count), as: UTF8.self)
            assignments += text.split(separator: "\n").map(String.init)
        }
    }
}
