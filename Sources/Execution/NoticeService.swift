/// Where a cloud tells a machine that it will be taken away.
package enum NoticeService: Hashable, Sendable, CustomStringConvertible {
    /// Amazon's instance metadata, version 2: 120 s ahead.
    case aws
    /// Google's: 30 s ahead.
    case gcp
    /// Microsoft's scheduled events: 30 s ahead.
    case azure
    /// Any address that answers 200 with a text, other than false, once there is a notice.
    case address(MetadataAddress)

    /// Reads `aws`, `gcp`, `azure` or an address `http://HOST[:PORT][/PATH]`; nil for anything else.
    package init?(_ text: String) {
        switch text.lowercased() {
        case "aws": self = .aws
        case "gcp": self = .gcp
        case "azure": self = .azure
        default:
            guard let address = MetadataAddress(text) else { return nil }
            self = .address(address)
        }
    }

    package var description: String {
        switch self {
        case .aws: "aws"
        case .gcp: "gcp"
        case .azure: "azure"
        case .address(let address): address.description
        }
    }

    /// Where the service is: at the link-local address that the clouds share.
    package var address: MetadataAddress {
        if case .address(let address) = self { return address }
        return MetadataAddress(host: "169.254.169.254", port: 80, path: "")
    }

    /// Time from a notice to the end, seconds, less what finding and leaving take; nil where nobody
    /// says.
    package var leadSeconds: Int? {
        switch self {
        case .aws: 110
        case .gcp, .azure: 25
        case .address: nil
        }
    }
}

/// Where a metadata service is; such services speak plain HTTP.
package struct MetadataAddress: Hashable, Sendable, CustomStringConvertible {
    /// Name or address of the host.
    package let host: String
    /// Its port.
    package let port: Int
    /// What is asked for; empty where the service decides.
    package let path: String

    /// An address by its parts.
    package init(host: String, port: Int, path: String) {
        self.host = host
        self.port = port
        self.path = path
    }

    /// Reads `http://HOST[:PORT][/PATH]`; nil for anything else.
    package init?(_ text: String) {
        guard text.hasPrefix("http://"), text.utf8.allSatisfy({ $0 > 32 && $0 < 127 }) else {
            return nil
        }
        let rest = text.dropFirst("http://".count)
        let authority = rest.prefix { $0 != "/" }
        let parts = authority.split(separator: ":", omittingEmptySubsequences: false)
        guard let host = parts.first, !host.isEmpty, parts.count <= 2,
            host.allSatisfy({ $0.isLetter || $0.isNumber || $0 == "." || $0 == "-" }),
            let port = parts.count == 2 ? Int(parts[1]) : 80, (1...65_535).contains(port)
        else { return nil }
        self.init(
            host: String(host),
            port: port,
            path: String(rest.dropFirst(authority.count))
        )
    }

    package var description: String { "http://\(host)\(port == 80 ? "" : ":\(port)")\(path)" }
}
