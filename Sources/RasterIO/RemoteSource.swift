internal import CGDAL
private import Synchronization

/// Inputs that a server gives out: what fails there may succeed later.
package enum RemoteSource {
    /// True for the library's network file systems, alone or below an archive, and for URLs.
    package static func isRemote(_ path: String) -> Bool {
        path.contains("://")
            || ["curl", "s3", "gs", "az", "adls", "oss", "swift", "webhdfs", "hdfs"]
                .contains { path.contains("/vsi\($0)/") || path.contains("/vsi\($0)_streaming/") }
    }

    /// Drops what the library remembers of the files of a server.
    ///
    /// It remembers failures, too: without this a file that was missing once would be missing for as long
    /// as the process lives.
    static func forget(_ path: String) {
        guard lastFailed.withLock({ $0.remove(host(of: path)) != nil }) else { return }
        VSICurlClearCache()
    }

    /// Notes that a server failed, or may have, so that the next opening asks it anew.
    package static func noteFailure(_ path: String) {
        lastFailed.withLock { _ = $0.insert(host(of: path)) }
    }

    /// Waits between tries to open, microseconds: a request that is lost looks like a file that is missing.
    static let openingWaits: [UInt32] = [500_000, 2_000_000]

    private static let lastFailed = Mutex<Set<String>>([])

    private static func host(of path: String) -> String {
        let parts = path.split(separator: "/", omittingEmptySubsequences: true)
        return parts.prefix(4).joined(separator: "/")
    }

    /// Options for servers that do not answer, stall, or break off; the environment comes first.
    ///
    /// A request is given up when it cannot connect within 10 s, brings less than 1 kB a second for
    /// 15 s, or takes 5 minutes; codes that mean "later" are tried again twice.
    static let options = [
        ("GDAL_HTTP_CONNECTTIMEOUT", "10"),
        ("GDAL_HTTP_LOW_SPEED_TIME", "15"),
        ("GDAL_HTTP_LOW_SPEED_LIMIT", "1000"),
        ("GDAL_HTTP_TIMEOUT", "300"),
        ("GDAL_HTTP_MAX_RETRY", "2"),
        ("GDAL_HTTP_RETRY_DELAY", "1"),
    ]
}

extension RasterError {
    /// True when the cause lies between this machine and a server, so that another attempt, or another
    /// worker, may do better.
    ///
    /// A server that says "no such file" or "not allowed" will say so again.
    package var isOfTransport: Bool {
        switch code {
        case .cannotOpen, .readFailed, .truncated: break
        default: return false
        }
        guard RemoteSource.isRemote(path) else { return false }
        return !isRefusal && !underlying.contains { $0.contains("does not exist") }
    }

    /// True when a server said in so many words that it will not give the file out.
    var isRefusal: Bool {
        let refusals = ["400", "401", "403", "404", "405", "410"]
        return underlying.contains { message in
            refusals.contains { code in
                message.contains("HTTP response code: \(code)")
                    || message.contains("response_code=\(code)")
                    || message.contains("error: \(code)")
            } || message.contains("AccessDenied") || message.contains("NoSuchKey")
        }
    }
}
