package import ContentDigest
import Lattice
package import Tiling

/// A run whose results are digests of everything they may depend on.
///
/// A unit's samples follow from its place, the constants it was given and the objects it read, its own
/// and those up to three tiles away: a coordinator that hands out a wrong constant or object produces
/// another digest, and is found out.
package struct SimulatedWork: StageReducer {
    /// The plan.
    package let plan: RunPlan
    /// Tiles whose input cannot be read: they end in quarantine, in the first stage.
    package let unreadable: Set<TileID>

    /// A plan of some tiles in three stages, the second of which takes two rounds.
    ///
    /// - Parameters:
    ///   - rows: rows of tiles.
    ///   - columns: columns of tiles.
    ///   - unreadable: ordinals of tiles whose input cannot be read.
    package init(rows: Int, columns: Int, unreadable: Set<Int> = []) {
        let stages: [Stage] = [.balance, .bandwidth, .fit]
        var tiles: [Tile] = []
        for row in 0..<rows {
            for column in 0..<columns {
                let window = CellWindow(
                    rows: row * 8..<(row + 1) * 8,
                    columns: column * 8..<(column + 1) * 8
                )
                tiles.append(
                    Tile(
                        id: TileID(row: row, column: column),
                        core: window,
                        cost: 1 + (row * 7 + column * 3) % 5
                    )
                )
            }
        }
        plan = RunPlan(
            name: "simulation",
            stages: stages.map {
                StagePlan(
                    stage: $0,
                    tiles: tiles,
                    modelDigest: ContentDigest(of: $0.rawValue)
                )
            },
            specification: [1, 2, 3]
        )
        self.unreadable = Set(unreadable.filter { $0 < tiles.count }.map { tiles[$0].id })
    }

    /// The result of a unit.
    ///
    /// - Parameters:
    ///   - lease: the unit.
    ///   - inputs: objects of its own tile.
    ///   - constants: constants of earlier stages.
    ///   - halo: objects around its tile.
    ///   - nonce: of the object's name.
    ///   - error: what a worker that computes wrongly adds; empty for all others.
    /// - Returns: the result.
    package func result(
        of lease: LeaseID,
        inputs: [TileObject],
        constants: [Stage: [UInt8]],
        halo: HaloIndex,
        nonce: UInt32,
        error: String = ""
    ) -> TileResult {
        var text = "\(lease.unit)|\(error)"
        for stage in Stage.allCases { text += "\(constants[stage] ?? [])|" }
        for input in inputs { text += "\(input.samplesDigest)|" }
        for stage in lease.unit.stage.haloStages {
            for tile in plan.plan(of: stage)?.tiles ?? []
            where tile.id.isNear(lease.unit.tile) {
                let object = halo.object(of: tile.id, stage: stage)
                text += "\(object?.samplesDigest.short ?? "none")|"
            }
        }
        let samples = ContentDigest(of: text)
        return TileResult(
            lease: lease,
            object: TileObject(
                key: TileObjectKey(lease: lease, nonce: nonce),
                bytes: 1000 + lease.unit.tile.column,
                fileDigest: ContentDigest(of: "file \(samples)"),
                samplesDigest: samples
            ),
            partial: Array(samples.hexadecimal.utf8.prefix(8)),
            cost: TileCost(computeSeconds: 0.1)
        )
    }

    package func reduce(
        stage: Stage,
        round: Int,
        partials: [(tile: TileID, partial: [UInt8])],
        constants: [Stage: [UInt8]]
    ) throws -> StageReduction {
        var sum: UInt64 = UInt64(stage.ordinal * 64 + round)
        for (tile, partial) in partials {
            var value: UInt64 = UInt64(tile.row * 1000 + tile.column)
            for byte in partial { value = value &* 131 &+ UInt64(byte) }
            // Wrapping addition does not depend on the order.
            sum = sum &+ value
        }
        let bytes = Array("\(sum)".utf8)
        return stage == .bandwidth && round == 0
            ? .anotherRound(constants: bytes) : .finished(constants: bytes)
    }

    /// The samples' digest of every unit that a run without faults commits.
    package func faultlessSamples() throws -> [WorkUnit: ContentDigest] { try faultless().samples }

    /// What a round of a run without faults is reduced to; nil when there is no such round.
    package func faultlessReduction(of stage: Stage, round: Int) throws -> StageReduction? {
        try faultless().reductions[stage]?.dropFirst(round).first
    }

    private func faultless() throws -> (
        samples: [WorkUnit: ContentDigest], reductions: [Stage: [StageReduction]]
    ) {
        var samples: [WorkUnit: ContentDigest] = [:]
        var reductions: [Stage: [StageReduction]] = [:]
        var constants: [Stage: [UInt8]] = [:]
        var objects: [Stage: [TileID: TileObject]] = [:]
        for stage in plan.stages {
            let halo = HaloIndex(
                stage.stage.haloStages.compactMap { halo in
                    objects[halo].map { Self.list(of: halo, $0) }
                }
            )
            var round = 0
            repeating: while true {
                var partials: [(tile: TileID, partial: [UInt8])] = []
                for tile in stage.tiles where !unreadable.contains(tile.id) {
                    let unit = WorkUnit(stage: stage.stage, round: round, tile: tile.id)
                    let inputs = plan.stages.filter { $0.stage < stage.stage }
                        .compactMap { objects[$0.stage]?[tile.id] }
                    let result = result(
                        of: LeaseID(unit: unit, attempt: .first),
                        inputs: inputs,
                        constants: constants,
                        halo: halo,
                        nonce: 0
                    )
                    samples[unit] = result.object.samplesDigest
                    objects[stage.stage, default: [:]][tile.id] = result.object
                    partials.append((tile.id, result.partial))
                }
                let reduction = try reduce(
                    stage: stage.stage,
                    round: round,
                    partials: partials,
                    constants: constants
                )
                reductions[stage.stage, default: []].append(reduction)
                switch reduction {
                case .finished(let bytes):
                    constants[stage.stage] = bytes
                    break repeating
                case .anotherRound(let bytes):
                    constants[stage.stage] = bytes
                    round += 1
                }
            }
        }
        return (samples, reductions)
    }

    private static func list(of stage: Stage, _ objects: [TileID: TileObject]) -> ObjectList {
        var list = ObjectList(stage: stage, round: 0)
        for (tile, object) in objects.sorted(by: { $0.key < $1.key }) {
            list.append(
                ObjectList.Record(
                    tile: tile,
                    attempt: object.key.lease.attempt,
                    nonce: object.key.nonce,
                    bytes: object.bytes,
                    fileDigest: PackedDigest(object.fileDigest),
                    samplesDigest: PackedDigest(object.samplesDigest)
                )
            )
        }
        return list
    }
}

extension TileID {
    /// True for a tile of which another one reads something.
    fileprivate func isNear(_ other: TileID) -> Bool {
        abs(row - other.row) <= 3 && abs(column - other.column) <= 3
    }
}
