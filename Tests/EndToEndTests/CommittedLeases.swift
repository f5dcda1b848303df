import Testing
import Tiling

/// The attempts that were ever seen as committed: none may go or be replaced.
struct CommittedLeases {
    private(set) var leases: Set<LeaseID> = []

    /// Looks again and checks that what was committed still is, by the same attempt.
    mutating func grow(to directory: String) throws {
        let now = try CommittedTiles(directory: directory).leases()
        #expect(leases.subtracting(now).isEmpty, "committed tiles were computed again")
        leases = now
    }
}
