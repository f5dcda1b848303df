private import Dispatch
private import Synchronization
package import Tiling

/// A journal on a disk of its own, of which the run directory keeps backups and recent commits.
///
/// Appending waits for the journal only. Recent commits are written on a queue of their own; when the
/// run directory is too slow for them, they are left out: a loss of the journal costs those tiles.
package final class MirroredJournal: JournalStore {
    /// The most commits that may wait for the run directory.
    package static let waitingLimit = 4096

    /// The journal.
    package let journal: RunJournal
    private let place: JournalPlace
    private let files: any FileSystem
    private let queue = DispatchQueue(label: "sectile.journal.mirror")

    private struct State {
        var waitingCount = 0
        var recent: RecentCommits
        var wantsBackUp = false
    }

    private let state: Mutex<State>

    /// Mirrors a journal into the run directory of its place.
    package init(
        _ journal: RunJournal,
        place: JournalPlace,
        files: any FileSystem
    ) throws(RunStoreError) {
        self.journal = journal
        self.place = place
        self.files = files
        state = Mutex(State(recent: try RecentCommits(path: place.recentFile, files: files)))
    }

    /// Makes entries durable in the journal.
    package func append(_ entries: [JournalEntry]) async throws(RunStoreError) {
        try await journal.append(entries)
        var commits: [RecentCommits.Commit] = []
        var takesBack = false
        for entry in entries {
            switch entry.record {
            case .committed(let result, let worker, _):
                commits.append(RecentCommits.Commit(result: result, worker: worker))
            case .resultDiscarded, .invalidated, .requeued, .workerDistrusted: takesBack = true
            default: break
            }
        }
        if takesBack || !commits.isEmpty { mirror(commits, takesBack: takesBack) }
    }

    private func mirror(_ commits: [RecentCommits.Commit], takesBack: Bool) {
        let isTooMuch = state.withLock { state in
            state.waitingCount += commits.count
            return state.waitingCount > Self.waitingLimit
        }
        queue.async { [self] in
            state.withLock { state in
                state.waitingCount -= commits.count
                // What was taken back must not be adopted; what stands between is computed again.
                if takesBack {
                    state.wantsBackUp = true
                    try? state.recent.reset()
                    try? files.remove(place.earlierFile)
                } else if !isTooMuch {
                    try? state.recent.append(commits)
                }
            }
        }
    }

    /// The partials of a round's committed units.
    package func partials(
        stage: Stage,
        round: Int
    ) async throws(RunStoreError) -> [(tile: TileID, partial: [UInt8])] {
        try await journal.partials(stage: stage, round: round)
    }

    /// The units of a round whose partials are not what was committed.
    package func damagedPartials(
        stage: Stage,
        round: Int
    ) async throws(RunStoreError) -> [WorkUnit] {
        try await journal.damagedPartials(stage: stage, round: round)
    }

    /// True when the last copy has results that were taken back since: a new one is due at once.
    package var wantsBackUp: Bool { state.withLock(\.wantsBackUp) }

    /// Commits from here on may or may not be in the next copy: they are kept beside it.
    private func setAside(_ state: inout State) throws(RunStoreError) {
        guard try files.information(at: place.earlierFile) == nil,
            try files.information(at: place.recentFile) != nil
        else { return }
        try files.rename(place.recentFile, to: place.earlierFile)
        state.recent = try RecentCommits(path: place.recentFile, files: files)
    }

    /// Puts a consistent copy of the journal into the run directory, by rename; blocks.
    ///
    /// Writers do not wait: the copy is of the state in which the call found the journal.
    package func backUp() throws(RunStoreError) {
        try queue.sync {
            state.withLock { state in
                state.wantsBackUp = false
                return Result { () throws(RunStoreError) in try setAside(&state) }
            }
        }.get()
        try place.backUp(from: journal.path, files: files)
        try files.remove(place.earlierFile)
    }
}
