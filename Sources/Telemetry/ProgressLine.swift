/// The line that tells how far a run is.
///
/// `prepare 12/20 tiles · 412/9800 4.2 %  3.1 tiles/s  38 workers  3 retried  1 quarantined  ETA 2h11m`
package struct ProgressLine: Sendable {
    /// The stage that runs now, or the last.
    package var stage: String
    /// Committed and all tiles of that stage.
    package var stageDone: Int
    /// All tiles of that stage.
    package var stageTotal: Int
    /// Committed tiles of all stages.
    package var done: Int
    /// All tiles of all stages.
    package var total: Int
    /// Tiles per second, recently.
    package var tilesPerSecond: Double
    /// Workers in session.
    package var workers: Int
    /// Attempts beyond the first.
    package var retried: Int
    /// Quarantined tiles.
    package var quarantined: Int
    /// Estimated time to the end, seconds; nil when unknown.
    package var remainingSeconds: Double?

    /// A state of progress.
    package init(
        stage: String,
        stageDone: Int,
        stageTotal: Int,
        done: Int,
        total: Int,
        tilesPerSecond: Double,
        workers: Int,
        retried: Int,
        quarantined: Int,
        remainingSeconds: Double?
    ) {
        self.stage = stage
        self.stageDone = stageDone
        self.stageTotal = stageTotal
        self.done = done
        self.total = total
        self.tilesPerSecond = tilesPerSecond
        self.workers = workers
        self.retried = retried
        self.quarantined = quarantined
        self.remainingSeconds = remainingSeconds
    }

    /// The line.
    package var text: String {
        let share = Self.oneDecimal(100 * Double(done) / Double(max(total, 1)))
        var parts = [
            "\(done)/\(total) tiles \(share) %",
            "\(stage) \(stageDone)/\(stageTotal)",
            "\(Self.oneDecimal(tilesPerSecond)) tiles/s",
            workers == 1 ? "1 worker" : "\(workers) workers",
        ]
        if retried > 0 { parts.append("\(retried) retried") }
        if quarantined > 0 { parts.append("\(quarantined) quarantined") }
        parts.append("ETA \(remainingSeconds.map(Self.duration) ?? "?")")
        return parts.joined(separator: "  ")
    }

    /// A duration as `2h11m`, `3m05s` or `12s`.
    package static func duration(_ seconds: Double) -> String {
        guard seconds.isFinite, seconds >= 0, seconds < 1e9 else { return "?" }
        let whole = Int(seconds.rounded())
        let minutes = whole / 60
        if whole < 60 { return "\(whole)s" }
        if minutes < 60 { return "\(minutes)m\(twoDigits(whole % 60))s" }
        return "\(minutes / 60)h\(twoDigits(minutes % 60))m"
    }

    private static func twoDigits(_ value: Int) -> String { value < 10 ? "0\(value)" : "\(value)" }

    /// A number with one digit after the point; a question mark for one that is none.
    package static func oneDecimal(_ value: Double) -> String {
        guard value.isFinite, abs(value) < 1e12 else { return "?" }
        let tenths = Int((value * 10).rounded())
        return "\(tenths / 10).\(abs(tenths % 10))"
    }
}
