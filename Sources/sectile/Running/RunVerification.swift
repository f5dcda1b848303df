import ContentDigest
import Coordination
import Execution
import Foundation
import Regression
import RunStore
import Tiling

/// Computes committed units again and compares what comes out with the journal.
struct RunVerification {
    /// The run directory.
    let opened: RunDirectory
    /// The journal.
    let reader: JournalReader

    /// What came of a unit.
    enum Finding: Sendable {
        /// The same samples and sums.
        case same
        /// Other samples or sums; the sentence names both provenances.
        case different(String)
        /// It could not be computed here.
        case failed(String)
    }

    /// A committed unit, chosen to be computed again.
    struct Sample: Sendable {
        /// How it was computed.
        var result: StoredResult
        /// Its partial sums.
        var partial: [UInt8]
        /// How it is computed.
        var recipe: UnitRecipe
    }

    /// Draws units: the same ones for the same seed and the same committed units.
    func samples(count: Int, seed: UInt64) throws -> [Sample] {
        let snapshot = try reader.snapshot()
        let plan = try reader.plan()
        var state = RunState.restored(
            from: snapshot,
            plan: plan,
            identity: RunIdentity(
                runID: opened.runID,
                epoch: snapshot.epoch + 1,
                build: Version.identity,
                runDirectory: opened.path,
                storageProbe: opened.probeToken
            )
        )
        // The first event takes the rounds up; what would follow from it is nobody's business here.
        _ = state.apply(.timePassed, at: WorldClock().now)
        // What reads tiles that were removed on purpose cannot be computed any more.
        var units = snapshot.units.filter { unit in
            unit.state == .committed
                && snapshot.removedStages.isDisjoint(with: Self.stagesRead(by: unit.unit.stage))
        }.map(\.unit)
        var generator = SplitMix64(seed: seed)
        units.shuffle(using: &generator)
        let recipes = state.recipes(of: Array(units.prefix(count)))
        return try units.prefix(count).compactMap { unit in
            guard let recipe = recipes[unit], let partial = try reader.partial(of: unit),
                let result = try reader.result(of: unit)
            else { return nil }
            return Sample(result: result, partial: partial, recipe: recipe)
        }
    }

    private static func stagesRead(by stage: Stage) -> Set<Stage> {
        stage == .balance ? [.prepare] : Set(stage.haloStages)
    }

    /// Computes a unit again, in a scratch directory that is removed.
    func verify(
        _ sample: Sample,
        specification: [UInt8],
        on computer: StageComputer,
        in scratch: String
    )
        -> Finding
    {
        let lease = sample.result.lease
        let request = TileRequest(
            lease: lease,
            core: sample.recipe.core,
            inputs: sample.recipe.inputs,
            specification: specification,
            constants: sample.recipe.constants,
            runDirectory: scratch,
            halo: sample.recipe.halo
        )
        do {
            let again = try computer.compute(request, cancellation: CancellationFlag())
            try? FileManager.default.removeItem(atPath: "\(scratch)/tiles/\(again.object.key)")
            let committed = sample.result.object.samplesDigest
            if again.object.samplesDigest == committed, again.partial == sample.partial {
                return .same
            }
            return .different(difference(sample, again))
        } catch { return .failed("\(lease.unit): \(error)") }
    }

    private func difference(_ sample: Sample, _ again: TileResult) -> String {
        let lease = sample.result.lease
        let time = Timestamps.text(of: Date(timeIntervalSince1970: sample.result.committedSeconds))
        let worker = (try? reader.workers())?.first { $0.description.id == sample.result.worker }
        let place = worker.map {
            " on \($0.description.host) (process \($0.description.processID), "
                + "\($0.description.build))"
        }
        let isOfSamples = again.object.samplesDigest != sample.result.object.samplesDigest
        let what = isOfSamples ? "samples" : "partial sums"
        let committed =
            isOfSamples
            ? sample.result.object.samplesDigest : ContentDigest(of: sample.partial)
        let found = isOfSamples ? again.object.samplesDigest : ContentDigest(of: again.partial)
        return "\(lease.unit): committed \(what) \(committed.short), attempt \(lease.attempt) by "
            + "worker \(sample.result.worker.prefix(8))\(place ?? "") at \(time); computed again "
            + "\(found.short), by process \(ProcessFacts.processID) on \(ProcessFacts.host) "
            + "(\(Version.all.map { "\($0.name) \($0.version)" }.joined(separator: ", ")))"
    }
}

/// Reads objects of a run directory on behalf of computations that write elsewhere.
struct ObjectsElsewhere: ObjectStore {
    /// The run directory that is read.
    let directory: String

    func withFile<Outcome>(
        of object: TileObject,
        for request: TileRequest,
        cancellation: CancellationFlag,
        _ body: (_ path: String) throws -> Outcome
    ) throws -> Outcome {
        try body("\(directory)/tiles/\(object.key)")
    }

    func withInput<Outcome>(
        at relativePath: String,
        for request: TileRequest,
        cancellation: CancellationFlag,
        _ body: (_ path: String) throws -> Outcome
    ) throws -> Outcome {
        try body("\(directory)/\(relativePath)")
    }
}

/// Steele, Lea and Flood's SplitMix64 (OOPSLA 2014): the same draws for the same seed, for ever.
struct SplitMix64: RandomNumberGenerator {
    private var state: UInt64

    /// A generator from a seed.
    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
