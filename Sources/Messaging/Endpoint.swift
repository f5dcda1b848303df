/// The rules of `tcp://HOST:PORT`.
enum Endpoint {
    /// What is wrong with an endpoint that a worker shall dial; `nil` where nothing is.
    static func faultForDialling(_ endpoint: String) -> String? {
        guard let (host, port) = parts(endpoint), port > 0,
            !["*", "0.0.0.0", "[::]"].contains(host)
        else {
            return "'\(endpoint.prefix(200))' cannot be dialled; legal: tcp://HOST:PORT with a host"
                + " name or address other than a wildcard, and a port of 1 to 65535"
        }
        return nil
    }

    /// What is wrong with an endpoint to listen on; `nil` where nothing is.
    ///
    /// Checked here because libzmq takes port 99999 for 34463.
    static func faultForListening(_ endpoint: String) -> String? {
        guard parts(endpoint) == nil else { return nil }
        return "cannot listen on this endpoint; legal: tcp://ADDRESS:PORT with a port of 0 to"
            + " 65535, where tcp://*:PORT takes every interface and port 0 any free port"
    }

    private static func parts(_ endpoint: String) -> (host: Substring, port: UInt16)? {
        guard endpoint.hasPrefix("tcp://"), endpoint.utf8.count <= 300,
            endpoint.unicodeScalars.allSatisfy({ $0.value > 32 && $0.value < 127 })
        else { return nil }
        let address = endpoint.dropFirst(6)
        guard let colon = address.lastIndex(of: ":") else { return nil }
        let portText = address[address.index(after: colon)...]
        let host = address[..<colon]
        // UInt16 alone would take "+5555".
        guard portText.allSatisfy(\.isNumber), let port = UInt16(portText), !host.isEmpty
        else { return nil }
        if host.hasPrefix("["), host.hasSuffix("]"), host.count > 2 { return (host, port) }
        // libzmq reads ';' as a source address, and '/' would start a path it does not know.
        return host.contains(where: { ":;/[]".contains($0) }) ? nil : (host, port)
    }
}
