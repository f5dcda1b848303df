/// How many lines of a kind may be written, so that whoever can cause lines cannot fill a disk.
///
/// A source of lines earns so many a minute and may have as many at once; all sources of a kind
/// together earn six times as many. What is left out is counted, and told with the next line that is
/// written. Memory is bounded: beyond ``sourceLimit`` sources only the kind's own allowance counts.
package struct LineAllowance: Sendable {
    /// Lines that a source may have in a minute.
    package static let linesPerMinute = 10.0
    /// Lines that all sources of a kind may have in a minute.
    package static let kindLinesPerMinute = 60.0
    /// Sources that are told apart.
    static let sourceLimit = 1024

    private struct Source: Hashable {
        let kind: String
        let name: String
    }

    private struct Bucket {
        var lines: Double
        var seconds: Double

        /// Earns what time brings, and tells whether there is a whole line.
        mutating func hasLine(at now: Double, perMinute rate: Double) -> Bool {
            lines = min(rate, lines + max(0, now - seconds) * rate / 60)
            seconds = now
            return lines >= 1
        }
    }

    private var kinds: [String: Bucket] = [:]
    private var sources: [Source: Bucket] = [:]
    private var omitted: [String: Int] = [:]
    private var forgottenAt = -Double.infinity

    /// Nothing was written yet.
    package init() {}

    /// Asks for a line.
    ///
    /// - Parameters:
    ///   - kind: of few kinds, such as an event's name.
    ///   - source: who caused it, such as an address; peers may choose it.
    ///   - now: seconds on a monotonic clock.
    /// - Returns: how many lines of the kind were left out since the last one; nil when this one is to
    ///   be left out, too.
    package mutating func take(kind: String, source: String, at now: Double) -> Int? {
        let name = Source(kind: kind, name: source)
        var all = kinds[kind] ?? Bucket(lines: Self.kindLinesPerMinute, seconds: now)
        var own = sources[name] ?? Bucket(lines: Self.linesPerMinute, seconds: now)
        let isAllowed =
            all.hasLine(at: now, perMinute: Self.kindLinesPerMinute)
            && own.hasLine(at: now, perMinute: Self.linesPerMinute)
        if isAllowed {
            all.lines -= 1
            own.lines -= 1
        }
        kinds[kind] = all
        if sources[name] == nil, sources.count >= Self.sourceLimit { forgetIdle(at: now) }
        if sources[name] != nil || sources.count < Self.sourceLimit { sources[name] = own }
        guard isAllowed else {
            omitted[kind, default: 0] += 1
            return nil
        }
        return omitted.removeValue(forKey: kind) ?? 0
    }

    /// Forgets sources that have earned everything again: they are as good as new ones.
    ///
    /// Not for each line, or a flood of new names would cost more than the lines.
    private mutating func forgetIdle(at now: Double) {
        guard now >= forgottenAt + 10 else { return }
        forgottenAt = now
        sources = sources.filter { $0.value.seconds + 60 > now }
    }
}
