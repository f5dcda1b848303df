package import Tiling

/// What units of a round of a stage are computed with, or a part of it.
///
/// The constants, and the objects of whole stages where the round reads beyond its tiles
/// (``Stage/haloStages``). What does not fit one message is spread over several: the constants are in
/// the first part, lists go on from part to part. ``BriefAssembly`` puts parts together.
package struct StageBrief: Hashable, Sendable {
    /// The stage.
    package var stage: Stage
    /// Its round.
    package var round: Int
    /// Constants of earlier stages, and of earlier rounds of this one under its own name.
    package var constants: [Stage: [UInt8]]
    /// Committed objects of earlier stages, each stage once, in stage order.
    package var objects: [ObjectList]
    /// Number of this part, from 0.
    package var part: Int
    /// Parts that are still to come.
    package var following: Int

    /// A part of a brief; the only one unless said otherwise.
    package init(
        stage: Stage,
        round: Int,
        constants: [Stage: [UInt8]],
        objects: [ObjectList] = [],
        part: Int = 0,
        following: Int = 0
    ) {
        self.stage = stage
        self.round = round
        self.constants = constants
        self.objects = objects
        self.part = part
        self.following = following
    }

    /// A brief in as few parts as fit messages.
    ///
    /// - Parameters:
    ///   - stage: the stage.
    ///   - round: its round.
    ///   - constants: what goes whole into the first part.
    ///   - halo: what the round reads beyond its tiles.
    ///   - partBytes: most bytes of constants and records in a part; at least one record goes into a
    ///     part that has no constants.
    /// - Returns: one part or more, in order.
    package static func parts(
        stage: Stage,
        round: Int,
        constants: [Stage: [UInt8]],
        halo: HaloIndex,
        partBytes: Int = WireLimits.opaqueBytes
    ) -> [StageBrief] {
        var parts = [StageBrief(stage: stage, round: round, constants: constants)]
        var room = partBytes - constants.values.reduce(0) { $0 + $1.count }
        for list in halo.lists {
            var index = 0
            repeat {
                var count = max(0, min(list.count - index, room / ObjectList.recordBytes))
                if count == 0, index < list.count {
                    parts.append(StageBrief(stage: stage, round: round, constants: [:]))
                    room = partBytes
                    count = min(list.count - index, max(1, room / ObjectList.recordBytes))
                }
                // A stage without objects has a list as well: it was read, and had none.
                parts[parts.count - 1].objects.append(list.part(index..<index + count))
                index += count
                room -= count * ObjectList.recordBytes
            } while index < list.count
        }
        for index in parts.indices {
            parts[index].part = index
            parts[index].following = parts.count - 1 - index
        }
        return parts
    }
}
