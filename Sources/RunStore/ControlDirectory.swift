/// The directory `control/` of a run: operators put requests there, the coordinator answers.
///
/// It works from every host that sees the run directory and needs no port; who may enter is a matter
/// of the directory's mode, 0700. A request is the file `ID.request`, its answer `ID.reply`; both
/// appear by rename. A request is removed before it is carried out: it is carried out at most once.
///
/// Bounds: ``requestLimit`` requests are taken in one look, of at most ``ControlRequest/byteLimit``
/// bytes; of those that wait, all beyond ``waitingLimit`` are refused unread. Files of other names are
/// removed. Every call blocks.
package struct ControlDirectory: Sendable {
    /// The most requests that one look takes.
    package static let requestLimit = 64
    /// The most requests that may wait.
    package static let waitingLimit = 256

    /// What a look found.
    package enum Finding: Hashable, Sendable {
        /// A request to be carried out and answered.
        case request(id: String, ControlRequest)
        /// A file that is no request; it is gone. The identity is nil where there is nobody to answer.
        case refused(id: String?, name: String, reason: String)
    }

    /// The directory.
    package let path: String
    private let files: any FileSystem

    /// The control directory of a run.
    package init(of directory: RunDirectory) {
        path = directory.controlDirectory
        files = directory.files
    }

    /// True when a text can be the identity of a request: 32 hexadecimal digits in lower case.
    package static func isIdentity(_ text: String) -> Bool {
        text.utf8.count == 32
            && text.utf8.allSatisfy { (48...57).contains($0) || (97...102).contains($0) }
    }

    // MARK: - The coordinator's side

    /// Removes whatever is there: what was asked of an earlier coordinator is nothing to this one.
    package func clear() throws(RunStoreError) {
        try files.createDirectory(at: path, permissions: 0o700)
        for name in try files.names(in: path) { removeIfPossible(name) }
    }

    /// Takes the requests that wait, in the order of their identities.
    package func take() throws(RunStoreError) -> [Finding] {
        var findings: [Finding] = []
        var requestCount = 0
        for name in try files.names(in: path) {
            // A file on its way to its name, or an answer on its way to its reader.
            if name.hasSuffix(".tmp") || Self.identity(of: name, suffix: ".reply") != nil {
                continue
            }
            guard let id = Self.identity(of: name, suffix: ".request") else {
                if removeIfPossible(name) {
                    findings.append(.refused(id: nil, name: name, reason: "is no request"))
                }
                continue
            }
            requestCount += 1
            if requestCount > Self.waitingLimit {
                removeIfPossible(name)
                findings.append(
                    .refused(
                        id: id,
                        name: name,
                        reason: "more than \(Self.waitingLimit) requests wait"
                    )
                )
            } else if requestCount <= Self.requestLimit {
                findings.append(finding(id, name))
            }
        }
        return findings
    }

    private func finding(_ id: String, _ name: String) -> Finding {
        let file = "\(path)/\(name)"
        do {
            let information = try files.information(at: file)
            let bytes =
                information?.kind == .file
                ? try files.contents(at: file, offset: 0, count: ControlRequest.byteLimit + 1) : nil
            try files.remove(file)
            guard let bytes else {
                return .refused(id: id, name: name, reason: "is no regular file")
            }
            return .request(id: id, try ControlRequest(encoded: bytes))
        } catch let refusal as ControlRefusal {
            return .refused(id: id, name: name, reason: refusal.description)
        } catch {
            return .refused(id: id, name: name, reason: "cannot be read: \(error)")
        }
    }

    /// Answers a request.
    package func answer(_ id: String, _ reply: ControlReply) throws(RunStoreError) {
        try files.write(reply.encoded, to: replyPath(id), permissions: 0o600)
    }

    /// Removes an answer that nobody fetched.
    package func forget(_ id: String) { removeIfPossible("\(id).reply") }

    // MARK: - The operator's side

    /// Asks something.
    ///
    /// - Parameters:
    ///   - request: what is asked.
    ///   - id: an identity that no other request has.
    /// - Throws: what keeps the file from being written, above all a directory of another owner.
    package func submit(_ request: ControlRequest, as id: String) throws(RunStoreError) {
        precondition(Self.isIdentity(id), "no identity of a request: \(id)")
        try files.write(request.encoded, to: requestPath(id), permissions: 0o600)
    }

    /// The answer to a request, which is removed; nil while there is none.
    package func reply(to id: String) throws(RunStoreError) -> ControlReply? {
        guard try files.information(at: replyPath(id))?.kind == .file else { return nil }
        let bytes = try files.contents(
            at: replyPath(id),
            offset: 0,
            count: ControlReply.byteLimit
        )
        try files.remove(replyPath(id))
        return ControlReply(encoded: bytes)
            ?? ControlReply(isAccepted: false, message: "the answer cannot be read")
    }

    /// Takes a request back; what was taken up already is carried out all the same.
    ///
    /// - Returns: true when nobody had taken it up.
    /// - Throws: what keeps the file from being removed.
    package func withdraw(_ id: String) throws(RunStoreError) -> Bool {
        guard try files.information(at: requestPath(id)) != nil else { return false }
        try files.remove(requestPath(id))
        return true
    }

    private func requestPath(_ id: String) -> String { "\(path)/\(id).request" }

    private func replyPath(_ id: String) -> String { "\(path)/\(id).reply" }

    private static func identity(of name: String, suffix: String) -> String? {
        guard name.hasSuffix(suffix) else { return nil }
        let id = String(name.dropLast(suffix.count))
        return isIdentity(id) ? id : nil
    }

    @discardableResult
    private func removeIfPossible(_ name: String) -> Bool {
        // A directory of a stranger's making stays; nothing reads it.
        (try? files.remove("\(path)/\(name)")) != nil
    }
}
