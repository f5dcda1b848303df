import Analysis
import ContentDigest
import Lattice
import RasterIO
import Regression
private import Synchronization
import Tiling

/// The observations of one committed balance tile.
struct TileObservations: Sendable {
    /// Cells of the observations, row-major.
    var rows: [Int32] = []
    var columns: [Int32] = []
    /// Their responses.
    var responses: [Float] = []
    /// Their predictors, one observation after another.
    var predictors: [Float] = []

    /// Memory, bytes.
    var byteCount: Int { 4 * (rows.count + columns.count + responses.count + predictors.count) }
}

/// Observations of tiles that were read lately, shared by the slots of a process.
///
/// Bounded: what was used longest ago goes first. An object is looked at by its digest, so what is kept is
/// what was committed.
final class ObservationCache: Sendable {
    private struct State {
        var entries: [ContentDigest: (observations: TileObservations, used: UInt64)] = [:]
        var byteCount = 0
        var clock: UInt64 = 0
        /// Objects whose files were found to be what was committed.
        var verified: Set<ContentDigest> = []
    }

    private let byteLimit: Int
    private let state = Mutex(State())

    /// Most files that are remembered as verified.
    private static let verifiedLimit = 1 << 17

    /// An empty cache of at most so many bytes.
    init(byteLimit: Int) {
        self.byteLimit = byteLimit
    }

    /// The observations of an object, read by `body` unless they are kept.
    func observations(
        of digest: ContentDigest,
        body: () throws -> TileObservations
    ) throws -> TileObservations {
        let kept = state.withLock { state -> TileObservations? in
            state.clock += 1
            state.entries[digest]?.used = state.clock
            return state.entries[digest]?.observations
        }
        if let kept { return kept }
        // Two slots may read the same tile at the same time: rare, and harmless.
        let read = try body()
        state.withLock { state in
            guard read.byteCount <= byteLimit, state.entries[digest] == nil else { return }
            while state.byteCount + read.byteCount > byteLimit,
                let oldest = state.entries.min(by: { $0.value.used < $1.value.used })
            {
                state.byteCount -= oldest.value.observations.byteCount
                state.entries[oldest.key] = nil
            }
            state.clock += 1
            state.byteCount += read.byteCount
            state.entries[digest] = (read, state.clock)
        }
        return read
    }

    /// Makes sure, once in the life of the process, that a file is what was committed.
    func verify(_ digest: ContentDigest, body: () throws -> Bool) rethrows -> Bool {
        if state.withLock({ $0.verified.contains(digest) }) { return true }
        guard try body() else { return false }
        state.withLock { state in
            if state.verified.count >= Self.verifiedLimit { state.verified.removeAll() }
            state.verified.insert(digest)
        }
        return true
    }
}

/// Reads what a tile needs of its surroundings: the observations within a window, and their residuals.
struct HaloReader {
    /// What is computed.
    let model: RunModel
    /// The regression of cells.
    let regression: RegressionModel
    /// What the balance stage fixed.
    let constants: ObservationConstants
    /// How the grid is cut.
    let layout: TileLayout
    /// Where committed objects are found.
    let objects: any ObjectStore
    /// The unit that is computed, with what the tiles of the stages that are read have committed.
    let request: TileRequest
    /// What was read lately.
    let cache: ObservationCache
    /// Looked at between tiles.
    let cancellation: CancellationFlag

    /// Windows of tiles within a window that have no result: quarantined ones.
    func holes(in window: CellWindow) -> [CellWindow] {
        layout.tiles(intersecting: window).filter { halo.object(of: $0, stage: .balance) == nil }
            .compactMap { layout.core(of: $0) }
    }

    /// The observations within a window, on their lattice.
    func lattice(over window: CellWindow) throws -> ObservationLattice {
        let terms = regression.covariates.count
        var rows: [ObservationLattice.Row] = []
        var predictors: [Double] = []
        for tile in layout.tiles(intersecting: window) {
            try cancellation.check()
            guard let object = halo.object(of: tile, stage: .balance) else { continue }
            let found = try observations(of: object)
            for index in found.rows.indices {
                guard
                    window.contains(row: Int(found.rows[index]), column: Int(found.columns[index]))
                else { continue }
                rows.append(
                    ObservationLattice.Row(
                        row: found.rows[index],
                        column: found.columns[index],
                        response: Double(found.responses[index]),
                        firstPredictor: predictors.count
                    )
                )
                for term in 0..<terms {
                    predictors.append(Double(found.predictors[index * terms + term]))
                }
            }
        }
        return ObservationLattice(
            rows: window.rows,
            columns: window.columns,
            spacing: regression.spacingCells,
            scales: constants.scales,
            observations: rows,
            predictors: predictors
        )
    }

    /// Number of observations in a window whose tiles have a result.
    func observationCount(in window: CellWindow) throws -> Int {
        var count = 0
        for tile in layout.tiles(intersecting: window) {
            guard let object = halo.object(of: tile, stage: .balance) else { continue }
            let found = try observations(of: object)
            count += found.rows.indices.count { index in
                window.contains(row: Int(found.rows[index]), column: Int(found.columns[index]))
            }
        }
        return count
    }

    /// Residuals of the local models of a lattice's observations, by their number; NaN where there is
    /// none.
    func residuals(of lattice: ObservationLattice, band: Int) throws -> [Double] {
        let window = CellWindow(rows: lattice.rows, columns: lattice.columns)
        var residuals = [Double](repeating: .nan, count: lattice.count)
        for tile in layout.tiles(intersecting: window) {
            try cancellation.check()
            guard let object = halo.object(of: tile, stage: .fit), let core = layout.core(of: tile),
                let common = core.intersection(window)
            else { continue }
            let contents = try withVerifiedFile(object) { file in
                try TileReader.readDouble(file, bands: [band + 1], window: common)
            }
            guard let block = contents.blocks.first else { continue }
            for row in common.rows {
                for column in common.columns {
                    guard let number = lattice.number(row: row, column: column) else { continue }
                    residuals[number] =
                        block.samples[common.index(row: row, column: column)]
                }
            }
        }
        return residuals
    }

    private func observations(of object: TileObject) throws -> TileObservations {
        try cache.observations(of: object.samplesDigest) {
            let bands = BalanceBands(model: model)
            let wanted: [BalanceBands.Content] =
                [.participation, .response]
                + regression.covariates.indices.map { .predictor($0) }
            let numbers = wanted.compactMap { bands.index(of: $0).map { $0 + 1 } }
            let contents = try withVerifiedFile(object) { file in
                try TileReader.read(file, bands: numbers)
            }
            return Self.observations(in: contents)
        }
    }

    private static func observations(in contents: TileContents) -> TileObservations {
        var found = TileObservations()
        let code = Float(ObservationBlock.observation)
        let window = contents.window
        for row in window.rows {
            for column in window.columns {
                let index = window.index(row: row, column: column)
                guard contents.blocks[0].samples[index] == code else { continue }
                found.rows.append(Int32(row))
                found.columns.append(Int32(column))
                found.responses.append(contents.blocks[1].samples[index])
                for block in contents.blocks[2...] { found.predictors.append(block.samples[index]) }
            }
        }
        return found
    }

    private func withVerifiedFile<Content>(
        _ object: TileObject,
        _ body: (_ path: String) throws -> Content
    ) throws -> Content {
        try objects.withFile(of: object, for: request, cancellation: cancellation) { file in
            do {
                let isSound = try cache.verify(object.fileDigest) {
                    try PosixObjectFileSystem().identify(file).digest == object.fileDigest
                }
                guard isSound else {
                    throw TileFailure(.storage, "\(file) is not what was committed")
                }
                return try body(file)
            } catch let error where error is RasterError || error is StorageFault {
                throw TileFailure(.storage, "cannot read \(file)", underlying: error)
            }
        }
    }

    private var halo: HaloIndex { request.halo }
}

extension TileLayout {
    /// The layout that a tile belongs to, from its identity and its core.
    init(grid: Grid, tile: TileID, core: CellWindow) {
        let size =
            if tile.row > 0 {
                core.rowStart / tile.row
            } else if tile.column > 0 {
                core.columnStart / tile.column
            } else if core.rowCount < grid.rows {
                core.rowCount
            } else if core.columnCount < grid.columns {
                core.columnCount
            } else {
                max(grid.rows, grid.columns)
            }
        self.init(grid: grid, tileSizePixels: size)
    }
}
