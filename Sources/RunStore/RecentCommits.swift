import ContentDigest
private import Foundation
package import Tiling

/// Commits since the last backup of a journal that lies elsewhere, in a file of the run directory.
///
/// Objects alone say nothing of digests and partial sums; with them, tiles that were committed after
/// the backup can be compared and adopted when the journal is lost. Appended to after each durable
/// transaction, as well as the storage can: what is missing or torn is computed again.
package struct RecentCommits: Sendable {
    /// A commit.
    package struct Commit: Hashable, Sendable {
        /// What was committed.
        package var result: TileResult
        /// By whom.
        package var worker: String

        /// A commit of a worker's result.
        package init(result: TileResult, worker: String) {
            self.result = result
            self.worker = worker
        }
    }

    private struct Header: Codable {
        var result: TileResult
        var worker: String
    }

    /// The file.
    package let path: String
    private let files: any FileSystem
    /// Its length, bytes: where the next record goes.
    private var length: Int

    private static let mark: [UInt8] = Array("SCTR".utf8)
    private static let frontBytes = 12
    private static let checkBytes = 12
    private static let headerLimit = 64 << 10

    /// The commits in a file, which may not exist.
    package init(path: String, files: any FileSystem) throws(RunStoreError) {
        self.path = path
        self.files = files
        length = try files.information(at: path)?.bytes ?? 0
    }

    /// Adds commits; not durable before the storage makes them so.
    package mutating func append(_ commits: [Commit]) throws(RunStoreError) {
        var bytes: [UInt8] = []
        for commit in commits { bytes += Self.record(of: commit) }
        guard !bytes.isEmpty else { return }
        try files.write(bytes, to: path, offset: length)
        length += bytes.count
    }

    /// Forgets all.
    package mutating func reset() throws(RunStoreError) {
        try files.remove(path)
        length = 0
    }

    private static func record(of commit: Commit) -> [UInt8] {
        let result = commit.result
        let bare = TileResult(
            lease: result.lease,
            object: result.object,
            partial: [],
            cost: result.cost
        )
        let header =
            (try? JSONEncoder().encode(Header(result: bare, worker: commit.worker))) ?? Data()
        let body = Array(header) + result.partial
        return mark + bytes(of: header.count) + bytes(of: result.partial.count) + body
            + Array(ContentDigest(of: body).hexadecimal.utf8.prefix(checkBytes))
    }

    private static func bytes(of count: Int) -> [UInt8] {
        (0..<4).map { UInt8(truncatingIfNeeded: count >> (8 * $0)) }
    }

    private static func count(in bytes: ArraySlice<UInt8>) -> Int {
        bytes.reversed().reduce(0) { $0 << 8 | Int($1) }
    }

    /// Reads the commits of a file, one after the other, up to its end or the first damage.
    package static func forEach(
        in path: String,
        files: any FileSystem,
        _ body: (Commit) throws -> Void
    ) throws {
        var offset = 0
        while let (commit, next) = try commit(in: path, at: offset, files: files) {
            try body(commit)
            offset = next
        }
    }

    private static func commit(
        in path: String,
        at offset: Int,
        files: any FileSystem
    ) throws -> (Commit, next: Int)? {
        guard try files.information(at: path)?.kind == .file else { return nil }
        let front = try files.contents(at: path, offset: offset, count: frontBytes)
        guard front.count == frontBytes, Array(front[0..<4]) == mark else { return nil }
        let headerCount = count(in: front[4..<8])
        let partialCount = count(in: front[8..<12])
        guard headerCount <= headerLimit, partialCount <= TileResult.maximumPartialBytes else {
            return nil
        }
        let bodyCount = headerCount + partialCount
        let rest = try files.contents(
            at: path,
            offset: offset + frontBytes,
            count: bodyCount + checkBytes
        )
        guard rest.count == bodyCount + checkBytes else { return nil }
        let body = Array(rest.prefix(bodyCount))
        let check = Array(ContentDigest(of: body).hexadecimal.utf8.prefix(checkBytes))
        guard Array(rest.suffix(checkBytes)) == check,
            let header = try? JSONDecoder().decode(
                Header.self,
                from: Data(body.prefix(headerCount))
            )
        else { return nil }
        let result = TileResult(
            lease: header.result.lease,
            object: header.result.object,
            partial: Array(body.dropFirst(headerCount)),
            cost: header.result.cost
        )
        return (
            Commit(result: result, worker: header.worker),
            offset + frontBytes + bodyCount + checkBytes
        )
    }
}
