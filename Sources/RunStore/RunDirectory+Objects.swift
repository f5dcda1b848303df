import ContentDigest
package import Tiling

/// How much of a tile object is looked at before its result is committed.
package enum ObjectCheck: String, Hashable, Sendable, Codable, CaseIterable {
    /// It exists with the stated size.
    case size
    /// It also has the stated SHA-256.
    case digest
}

/// Looks at tile objects on behalf of the coordinator: a seam, because objects may be elsewhere.
package protocol ObjectVerifier: Sendable {
    /// Compares an object with its description; blocks.
    ///
    /// - Returns: nil when it is as described, else one sentence that says what was found.
    func discrepancy(of object: TileObject) -> String?
    /// Compares a committed object with all of its description, its digest above all; blocks.
    ///
    /// - Returns: nil when it is as described or cannot be judged now, else one sentence that says what
    ///   was found.
    func damage(of object: TileObject) -> String?
    /// Removes an object that no commit names; blocks. What cannot be removed is left to the sweep.
    func discard(_ key: TileObjectKey)
}

/// Looks at the objects in a run directory.
package struct DirectoryObjectVerifier: ObjectVerifier {
    private let directory: RunDirectory
    private let check: ObjectCheck

    /// A verifier of the objects in a directory.
    package init(directory: RunDirectory, check: ObjectCheck) {
        self.directory = directory
        self.check = check
    }

    /// What is wrong with an object; nil when it is as described.
    package func discrepancy(of object: TileObject) -> String? {
        discrepancy(of: object, check)
    }

    /// What is wrong with a committed object, its digest included; nil when it is as described.
    ///
    /// Also nil while the storage does not answer: an outage must not cost commits.
    package func damage(of object: TileObject) -> String? {
        directory.believing(discrepancy(of: object, .digest))
    }

    private func discrepancy(of object: TileObject, _ check: ObjectCheck) -> String? {
        let path = directory.path(of: object.key)
        do {
            guard let information = try directory.files.information(at: path) else {
                return "\(object.key) is missing"
            }
            guard information.kind == .file else { return "\(object.key) is no regular file" }
            guard information.bytes == object.bytes else {
                return "\(object.key) has \(information.bytes) bytes instead of \(object.bytes)"
            }
            guard check == .digest else { return nil }
            let digest = try directory.files.digest(at: path)
            guard digest == object.fileDigest else {
                return "\(object.key) has the digest \(digest.short) instead of "
                    + "\(object.fileDigest.short)"
            }
            return nil
        } catch {
            return "\(object.key) cannot be read: \(error)"
        }
    }

    /// Removes an object; what cannot be removed is left to the sweep.
    package func discard(_ key: TileObjectKey) {
        // What stays behind costs space and nothing else; the sweep finds it again.
        _ = try? directory.files.remove(directory.path(of: key))
    }
}

extension RunDirectory {
    /// What a sweep removed.
    package struct SweepReport: Hashable, Sendable {
        /// Paths within `tiles/`, in ascending order.
        package var removed: [String] = []
        /// Size of the removed files, bytes.
        package var removedBytes = 0
    }

    /// Removes tile files that no commit names.
    ///
    /// Only files whose names are those of tile objects, or of their temporary and side files, are
    /// ever touched; files of the leases in `open` may still be needed and stay.
    ///
    /// - Parameters:
    ///   - committed: the keys that the journal names.
    ///   - open: leases whose workers may be alive.
    ///   - isDryRun: true to remove nothing and only say what would be.
    /// - Returns: what was removed.
    /// - Throws: what keeps a directory from being listed or a file from being removed.
    package func sweep(
        committed: Set<TileObjectKey>,
        open: Set<LeaseID>,
        isDryRun: Bool = false
    ) throws(RunStoreError) -> SweepReport {
        var report = SweepReport()
        for directoryName in try files.names(in: tilesDirectory) {
            let directoryPath = "\(tilesDirectory)/\(directoryName)"
            guard try files.information(at: directoryPath)?.kind == .directory else { continue }
            for name in try files.names(in: directoryPath) {
                let relative = "\(directoryName)/\(name)"
                guard let key = Self.key(ofFile: name, in: directoryName),
                    !committed.contains(key), !open.contains(key.lease),
                    let information = try files.information(at: "\(directoryPath)/\(name)"),
                    information.kind == .file
                else { continue }
                if !isDryRun { try files.remove("\(directoryPath)/\(name)") }
                report.removed.append(relative)
                report.removedBytes += information.bytes
            }
        }
        return report
    }

    /// The object that a file belongs to: itself, its temporary form, or a side file of GDAL's.
    ///
    /// Nil for every other name, also for one that merely looks similar.
    package static func key(ofFile name: String, in directoryName: String) -> TileObjectKey? {
        var base = name[...]
        if base.first == "." { base = base.dropFirst() }
        for suffix in [".tmp", ".aux.xml"] where base.hasSuffix(suffix) {
            base = base.dropLast(suffix.count)
        }
        return TileObjectKey(path: "\(directoryName)/\(base)")
    }
}
