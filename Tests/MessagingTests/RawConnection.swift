import Glibc

/// A plain TCP connection to a port of this machine, for peers that do not speak ZeroMQ.
final class RawConnection {
    private let descriptor: Int32

    struct Failure: Error {
        let number: Int32
    }

    init(port: Int) throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
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
        guard result == 0 else { throw Failure(number: errno) }
    }

    deinit {
        _ = Glibc.close(descriptor)
    }

    func write(_ bytes: [UInt8]) {
        // MSG_NOSIGNAL: the other side may have hung up, which must not kill the test.
        _ = unsafe bytes.withUnsafeBytes { buffer in
            unsafe Glibc.send(
                descriptor,
                buffer.baseAddress,
                buffer.count,
                Int32(MSG_NOSIGNAL)
            )
        }
    }

    /// Reads until the other side hangs up.
    func waitForEnd() {
        var buffer = [UInt8](repeating: 0, count: 4_096)
        while true {
            let count = unsafe buffer.withUnsafeMutableBytes { bytes in
                unsafe Glibc.read(descriptor, bytes.baseAddress, bytes.count)
            }
            if count <= 0 { return }
        }
    }
}
