import ContentDigest
import Coordination
import Lattice
import Messaging
import RunStore
import SimulationKit
import Testing
import Tiling
import WireProtocol

/// A run's state with a clock and shorthands for what peers say; invariants hold after every step.
struct Scene {
    static let build = BuildIdentity(version: "1", gdal: "3.6.2", proj: "9.1.1")

    private(set) var state: RunState
    private(set) var now = MonotonicInstant(nanoseconds: 0)
    let plan: RunPlan

    /// A run of `tiles` tiles in a row, of costs 1, 2, 3, …, in some stages.
    init(
        tiles: Int = 2,
        stages: [Stage] = [.prepare, .balance],
        policy: LeasePolicy = Scene.policy,
        snapshot: JournalSnapshot? = nil
    ) {
        plan = Scene.plan(tiles: tiles, stages: stages)
        let identity = RunIdentity(
            runID: "run",
            epoch: snapshot?.epoch ?? 1,
            build: Scene.build,
            runDirectory: "/run",
            storageProbe: "probe"
        )
        if let snapshot {
            state = RunState.restored(
                from: snapshot,
                plan: plan,
                identity: identity,
                policy: policy
            )
        } else {
            state = RunState(plan: plan, identity: identity, policy: policy)
        }
    }

    static let policy: LeasePolicy = {
        var policy = LeasePolicy()
        policy.speculates = false
        return policy
    }()

    static func plan(tiles: Int, stages: [Stage]) -> RunPlan {
        let all = (0..<tiles).map { column in
            Tile(
                id: TileID(row: 0, column: column),
                core: CellWindow(rows: 0..<4, columns: column * 4..<column * 4 + 4),
                cost: column + 1
            )
        }
        return RunPlan(
            name: "scene",
            stages: stages.map {
                StagePlan(stage: $0, tiles: all, modelDigest: ContentDigest(of: $0.rawValue))
            },
            specification: [5]
        )
    }

    /// The connection of a worker by its number.
    static func peer(_ worker: Int) -> PeerID { PeerID(bytes: [UInt8(worker)]) }

    /// A worker's identity by its number.
    static func id(_ worker: Int) -> WorkerID {
        let digits = "00000000000\(worker)".suffix(12)
        guard let id = WorkerID("00000000-0000-0000-0000-\(digits)") else {
            preconditionFailure("no identity for \(worker)")
        }
        return id
    }

    static func lease(_ column: Int, _ attempt: Int = 1, _ stage: Stage = .prepare, round: Int = 0)
        -> LeaseID
    {
        LeaseID(
            unit: WorkUnit(stage: stage, round: round, tile: TileID(row: 0, column: column)),
            attempt: Attempt(attempt)
        )
    }

    static func result(_ lease: LeaseID, samples: String = "same", nonce: UInt32 = 1) -> TileResult
    {
        TileResult(
            lease: lease,
            object: TileObject(
                key: TileObjectKey(lease: lease, nonce: nonce),
                bytes: 10,
                fileDigest: ContentDigest(of: "file"),
                samplesDigest: ContentDigest(of: samples)
            ),
            partial: [1],
            cost: TileCost()
        )
    }

    /// A greeting of a worker.
    static func hello(
        _ worker: Int,
        slots: Int = 1,
        credit: Int? = nil,
        running: [LeaseID] = [],
        unacknowledged: [TileResult] = [],
        transportsObjects: Bool = false
    ) -> WorkerHello {
        WorkerHello(
            workerID: id(worker),
            host: "node\(worker)",
            processID: 100 + worker,
            build: build,
            slots: slots,
            credit: credit ?? slots,
            memoryPerSlotBytes: 0,
            running: running,
            unacknowledged: unacknowledged,
            transportsObjects: transportsObjects
        )
    }

    /// Applies an event and returns its effects without log lines.
    @discardableResult
    mutating func apply(_ event: RunEvent) -> [RunEffect] {
        let effects = state.apply(event, at: now)
        let violations = state.invariantViolations()
        #expect(violations.isEmpty)
        return effects.filter { if case .log = $0 { false } else { true } }
    }

    /// Applies an event and returns its effects without log lines; invariants are the caller's business.
    @discardableResult
    mutating func applyUnchecked(_ event: RunEvent) -> [RunEffect] {
        state.apply(event, at: now).filter { if case .log = $0 { false } else { true } }
    }

    /// Applies an event and returns the names of what it logs.
    mutating func facts(_ event: RunEvent) -> [RunFact.Name] {
        state.apply(event, at: now).compactMap {
            if case .log(let fact) = $0 { fact.name } else { nil }
        }
    }

    /// What a worker says.
    @discardableResult
    mutating func say(
        _ worker: Int,
        _ message: WorkerMessage,
        peer: PeerID? = nil,
        key: String? = nil
    ) -> [RunEffect] {
        apply(
            .received(message, from: peer ?? Scene.peer(worker), userID: key ?? "key\(worker)")
        )
    }

    /// A worker's greeting.
    @discardableResult
    mutating func join(_ worker: Int, slots: Int = 1, credit: Int? = nil) -> [RunEffect] {
        say(worker, .hello(Scene.hello(worker, slots: slots, credit: credit)))
    }

    /// The greeting of a worker that runs on a host of this name.
    @discardableResult
    mutating func join(_ worker: Int, host: String) -> [RunEffect] {
        var hello = Scene.hello(worker)
        hello.host = host
        return say(worker, .hello(hello))
    }

    /// A worker reports a unit, and its object is found to be right.
    @discardableResult
    mutating func complete(_ worker: Int, _ lease: LeaseID, samples: String = "same")
        -> [RunEffect]
    {
        say(worker, .completed(Scene.result(lease, samples: samples)))
        return apply(.objectVerified(lease, discrepancy: nil))
    }

    /// A worker reports a failure.
    @discardableResult
    mutating func fail(_ worker: Int, _ lease: LeaseID, _ failureClass: FailureClass) -> [RunEffect]
    {
        say(
            worker,
            .failed(
                AttemptFailure(lease: lease, failureClass: failureClass, message: "because")
            )
        )
    }

    /// A worker's sign of life.
    @discardableResult
    mutating func beat(_ worker: Int, held: [LeaseID]) -> [RunEffect] {
        say(
            worker,
            .heartbeat(
                WorkerHeartbeat(
                    held: held,
                    residentBytes: 1,
                    wallClockSeconds: 0,
                    sequence: 7
                )
            )
        )
    }

    /// Lets time pass in the steps of the coordinator's timer.
    @discardableResult
    mutating func wait(milliseconds: Int) -> [RunEffect] {
        var effects: [RunEffect] = []
        var rest = milliseconds
        while rest > 0 {
            let step = min(rest, state.policy.tickMilliseconds)
            now = now.advanced(byMilliseconds: step)
            effects += apply(.timePassed)
            rest -= step
        }
        return effects
    }

    /// Lets time pass without a look at the timer: the process stood still.
    mutating func standStill(milliseconds: Int) {
        now = now.advanced(byMilliseconds: milliseconds)
    }
}

extension [RunEffect] {
    /// The leases granted, in order.
    var granted: [LeaseID] {
        flatMap { effect -> [LeaseID] in
            if case .send(.lease(let grants), _) = effect { grants.map(\.lease) } else { [] }
        }
    }

    /// Whether each lease granted is to run alone on its host, in order.
    var runAlone: [Bool] {
        flatMap { effect -> [Bool] in
            if case .send(.lease(let grants), _) = effect { grants.map(\.runsAlone) } else { [] }
        }
    }

    /// The peers that are granted leases, in order.
    var holders: [PeerID] {
        compactMap { effect -> PeerID? in
            if case .send(.lease, let peer) = effect { peer } else { nil }
        }
    }

    /// What is told of rounds, in order.
    var briefs: [StageBrief] {
        compactMap { effect -> StageBrief? in
            if case .send(.stage(let brief), _) = effect { brief } else { nil }
        }
    }

    /// The leases declared stale, in order.
    var stale: [LeaseID] {
        flatMap { effect -> [LeaseID] in
            if case .send(.stale(let leases), _) = effect { leases } else { [] }
        }
    }

    /// The leases acknowledged, in order.
    var committed: [LeaseID] {
        flatMap { effect -> [LeaseID] in
            if case .send(.committed(let leases), _) = effect { leases } else { [] }
        }
    }

    /// The refusals sent.
    var refusals: [RefusalCode] {
        compactMap { effect -> RefusalCode? in
            if case .send(.refuse(let refusal), _) = effect { refusal.code } else { nil }
        }
    }

    /// What is said of units about which others say otherwise, in order.
    var claims: [ResultClaim] {
        compactMap { effect -> ResultClaim? in
            if case .journal(.claimed(let claim)) = effect { claim } else { nil }
        }
    }

    /// Workers found to be wrong, in order.
    var distrusted: [String] {
        compactMap { effect -> String? in
            if case .journal(.workerDistrusted(let id, _)) = effect { id } else { nil }
        }
    }

    /// Units whose results were taken back, in order.
    var discarded: [WorkUnit] {
        compactMap { effect -> WorkUnit? in
            if case .journal(.resultDiscarded(let unit, _)) = effect { unit } else { nil }
        }
    }

    /// How attempts ended, in order.
    var ends: [AttemptEnd] {
        compactMap { effect -> AttemptEnd? in
            if case .journal(.attemptEnded(let end)) = effect { end } else { nil }
        }
    }

    /// Units quarantined, in order.
    var quarantined: [WorkUnit] {
        compactMap { effect -> WorkUnit? in
            if case .journal(.quarantined(let unit, _, _)) = effect { unit } else { nil }
        }
    }

    /// How the run ended.
    var outcome: RunOutcome? {
        compactMap { effect -> RunOutcome? in
            if case .finish(let outcome) = effect { outcome } else { nil }
        }.first
    }

    /// Rounds to be reduced.
    var reductions: [String] {
        compactMap { effect -> String? in
            if case .reduce(let stage, let round, _) = effect {
                "\(stage.rawValue) \(round)"
            } else {
                nil
            }
        }
    }
}

extension JournalImage {
    /// The journal of a plan's run that its first coordinator has just opened.
    static func opened(_ plan: RunPlan) -> JournalImage {
        var image = JournalImage(runID: "run", planDigest: plan.digest)
        image.raiseEpoch()
        return image
    }

    /// Keeps what effects make durable.
    mutating func append(_ effects: [RunEffect]) {
        append(
            effects.compactMap { effect in
                guard case .journal(let record) = effect else { return nil }
                return JournalEntry(record, cause: "1.1", wallSeconds: 0)
            }
        )
    }
}

extension TransferFile {
    /// The file of the resolved zones.
    static let zones: TransferFile = {
        guard let input = ResolvedInput(path: "inputs/zones.bin") else {
            preconditionFailure("the name of the zones is legal")
        }
        return .input(input)
    }()
}
