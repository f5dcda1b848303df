import Analysis
import CarbonBalance
import ContentDigest
private import Foundation
import Lattice
import RasterIO
private import Synchronization
package import Tiling

/// The pipelines of all stages behind one door: reads, computes, writes, reports.
///
/// A process needs one; it is called from the threads of all slots. What slots share (the model, the
/// zones) is read once and never changed.
package final class StageComputer: TileComputer {
    private let nonce: UInt32
    private let objects: any ObjectStore
    private let samplesPerRead: Int
    private let seconds: @Sendable () -> Double
    private let residentBytes: @Sendable () -> Int
    private let shared = Mutex<SharedModel?>(nil)

    /// What every tile of a run uses.
    private struct SharedModel {
        let specification: [UInt8]
        let runDirectory: String
        let model: RunModel
        let atlas: ZoneAtlas?
    }

    /// A computer of tiles.
    ///
    /// - Parameters:
    ///   - nonce: random for each process: it keeps the files of two processes apart.
    ///   - objects: where committed objects are found.
    ///   - memoryPerSlotBytes: what a slot may use; 0 for no stated limit. Source windows are taken in
    ///     parts that fit.
    ///   - seconds: a monotonic clock, for the cost of steps.
    ///   - residentBytes: peak resident memory of this process.
    package init(
        nonce: UInt32,
        objects: any ObjectStore = SharedObjects(),
        memoryPerSlotBytes: Int,
        seconds: @escaping @Sendable () -> Double,
        residentBytes: @escaping @Sendable () -> Int
    ) {
        self.nonce = nonce
        self.objects = objects
        // A source window is held raw, decoded and on its way from the file: 24 bytes a sample and
        // some; a sixth of the slot's memory at most.
        let budget = memoryPerSlotBytes > 0 ? memoryPerSlotBytes / 6 : 256 << 20
        samplesPerRead = max(1 << 16, budget / 32)
        self.seconds = seconds
        self.residentBytes = residentBytes
    }

    /// See ``TileComputer``.
    package func compute(
        _ request: TileRequest,
        cancellation: CancellationFlag
    ) throws(TileFailure) -> TileResult {
        do {
            let model = try sharedModel(of: request, cancellation)
            switch request.lease.unit.stage {
            case .prepare:
                return try prepare(request, model.model, cancellation)
            case .balance:
                return try balance(request, model, cancellation)
            case .bandwidth, .fit, .diagnose:
                throw TileFailure(
                    .bug,
                    "this program's plans have no stage '\(request.lease.unit.stage.rawValue)'"
                )
            }
        } catch let failure as TileFailure {
            throw failure
        } catch {
            throw Self.failure(of: error)
        }
    }

    private func prepare(
        _ request: TileRequest,
        _ model: RunModel,
        _ cancellation: CancellationFlag
    ) throws -> TileResult {
        let started = seconds()
        let output = try PreparePipeline(model: model, samplesPerRead: samplesPerRead)
            .compute(core: request.core, cancellation: cancellation)
        try cancellation.check()
        // Reading and regridding alternate; they are one step for the clock.
        let cost = TileCost(readSeconds: seconds() - started)
        return try write(
            output.bands,
            partial: output.partial.encoded,
            for: request,
            grid: model.grid,
            cost: cost
        )
    }

    private func balance(
        _ request: TileRequest,
        _ shared: SharedModel,
        _ cancellation: CancellationFlag
    ) throws -> TileResult {
        let started = seconds()
        guard let bytes = request.constants[.prepare] else {
            throw TileFailure(.bug, "a balance unit came without the constants of prepare")
        }
        let constants = try ModelCoding.decode(PrepareConstants.self, from: bytes)
        guard constants.deficitScales.count == shared.model.deficit.pairs.count else {
            throw TileFailure(.bug, "the constants of prepare are of another model")
        }
        let prepared = try readInput(of: .prepare, request, cancellation)
        let read = seconds()
        let output = try BalancePipeline(
            model: shared.model,
            atlas: shared.atlas,
            constants: constants
        ).compute(core: request.core, prepared: prepared, cancellation: cancellation)
        try cancellation.check()
        let cost = TileCost(readSeconds: read - started, computeSeconds: seconds() - read)
        return try write(
            output.bands,
            partial: output.partial.encoded,
            for: request,
            grid: shared.model.grid,
            cost: cost
        )
    }

    /// Reads the tile's own object of an earlier stage, and makes sure that it is what was committed.
    private func readInput(
        of stage: Stage,
        _ request: TileRequest,
        _ cancellation: CancellationFlag
    ) throws -> TileContents {
        guard let object = request.inputs.first(where: { $0.key.lease.unit.stage == stage }) else {
            throw TileFailure(.bug, "the unit came without its object of \(stage.rawValue)")
        }
        return try objects.withFile(of: object, for: request, cancellation: cancellation) { path in
            do {
                let contents = try TileReader.read(path)
                guard contents.window == request.core,
                    TileWriter.samplesDigest(blocks: contents.blocks) == object.samplesDigest
                else {
                    throw TileFailure(.storage, "\(path) is not what was committed")
                }
                return contents
            } catch let error as RasterError {
                throw TileFailure(.storage, "cannot read \(path)", underlying: error)
            }
        }
    }

    private func write(
        _ bands: [TileBand],
        partial: [UInt8],
        for request: TileRequest,
        grid: Grid,
        cost: TileCost
    ) throws -> TileResult {
        let started = seconds()
        guard partial.count <= TileResult.maximumPartialBytes else {
            throw TileFailure(
                .bug,
                "the partial sums take \(partial.count) bytes; at most "
                    + "\(TileResult.maximumPartialBytes) travel; choose smaller tiles"
            )
        }
        let writer = ObjectWriter(runDirectory: request.runDirectory, nonce: nonce)
        let object = try writer.write(request.lease) { path in
            try TileWriter.write(to: path, grid: grid, bands: bands).samplesDigest
        }
        var cost = cost
        cost.writeSeconds = seconds() - started
        cost.peakResidentBytes = residentBytes()
        return TileResult(lease: request.lease, object: object, partial: partial, cost: cost)
    }

    private func sharedModel(
        of request: TileRequest,
        _ cancellation: CancellationFlag
    ) throws -> SharedModel {
        try shared.withLock { held in
            if let held, held.specification == request.specification,
                held.runDirectory == request.runDirectory
            {
                return held
            }
            let model = try RunModel(encoded: request.specification)
            let made = SharedModel(
                specification: request.specification,
                runDirectory: request.runDirectory,
                model: model,
                atlas: try atlas(of: model, for: request, cancellation)
            )
            held = made
            return made
        }
    }

    private func atlas(
        of model: RunModel,
        for request: TileRequest,
        _ cancellation: CancellationFlag
    ) throws -> ZoneAtlas? {
        guard let zones = model.zones else { return nil }
        let set = try objects.withZones(
            at: zones.encodedPath,
            for: request,
            cancellation: cancellation
        ) { path in
            guard let file = FileManager.default.contents(atPath: path) else {
                throw TileFailure(.storage, "cannot read the resolved zones at \(path)")
            }
            guard let set = ZoneSet(encoded: Array(file)), set.digest == zones.digest else {
                throw TileFailure(.storage, "\(path) does not hold the zones of this plan")
            }
            return set
        }
        return try ZoneAtlas(grid: model.grid, zones: set.polygons)
    }

    /// The class of an error that a pipeline did not classify itself.
    private static func failure(of error: any Error) -> TileFailure {
        switch error {
        case let error as RasterError:
            switch error.code {
            case .writeFailed, .outOfSpace:
                TileFailure(.storage, "cannot write a tile", underlying: error)
            default:
                TileFailure(.input, "\(error)")
            }
        default: TileFailure(.bug, "unexpected error", underlying: error)
        }
    }
}
