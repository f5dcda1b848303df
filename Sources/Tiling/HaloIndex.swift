/// What a unit may read beyond its own tile: the committed objects of all tiles of its halo stages.
///
/// One for all units of a round; copies share their storage. A quarantined tile has no object.
package struct HaloIndex: Hashable, Sendable {
    /// One list for each stage of ``Stage/haloStages`` that the run has, in stage order.
    package private(set) var lists: [ObjectList]

    /// The most tiles of a stage that another one may read as a whole.
    ///
    /// It bounds what a session's greeting costs and what a worker keeps: 11 MiB for each stage.
    package static let maximumTiles = 131_072

    /// The index of a round that reads nothing beyond its own tile.
    package static let none = HaloIndex([])

    /// An index of lists in stage order, each stage once.
    package init(_ lists: [ObjectList]) {
        precondition(
            zip(lists, lists.dropFirst()).allSatisfy { $0.stage < $1.stage },
            "the lists of an index are in stage order and occur once"
        )
        self.lists = lists
    }

    /// The committed object of a tile; nil when the tile is quarantined or outside the plan, or the
    /// stage is not among those that are read beyond the tile.
    package func object(of tile: TileID, stage: Stage) -> TileObject? {
        lists.first { $0.stage == stage }?.object(of: tile)
    }

    /// Puts the counts into a hash only: the content is megabytes, and equal indices have equal counts.
    package func hash(into hasher: inout Hasher) {
        for list in lists {
            hasher.combine(list.stage)
            hasher.combine(list.count)
        }
    }
}

extension RunPlan {
    /// Why workers could not be told what lies around their tiles; nil when they can.
    package var haloProblem: String? {
        for reader in stages {
            for stage in reader.stage.haloStages {
                guard let count = plan(of: stage)?.tiles.count, count > HaloIndex.maximumTiles
                else { continue }
                return
                    "stage '\(reader.stage.rawValue)' reads beyond its tiles, for which stage "
                    + "'\(stage.rawValue)' may have at most \(HaloIndex.maximumTiles) tiles; it has "
                    + "\(count): choose larger tiles"
            }
        }
        return nil
    }
}
