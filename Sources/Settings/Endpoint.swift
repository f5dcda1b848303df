/// Where a coordinator listens, or a worker connects: `tcp://HOST:PORT`.
package struct Endpoint: Sendable, Hashable, Codable, CustomStringConvertible {
    /// A name, an IPv4 address, an IPv6 address without its brackets, or `*`: every interface.
    package let host: String
    /// The port; 0 picks a free one when listening.
    package let port: Int

    /// The forms that are understood, for messages.
    package static let legalForms = [
        "tcp://HOST:PORT", "tcp://*:PORT to listen everywhere", "port 0 to listen on a free one",
    ]

    /// An endpoint of validated parts.
    package init(host: String, port: Int) {
        precondition((0...65535).contains(port) && !host.isEmpty, "an endpoint has host and port")
        self.host = host
        self.port = port
    }

    /// Parses `tcp://HOST:PORT`; nil when it is something else.
    package init?(_ text: String) {
        guard text.hasPrefix("tcp://"), text.utf8.count <= 300,
            let colon = text.lastIndex(of: ":")
        else { return nil }
        let digits = text[text.index(after: colon)...]
        guard (1...5).contains(digits.count), digits.utf8.allSatisfy({ (48...57).contains($0) }),
            let port = Int(digits), port <= 65535
        else { return nil }
        let start = text.index(text.startIndex, offsetBy: 6)
        guard start < colon else { return nil }
        var host = text[start..<colon]
        if host.hasPrefix("["), host.hasSuffix("]") {
            host = host.dropFirst().dropLast()
            guard host.contains(":"),
                host.utf8.allSatisfy({ Self.isHexadecimal($0) || $0 == 58 || $0 == 46 })
            else { return nil }
        } else if host != "*" {
            let isName = host.utf8.allSatisfy { byte in
                (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte)
                    || byte == 45 || byte == 46 || byte == 95
            }
            guard isName, !host.hasPrefix("."), !host.hasPrefix("-") else { return nil }
        }
        guard !host.isEmpty else { return nil }
        self.host = String(host)
        self.port = port
    }

    private static func isHexadecimal(_ byte: UInt8) -> Bool {
        (48...57).contains(byte) || (65...70).contains(byte) || (97...102).contains(byte)
    }

    /// True when it names every interface: to listen on, not to connect to.
    package var isWildcard: Bool { ["*", "0.0.0.0", "::"].contains(host) }

    /// True when a worker can connect to it.
    package var isConnectable: Bool { !isWildcard && port > 0 }

    /// The same host with another port, say the free one that was picked.
    package func with(port: Int) -> Endpoint { Endpoint(host: host, port: port) }

    /// The same port on another host, say the one to advertise.
    package func with(host: String) -> Endpoint { Endpoint(host: host, port: port) }

    package var description: String {
        host.contains(":") ? "tcp://[\(host)]:\(port)" : "tcp://\(host):\(port)"
    }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let text = try container.decode(String.self)
        guard let endpoint = Endpoint(text) else {
            throw DecodingError.dataCorruptedError(
                in: container,
                debugDescription: "'\(text)' is no endpoint; legal: \(Self.legalForms[0])"
            )
        }
        self = endpoint
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}
