/// Requests of peers for pieces of files, answered in turns.
///
/// A value without clock, network or disk. Each peer has a short queue: an honest one never fills it,
/// because it keeps within ``TransferLimits/perSource`` requests, and what is beyond is dropped and
/// asked for again. Pieces on their way count against the limit of all; a peer's next request proves
/// that an earlier piece arrived, and time gives back what nothing proves.
package struct FileService<Source: Hashable & Sendable>: Sendable {
    /// What shall be read and sent.
    package struct Reading: Hashable, Sendable {
        /// What is asked for.
        package var request: FileRequest
        /// Who asks.
        package var source: Source
    }

    private struct Sent {
        var source: Source
        var at: Int
    }

    private let limits: TransferLimits
    private var queues: [Source: [FileRequest]] = [:]
    /// Peers with requests, in the order of their turns.
    private var turns: [Source] = []
    private var isReading = false
    private var sent: [Sent] = []

    /// Nobody has asked for anything yet.
    package init(limits: TransferLimits = TransferLimits()) {
        self.limits = limits
    }

    /// Requests that wait.
    package var waitingCount: Int { queues.values.reduce(0) { $0 + $1.count } }

    /// Takes a request in; one that waits already, or is beyond the bound, is dropped.
    package mutating func take(_ request: FileRequest, from source: Source) {
        if let proven = sent.firstIndex(where: { $0.source == source }) {
            sent.remove(at: proven)
        }
        let queue = queues[source] ?? []
        guard queue.count < 2 * limits.perSource, !queue.contains(request) else { return }
        if queue.isEmpty { turns.append(source) }
        queues[source] = queue + [request]
    }

    /// The next piece to read; nil while one is being read, none is wanted, or enough is on its way.
    ///
    /// ``answered(_:at:)`` follows each.
    package mutating func next() -> Reading? {
        guard !isReading, sent.count < limits.total, let source = turns.first else { return nil }
        turns.removeFirst()
        guard var queue = queues[source], !queue.isEmpty else { return nil }
        let request = queue.removeFirst()
        queues[source] = queue.isEmpty ? nil : queue
        if !queue.isEmpty { turns.append(source) }
        isReading = true
        return Reading(request: request, source: source)
    }

    /// The piece that was read last was sent, or there is nobody to send it to.
    package mutating func answered(_ source: Source, at now: Int) {
        isReading = false
        sent.append(Sent(source: source, at: now))
    }

    /// A peer is gone.
    package mutating func lose(_ source: Source) {
        queues[source] = nil
        turns.removeAll { $0 == source }
        sent.removeAll { $0.source == source }
    }

    /// Gives back what nothing has proven to have arrived.
    package mutating func passTime(at now: Int) {
        sent.removeAll { $0.at <= now - limits.patienceMilliseconds }
    }
}
