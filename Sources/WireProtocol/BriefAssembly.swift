package import Tiling

/// The whole of a brief: what the units of a round are computed with.
package struct RoundBrief: Hashable, Sendable {
    /// The stage.
    package let stage: Stage
    /// Its round.
    package let round: Int
    /// Constants of earlier stages, and of earlier rounds of this one under its own name.
    package let constants: [Stage: [UInt8]]
    /// What the round reads beyond its tiles.
    package let halo: HaloIndex

    /// A brief.
    package init(stage: Stage, round: Int, constants: [Stage: [UInt8]], halo: HaloIndex = .none) {
        self.stage = stage
        self.round = round
        self.constants = constants
        self.halo = halo
    }
}

/// Puts the parts of a brief together as they come.
///
/// Parts come in order; one that does not follow what came before ends the assembly, and only a first
/// part begins another. What is kept is bounded by ``HaloIndex/maximumTiles`` records of each stage.
package struct BriefAssembly: Hashable, Sendable {
    private var first: StageBrief?
    private var lists: [ObjectList] = []
    private var nextPart = 0
    private var following = 0

    /// An assembly without parts.
    package init() {}

    /// Takes a part.
    ///
    /// - Returns: the whole brief, with its last part; nil before, and for a part that does not follow.
    package mutating func take(_ part: StageBrief) -> RoundBrief? {
        if part.part == 0 {
            first = part
            lists = []
        } else if let begun = first, begun.stage == part.stage, begun.round == part.round,
            part.part == nextPart, part.following == following - 1
        {
            // What follows is the same brief.
        } else {
            self = BriefAssembly()
            return nil
        }
        nextPart = part.part + 1
        following = part.following
        guard part.objects.allSatisfy({ add($0) }), let begun = first else {
            self = BriefAssembly()
            return nil
        }
        guard following == 0 else { return nil }
        defer { self = BriefAssembly() }
        return RoundBrief(
            stage: begun.stage,
            round: begun.round,
            constants: begun.constants,
            halo: HaloIndex(lists)
        )
    }

    /// Appends to the last list, or begins the next one.
    private mutating func add(_ list: ObjectList) -> Bool {
        if let last = lists.last, last.stage == list.stage {
            return last.count + list.count <= HaloIndex.maximumTiles
                && lists[lists.count - 1].append(list)
        }
        guard lists.last.map({ $0.stage < list.stage }) ?? true,
            list.count <= HaloIndex.maximumTiles
        else { return false }
        lists.append(list)
        return true
    }
}
