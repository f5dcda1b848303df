import Tiling
import WireProtocol

/// The leases that were taken from workers that are gone, for when they come back with late results.
struct Departures: Sendable {
    /// What is remembered of a worker.
    struct Entry: Sendable {
        /// The key that its connection proved; nil when it has not come back since a restart.
        var userID: String?
        /// Leases that were taken from it lately.
        var revoked: [LeaseID]
    }

    private var entries: [WorkerID: Entry] = [:]
    /// Workers in the order in which they left.
    private var order: [WorkerID] = []

    /// Number of workers and leases that are remembered.
    var count: Int { entries.values.reduce(order.count) { $0 + $1.revoked.count } }

    /// Remembers a worker that had leases taken away, and forgets the earliest ones beyond a limit.
    mutating func keep(_ entry: Entry, of worker: WorkerID, limit: Int) {
        guard !entry.revoked.isEmpty else { return }
        if entries.updateValue(entry, forKey: worker) != nil { order.removeAll { $0 == worker } }
        order.append(worker)
        while order.count > limit { entries[order.removeFirst()] = nil }
    }

    /// Adds a lease to what is remembered of a worker.
    mutating func add(_ lease: LeaseID, of worker: WorkerID, limit: Int) {
        var entry = entries[worker] ?? Entry(userID: nil, revoked: [])
        guard entry.revoked.count < WorkerRecord.revokedLimit else { return }
        entry.revoked.append(lease)
        keep(entry, of: worker, limit: limit)
    }

    /// Takes out the leases of a worker that comes back; none when it shows another key.
    mutating func take(_ worker: WorkerID, userID: String) -> [LeaseID] {
        guard let entry = entries[worker], entry.userID ?? userID == userID else { return [] }
        entries[worker] = nil
        order.removeAll { $0 == worker }
        return entry.revoked
    }
}
