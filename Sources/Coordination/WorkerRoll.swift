import RunStore

/// All workers that a run ever saw, by number: four bytes say who committed a unit.
///
/// It grows by an entry for each worker process that joins, about 200 bytes.
struct WorkerRoll: Sendable {
    private var entries: [(id: String, host: String, key: String)] = []
    private var numbers: [String: Int32] = [:]

    /// Number of workers.
    var count: Int { entries.count }

    /// The number of a worker, a new one when it has none.
    mutating func number(of id: String) -> Int32 {
        if let known = numbers[id] { return known }
        let number = Int32(clamping: entries.count)
        entries.append((id, "", ""))
        numbers[id] = number
        return number
    }

    /// Enters a worker with its host and key, empty when that is not known.
    mutating func enter(_ id: String, host: String, key: String = "") {
        let index = Int(number(of: id))
        entries[index].host = host
        if !key.isEmpty { entries[index].key = key }
    }

    /// The number of a worker; nil when it has none.
    func knownNumber(of id: String) -> Int32? { numbers[id] }

    /// The host of a worker; empty when it is not known.
    func host(of id: String) -> String {
        knownNumber(of: id).flatMap { entry($0)?.host } ?? ""
    }

    /// Where a worker runs and with which key; nil when that is not known.
    func place(of id: String) -> WorkerPlace? {
        guard let number = knownNumber(of: id), let entry = entry(number), !entry.key.isEmpty else {
            return nil
        }
        return WorkerPlace(host: entry.host, key: entry.key)
    }

    /// Identity, host and key of a number; nil for -1 and others that nobody has.
    func entry(_ number: Int32) -> (id: String, host: String, key: String)? {
        entries.indices.contains(Int(number)) ? entries[Int(number)] : nil
    }
}
