internal import ContentDigest

/// Files that were fetched or made here, as far as they fit: those unused for longest go first.
///
/// A value: the owner removes the files that ``takeSurplus()`` names. A file that is lent is never
/// removed, so what is lent at a time may go beyond the limit.
struct FileCache {
    /// What a file is known by.
    enum Name: Hashable {
        case object(ContentDigest)
        case input(String)
    }

    private struct Entry {
        let path: String
        let bytes: Int
        var loans: Int
        var lastUse: UInt64
    }

    private let limitBytes: Int
    private var entries: [Name: Entry] = [:]
    private var useCount: UInt64 = 0

    /// Size of all files, bytes.
    private(set) var byteCount = 0

    init(limitBytes: Int) {
        self.limitBytes = limitBytes
    }

    /// Where the files lie.
    var paths: [String] { entries.values.map(\.path) }

    /// Lends a file that is there; each loan ends with ``giveBack(_:)``.
    mutating func lend(_ name: Name) -> String? {
        guard var entry = entries[name] else { return nil }
        useCount += 1
        entry.loans += 1
        entry.lastUse = useCount
        entries[name] = entry
        return entry.path
    }

    /// Adds a file, lent already `loans` times.
    ///
    /// - Returns: a path that is not needed any more: the file was there already.
    mutating func add(_ name: Name, path: String, bytes: Int, loans: Int) -> String? {
        useCount += 1
        if var known = entries[name] {
            known.loans += loans
            known.lastUse = useCount
            entries[name] = known
            return known.path == path ? nil : path
        }
        entries[name] = Entry(path: path, bytes: bytes, loans: loans, lastUse: useCount)
        byteCount += bytes
        return nil
    }

    /// Where a file lies; nil when it is not there.
    func path(of name: Name) -> String? { entries[name]?.path }

    /// Ends a loan.
    mutating func giveBack(_ name: Name) {
        guard let loans = entries[name]?.loans, loans > 0 else { return }
        entries[name]?.loans = loans - 1
    }

    /// Forgets a file that was found to be wrong; its path, unless others still read it.
    mutating func forget(_ name: Name) -> String? {
        guard let entry = entries[name], entry.loans == 0 else { return nil }
        entries[name] = nil
        byteCount -= entry.bytes
        return entry.path
    }

    /// Forgets what is beyond the limit, and names the files.
    mutating func takeSurplus() -> [String] {
        var surplus: [String] = []
        while byteCount > limitBytes,
            let oldest = entries.filter({ $0.value.loans == 0 })
                .min(by: { $0.value.lastUse < $1.value.lastUse })
        {
            surplus.append(oldest.value.path)
            byteCount -= oldest.value.bytes
            entries[oldest.key] = nil
        }
        return surplus
    }
}
