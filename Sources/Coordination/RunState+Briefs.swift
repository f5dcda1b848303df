import Tiling
import WireProtocol

// What a round is computed with, as its workers are told.

extension RunState {
    /// The parts of the current round's brief, made for the first session and kept for the others.
    ///
    /// It does not change within a round: when an object or a constant is lost, the run goes back to
    /// an earlier round and comes again.
    mutating func briefOfRound() -> [StageBrief] {
        if brief.isEmpty, let round = currentRound {
            brief = StageBrief.parts(
                stage: round.stage,
                round: round.round,
                constants: constants(before: round),
                halo: halo(of: round),
                partBytes: policy.briefPartBytes
            )
        }
        return brief
    }

    /// What a round is computed with: constants of earlier stages, and of its own earlier rounds.
    func constants(before round: RoundState) -> [Stage: [UInt8]] {
        var constants: [Stage: [UInt8]] = [:]
        for (stage, reductions) in reductions where stage <= round.stage {
            let last = stage == round.stage ? round.round - 1 : reductions.count - 1
            guard reductions.indices.contains(last) else { continue }
            switch reductions[last] {
            case .finished(let bytes), .anotherRound(let bytes): constants[stage] = bytes
            }
        }
        return constants
    }

    /// Indices of the last round of each stage before the current one, in stage order.
    var lastRoundsOfEarlierStages: [Int] {
        (0..<current).filter { index in
            rounds[index].stage < rounds[current].stage
                && rounds[index + 1].stage != rounds[index].stage
        }
    }

    /// Committed objects of all tiles of the stages that a round reads beyond its own tile.
    private func halo(of round: RoundState) -> HaloIndex {
        let wanted = round.stage.haloStages
        return HaloIndex(
            lastRoundsOfEarlierStages.filter { wanted.contains(rounds[$0].stage) }
                .map { rounds[$0].objectList }
        )
    }
}
