import Foundation

/// A TCP connection to a port of this machine that speaks no ZeroMQ.
final class PlainConnection {
    private let descriptor: Int32

    /// Connects; nil where the system has no descriptors left or nobody listens.
    init?(port: Int) {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return nil }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(port).bigEndian
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        let result = unsafe withUnsafeBytes(of: address) { bytes in
            unsafe connect(
                descriptor,
                bytes.assumingMemoryBound(to: sockaddr.self).baseAddress,
                socklen_t(bytes.count)
            )
        }
        guard result == 0 else { return nil }
    }

    deinit { if descriptor >= 0 { _ = Glibc.close(descriptor) } }

    /// Sends what the system takes.
    func write(_ bytes: [UInt8]) {
        _ = unsafe bytes.withUnsafeBytes {
            unsafe send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
        }
    }

    /// True when the other side has hung up.
    var isEnded: Bool {
        var byte: UInt8 = 0
        while true {
            let count = unsafe recv(descriptor, &byte, 1, Int32(MSG_DONTWAIT))
            if count == 0 { return true }
            // What it says before it hangs up is of no interest.
            if count < 0 { return errno != EAGAIN && errno != EINTR }
        }
    }
}
