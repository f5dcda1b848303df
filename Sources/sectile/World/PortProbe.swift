import Foundation
import Settings

/// Tries what a coordinator and its workers do with a port, without a word on it.
enum PortProbe {
    /// How long a connection may take, milliseconds.
    private static let patienceMilliseconds: Int32 = 2000

    /// Why nothing can listen on an endpoint; nil when something can.
    static func faultOfListening(on endpoint: Endpoint) -> String? {
        unsafe fault(of: endpoint) { descriptor, address, length in
            var isReused: Int32 = 1
            // As the coordinator does: connections of an earlier one that linger are no hindrance.
            _ = unsafe setsockopt(
                descriptor,
                SOL_SOCKET,
                SO_REUSEADDR,
                &isReused,
                socklen_t(MemoryLayout<Int32>.size)
            )
            return unsafe bind(descriptor, address, length) == 0 ? 0 : errno
        }
    }

    /// Why nothing answers on an endpoint; nil when something does.
    static func faultOfConnecting(to endpoint: Endpoint) -> String? {
        unsafe fault(of: endpoint) { descriptor, address, length in
            if unsafe connect(descriptor, address, length) == 0 { return 0 }
            guard errno == EINPROGRESS else { return errno }
            var waiting = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
            guard unsafe poll(&waiting, 1, patienceMilliseconds) == 1 else { return ETIMEDOUT }
            var number: Int32 = 0
            var length = socklen_t(MemoryLayout<Int32>.size)
            _ = unsafe getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &number, &length)
            return number
        }
    }

    /// Tries all addresses of an endpoint; nil when one of them does, else what is wrong with the last.
    private static func fault(
        of endpoint: Endpoint,
        _ attempt: (Int32, UnsafePointer<sockaddr>, socklen_t) -> Int32
    ) -> String? {
        var hints = unsafe addrinfo()
        unsafe hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var list: UnsafeMutablePointer<addrinfo>?
        let host = endpoint.host == "*" ? "0.0.0.0" : endpoint.host
        guard unsafe getaddrinfo(host, "\(endpoint.port)", &hints, &list) == 0 else {
            return "\(endpoint): the name \(host) is not known here"
        }
        defer { unsafe freeaddrinfo(list) }
        var fault = "\(endpoint): \(host) has no address"
        var next = unsafe list
        while let candidate = unsafe next {
            unsafe next = candidate.pointee.ai_next
            guard let address = unsafe candidate.pointee.ai_addr else { continue }
            let descriptor = unsafe socket(
                candidate.pointee.ai_family,
                Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue),
                0
            )
            guard descriptor >= 0 else { continue }
            defer { close(descriptor) }
            let number = unsafe attempt(descriptor, address, candidate.pointee.ai_addrlen)
            if number == 0 { return nil }
            fault = "\(endpoint): \(unsafe String(cString: strerror(number)))"
        }
        return fault
    }
}
