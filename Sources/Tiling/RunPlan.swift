package import ContentDigest
import Lattice

/// One stage of a plan: its tiles, and the digest of all that its results depend on.
package struct StagePlan: Hashable, Sendable, Codable {
    /// Which stage.
    package let stage: Stage
    /// The tiles with work in them, in row-major order.
    package let tiles: [Tile]
    /// Identity of the configuration and inputs that this stage's samples depend on.
    ///
    /// It leaves out tile size, workers and everything else that may not change a sample, and it
    /// contains the digest of the stage before: a change invalidates what follows it.
    package let modelDigest: ContentDigest

    /// A stage of a plan.
    package init(stage: Stage, tiles: [Tile], modelDigest: ContentDigest) {
        self.stage = stage
        self.tiles = tiles
        self.modelDigest = modelDigest
    }
}

/// What a run will do: its stages in order, each with its tiles, fixed before the first tile runs.
package struct RunPlan: Hashable, Sendable, Codable {
    /// The name the configuration gives the run.
    package let name: String
    /// The stages, in the order in which they run.
    package let stages: [StagePlan]
    /// What workers need to know to compute any tile: opaque to the engine, read by the analysis.
    package let specification: [UInt8]
    /// Identity of the whole plan; a run directory holds one plan.
    ///
    /// It covers the name, every tile, and the digests of the stages, hence everything that results
    /// depend on; not the specification's text, which names places of files that may move.
    package let digest: ContentDigest

    /// A plan of stages in order.
    package init(name: String, stages: [StagePlan], specification: [UInt8]) {
        precondition(
            zip(stages, stages.dropFirst()).allSatisfy { $0.stage < $1.stage },
            "stages of a plan are in order and occur once"
        )
        self.name = name
        self.stages = stages
        self.specification = specification
        var hasher = ContentHasher()
        hasher.update(Array(name.utf8))
        for stage in stages {
            hasher.update(Array("|\(stage.stage.rawValue)|\(stage.modelDigest)".utf8))
            var text: [UInt8] = []
            for tile in stage.tiles {
                tile.appendText(to: &text)
                guard text.count > 65_536 else { continue }
                hasher.update(text)
                text.removeAll(keepingCapacity: true)
            }
            hasher.update(text)
        }
        digest = hasher.finalize()
    }

    /// The plan of a stage, nil when the run has no such stage.
    package func plan(of stage: Stage) -> StagePlan? {
        stages.first { $0.stage == stage }
    }

    /// Number of tile results in all stages.
    package var tileCount: Int { stages.reduce(0) { $0 + $1.tiles.count } }
}

extension Tile {
    /// Appends what a plan's digest is made of: `|r000c001|0..<128|128..<256|16384`.
    ///
    /// Digit by digit: a plan may have a million tiles and is made anew at each start.
    fileprivate func appendText(to text: inout [UInt8]) {
        func append(_ range: Range<Int>) {
            text.append(0x7C)
            DecimalText.append(range.lowerBound, to: &text)
            text += [0x2E, 0x2E, 0x3C]
            DecimalText.append(range.upperBound, to: &text)
        }
        text.append(0x7C)
        id.appendText(to: &text)
        append(core.rows)
        append(core.columns)
        text.append(0x7C)
        DecimalText.append(cost, to: &text)
    }
}
