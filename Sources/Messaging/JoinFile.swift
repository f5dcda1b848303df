internal import Foundation

/// What a worker needs to join a run: `join.json`, mode 0600.
///
/// With ``workerKey`` the one file suffices on another machine; without it the worker brings a key
/// of its own that the coordinator's allow-list holds.
package struct JoinFile: Sendable {
    /// The value of `protocol` that this release reads and writes.
    package static let currentProtocol = "sectile-join/1"

    /// Where the coordinator listens, `tcp://HOST:PORT`, tried in turn; never a wildcard.
    package let endpoints: [String]
    /// The coordinator's key.
    package let serverPublicKey: CurvePublicKey
    /// The run, as 1 to 200 characters without white space.
    package let runID: String
    /// The key to join with, where the file brings one.
    package let workerKey: CurveKeyPair?

    /// Puts a file's content together.
    ///
    /// - Throws: ``MessagingError/Code/fileInvalid`` that names every bad value.
    package init(
        endpoints: [String],
        serverPublicKey: CurvePublicKey,
        runID: String,
        workerKey: CurveKeyPair? = nil
    ) throws(MessagingError) {
        var faults = endpoints.compactMap { endpoint in
            Endpoint.faultForDialling(endpoint).map { "endpoints: \($0)" }
        }
        if endpoints.isEmpty || endpoints.count > 16 {
            faults.append("endpoints: has \(endpoints.count); legal: 1 to 16")
        }
        if runID.isEmpty || runID.count > 200 || runID.contains(where: \.isWhitespace) {
            faults.append("runID: legal: 1 to 200 characters without white space")
        }
        guard faults.isEmpty else {
            throw MessagingError(
                .fileInvalid,
                subject: "join file",
                faults.joined(separator: "; ")
            )
        }
        self.endpoints = endpoints
        self.serverPublicKey = serverPublicKey
        self.runID = runID
        self.workerKey = workerKey
    }

    /// Writes the file with mode 0600 in place of an older one; readers see one or the other.
    package func write(toFile path: String) throws(MessagingError) {
        let content = Content(
            endpoints: endpoints,
            protocol: Self.currentProtocol,
            runID: runID,
            serverPublicKey: serverPublicKey.z85,
            workerKey: workerKey.map {
                Content.Key(public: $0.publicKey.z85, secret: $0.secretKey.exposedZ85)
            }
        )
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        guard let data = try? encoder.encode(content) else {
            preconditionFailure("strings can be encoded")
        }
        try PrivateFile.replace(path: path, content: Array(data) + [UInt8(ascii: "\n")])
    }

    /// Reads a file written by ``write(toFile:)``; unknown keys are ignored.
    ///
    /// - Throws: ``MessagingError/Code/fileExposed`` where group or others may read the file, and
    ///   ``MessagingError/Code/fileInvalid`` that names the keys at fault.
    package init(contentsOfFile path: String) throws(MessagingError) {
        try self.init(content: try PrivateFile.read(path: path), path: path)
    }

    /// Reads the content of a file; `path` is its name in errors.
    ///
    /// - Throws: ``MessagingError/Code/fileInvalid`` that names the keys at fault.
    package init(content bytes: [UInt8], path: String) throws(MessagingError) {
        let data = Data(bytes)
        let content: Content
        do {
            // Before the rest, which another protocol may have arranged otherwise.
            let header = try JSONDecoder().decode(Header.self, from: data)
            guard header.protocol == Self.currentProtocol else {
                throw MessagingError(
                    .fileInvalid,
                    subject: path,
                    "protocol: is '\(header.protocol.prefix(60))'; legal: '\(Self.currentProtocol)';"
                        + " coordinator and worker must be of releases that match"
                )
            }
            content = try JSONDecoder().decode(Content.self, from: data)
        } catch let error as MessagingError {
            throw error
        } catch let error as DecodingError {
            throw Self.invalid(path, Self.explanation(of: error))
        } catch {
            throw Self.invalid(path, "cannot be decoded")
        }
        do {
            try self.init(
                endpoints: content.endpoints,
                serverPublicKey: CurvePublicKey(z85: content.serverPublicKey),
                runID: content.runID,
                workerKey: content.workerKey.map { key throws(MessagingError) in
                    try CurveKeyPair(
                        publicKey: CurvePublicKey(z85: key.public),
                        secretKey: CurveSecretKey(z85: key.secret)
                    )
                }
            )
        } catch {
            throw Self.invalid(path, error.subject == "join file" ? error.message : "\(error)")
        }
    }

    private struct Header: Decodable {
        let `protocol`: String
    }

    private struct Content: Codable {
        struct Key: Codable {
            let `public`: String
            let secret: String
        }

        let endpoints: [String]
        let `protocol`: String
        let runID: String
        let serverPublicKey: String
        let workerKey: Key?
    }
}
