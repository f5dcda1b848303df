import RunStore
import Tiling

/// Where a unit stands within a round.
enum UnitState: UInt8 {
    /// It waits for a worker.
    case pending
    /// It waits for time to pass after a failure.
    case backingOff
    /// At least one worker holds a lease of it.
    case leased
    /// It has its result.
    case committed
    /// It will not be tried again unless an operator asks.
    case quarantined
    /// An earlier stage of the same tile is quarantined: there is nothing to compute from.
    case blocked
}

/// What went wrong with a unit so far.
struct FailureTally {
    /// Failures that count, by the worker that reported them, in order.
    var chargedWorkers: [String] = []
    /// Failures to read an input, and the workers that reported them, each once.
    var inputFailures = 0
    var inputWorkers: Set<String> = []
    /// Failures to read or write files.
    var storageFailures = 0
    /// Losses of the worker that computed it.
    var losses = 0
    /// The first two workers that were lost with it, and all their hosts, since the coordinator started.
    var lostWorkers: Set<String> = []
    var lostHosts: Set<String> = []
    /// True when it ran out of memory: it is tried with nothing beside it on its host.
    var exceededMemory = false

    /// Number of entries of all its collections.
    var count: Int {
        chargedWorkers.count + inputWorkers.count + lostWorkers.count + lostHosts.count
    }

    /// True when a worker failed it in a way that another may not.
    func wasFailed(by worker: String) -> Bool {
        inputWorkers.contains(worker) || chargedWorkers.contains(worker)
    }
}

/// One round of a stage: an array entry for each tile, nothing for what has not happened.
struct RoundState {
    /// The stage.
    let stage: Stage
    /// The round.
    let round: Int
    /// The tiles in row-major order; an ordinal indexes them.
    let tiles: [Tile]
    private(set) var states: [UnitState]
    /// Highest attempt number granted, by ordinal.
    var attempts: [Int32]
    /// Number of the worker that committed it, by ordinal; -1 for none.
    var committedBy: [Int32]
    /// Committed objects, by ordinal.
    var objects: [PackedObject]
    /// Failures, of the few units that have any.
    var tallies: [Int32: FailureTally] = [:]
    /// Units that wait after a failure, soonest first.
    private(set) var backoffs: [(until: MonotonicInstant, ordinal: Int32)] = []
    /// Number of units in each state, indexed by the state's number.
    private(set) var counts: [Int]
    /// Cost of all units that can be computed, and of those committed.
    private(set) var costTotal = 0
    private(set) var costDone = 0
    /// True when its reduction is journaled.
    var isReduced = false

    /// Ordinals by rank: largest cost first, then in tile order.
    private(set) var order: [Int32]
    private var rankOfOrdinal: [Int32]
    /// Ranks of the pending units.
    private(set) var pending: RankSet
    /// Next rank with the same preferred worker; -1 at the end.
    private var nextAlike: [Int32] = []
    private var preferredHead: [Int32: Int32] = [:]

    /// Bytes of the arrays that have an entry for each tile; the tiles are the plan's own.
    static var bytesPerUnit: Int {
        MemoryLayout<UnitState>.stride + MemoryLayout<PackedObject>.stride
            // attempts, committedBy, order, rankOfOrdinal, nextAlike
            + 5 * MemoryLayout<Int32>.stride
            // pending: a bit, and levels above it
            + 1
    }

    /// A round in which nothing has happened.
    init(stage: Stage, round: Int, tiles: [Tile]) {
        precondition(
            zip(tiles, tiles.dropFirst()).allSatisfy { $0.id < $1.id },
            "the tiles of a stage are in row-major order and occur once"
        )
        self.stage = stage
        self.round = round
        self.tiles = tiles
        let count = tiles.count
        states = [UnitState](repeating: .pending, count: count)
        attempts = [Int32](repeating: 0, count: count)
        committedBy = [Int32](repeating: -1, count: count)
        objects = [PackedObject](repeating: .none, count: count)
        counts = [Int](repeating: 0, count: 6)
        counts[Int(UnitState.pending.rawValue)] = count
        order = []
        rankOfOrdinal = []
        pending = RankSet(capacity: 0)
        for tile in tiles { costTotal &+= tile.cost }
        expand()
    }

    /// Makes the order of dispatch, also again after ``compact()``.
    mutating func expand() {
        guard order.isEmpty else { return }
        let count = tiles.count
        order = (0..<Int32(count)).sorted { left, right in
            let (first, second) = (tiles[Int(left)].cost, tiles[Int(right)].cost)
            return first == second ? left < right : first > second
        }
        rankOfOrdinal = [Int32](repeating: 0, count: count)
        pending = RankSet(capacity: count)
        for (rank, ordinal) in order.enumerated() {
            rankOfOrdinal[Int(ordinal)] = Int32(rank)
            if states[Int(ordinal)] == .pending { pending.insert(rank) }
        }
    }

    /// The unit of an ordinal.
    func unit(_ ordinal: Int32) -> WorkUnit {
        WorkUnit(stage: stage, round: round, tile: tiles[Int(ordinal)].id)
    }

    /// The ordinal of a tile, nil when the stage has no such tile.
    func ordinal(of tile: TileID) -> Int32? {
        var low = 0
        var high = tiles.count
        while low < high {
            let middle = (low + high) / 2
            if tiles[middle].id < tile { low = middle + 1 } else { high = middle }
        }
        return low < tiles.count && tiles[low].id == tile ? Int32(low) : nil
    }

    /// Where a unit stands.
    func state(of ordinal: Int32) -> UnitState { states[Int(ordinal)] }

    /// Number of units in a state.
    func count(_ state: UnitState) -> Int { counts[Int(state.rawValue)] }

    /// True when no unit can make progress any more.
    var isSettled: Bool {
        count(.pending) == 0 && count(.backingOff) == 0 && count(.leased) == 0
    }

    /// What is remembered of failures, waits and preferences: a few entries for a few units and workers.
    var rememberedCount: Int {
        tallies.values.reduce(tallies.count + backoffs.count + preferredHead.count) {
            $0 + $1.count
        }
    }

    /// The committed object of a tile, nil when there is none.
    func object(of tile: TileID) -> TileObject? {
        guard let ordinal = ordinal(of: tile), state(of: ordinal) == .committed else { return nil }
        return objects[Int(ordinal)].object(of: unit(ordinal))
    }

    /// The committed objects of all tiles.
    var objectList: ObjectList {
        var list = ObjectList(stage: stage, round: round)
        for (index, tile) in tiles.enumerated() where states[index] == .committed {
            objects[index].add(to: &list, tile: tile.id)
        }
        return list
    }

    /// The units that a worker committed, by its number in the roll.
    func ordinals(committedBy number: Int32) -> [Int32] {
        committedBy.indices.filter { committedBy[$0] == number && states[$0] == .committed }
            .map { Int32($0) }
    }

    /// Takes a commit back: the unit waits for a worker again.
    ///
    /// Who made it stays known: what followed from it may have to go with its other results.
    mutating func takeBack(_ ordinal: Int32) {
        expand()
        objects[Int(ordinal)] = .none
        set(ordinal, .pending)
    }

    /// Moves a unit to another state; a unit that backs off goes through ``backOff(_:until:)``.
    mutating func set(_ ordinal: Int32, _ new: UnitState) {
        let old = states[Int(ordinal)]
        guard old != new else { return }
        let cost = tiles[Int(ordinal)].cost
        switch old {
        case .pending: pending.remove(Int(rankOfOrdinal[Int(ordinal)]))
        case .backingOff: backoffs.removeAll { $0.ordinal == ordinal }
        case .committed: costDone &-= cost
        case .blocked, .quarantined: costTotal &+= cost
        case .leased: break
        }
        switch new {
        case .pending: pending.insert(Int(rankOfOrdinal[Int(ordinal)]))
        case .committed: costDone &+= cost
        case .blocked, .quarantined: costTotal &-= cost
        case .leased, .backingOff: break
        }
        states[Int(ordinal)] = new
        counts[Int(old.rawValue)] -= 1
        counts[Int(new.rawValue)] += 1
    }

    /// Makes a unit wait until a moment.
    mutating func backOff(_ ordinal: Int32, until: MonotonicInstant) {
        set(ordinal, .backingOff)
        let place =
            backoffs.firstIndex { (until, ordinal) < ($0.until, $0.ordinal) } ?? backoffs.endIndex
        backoffs.insert((until, ordinal), at: place)
    }

    /// Ends the waits that are over; true when there was one.
    mutating func endBackoffs(at now: MonotonicInstant) -> Bool {
        var isAny = false
        while let first = backoffs.first, first.until <= now {
            set(first.ordinal, .pending)
            isAny = true
        }
        return isAny
    }

    /// Lets each tile prefer the worker that computed it in an earlier stage.
    mutating func prefer(workersOf earlier: RoundState) {
        nextAlike = [Int32](repeating: -1, count: tiles.count)
        preferredHead = [:]
        for rank in order.indices.reversed() {
            let tile = tiles[Int(order[rank])].id
            guard let ordinal = earlier.ordinal(of: tile) else { continue }
            let worker = earlier.committedBy[Int(ordinal)]
            guard worker >= 0 else { continue }
            nextAlike[rank] = preferredHead[worker] ?? -1
            preferredHead[worker] = Int32(rank)
        }
    }

    /// The pending unit of least rank that prefers a worker, nil when there is none.
    mutating func preferred(by worker: Int32) -> Int32? {
        guard var rank = preferredHead[worker] else { return nil }
        // Units that are no longer pending are passed over for good: what is requeued goes to
        // whoever is free.
        while rank >= 0, !pending.contains(Int(rank)) { rank = nextAlike[Int(rank)] }
        guard rank >= 0 else {
            preferredHead[worker] = nil
            return nil
        }
        preferredHead[worker] = rank
        return order[Int(rank)]
    }

    /// Gives up what only a round under way needs.
    mutating func compact() {
        order = []
        rankOfOrdinal = []
        pending = RankSet(capacity: 0)
        nextAlike = []
        preferredHead = [:]
    }
}
