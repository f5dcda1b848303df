import Analysis
import CarbonBalance
import ContentDigest
private import Foundation
import Lattice
import RasterIO
package import Regression
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
    /// Memory for the observations of a part of a tile, bytes.
    private let observationBytes: Int
    private let cache: ObservationCache
    private let instructionSet: InstructionSet
    private let seconds: @Sendable () -> Double
    private let residentBytes: @Sendable () -> Int
    private let shared = Mutex<SharedModel?>(nil)

    /// What every tile of a run uses.
    private struct SharedModel {
        let specification: [UInt8]
        let runDirectory: String
        let model: RunModel
        let atlas: ZoneAtlas?
        let features: [Int: FeatureField]
    }

    /// A computer of tiles.
    ///
    /// - Parameters:
    ///   - nonce: random for each process: it keeps the files of two processes apart.
    ///   - objects: where committed objects are found.
    ///   - memoryPerSlotBytes: what a slot may use; 0 for no stated limit. Source windows are taken in
    ///     parts that fit.
    ///   - instructionSet: the level of the regression's kernels; all give the same bits.
    ///   - seconds: a monotonic clock, for the cost of steps.
    ///   - residentBytes: peak resident memory of this process.
    package init(
        nonce: UInt32,
        objects: any ObjectStore = SharedObjects(),
        memoryPerSlotBytes: Int,
        instructionSet: InstructionSet,
        seconds: @escaping @Sendable () -> Double,
        residentBytes: @escaping @Sendable () -> Int
    ) {
        self.nonce = nonce
        self.objects = objects
        self.instructionSet = instructionSet
        // A source window is held raw, decoded and on its way from the file: 24 bytes a sample and
        // some; a sixth of the slot's memory at most.
        let budget = memoryPerSlotBytes > 0 ? memoryPerSlotBytes / 6 : 256 << 20
        samplesPerRead = max(1 << 16, budget / 32)
        observationBytes = max(1 << 16, budget)
        cache = ObservationCache(byteLimit: max(4 << 20, budget / 2))
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
                return try prepare(request, model, cancellation)
            case .balance:
                return try balance(request, model, cancellation)
            case .bandwidth, .fit, .diagnose:
                return try regress(request, model.model, cancellation)
            }
        } catch let failure as TileFailure {
            throw failure
        } catch {
            throw Self.failure(of: error)
        }
    }

    private func prepare(
        _ request: TileRequest,
        _ shared: SharedModel,
        _ cancellation: CancellationFlag
    ) throws -> TileResult {
        let started = seconds()
        let output = try PreparePipeline(
            model: shared.model,
            atlas: shared.atlas,
            features: shared.features,
            samplesPerRead: samplesPerRead
        ).compute(core: request.core, cancellation: cancellation)
        try cancellation.check()
        // Reading and regridding alternate; they are one step for the clock.
        let cost = TileCost(readSeconds: seconds() - started)
        return try write(
            output.bands,
            partial: output.partial.encoded,
            for: request,
            grid: shared.model.grid,
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

    /// Reads the tile's own object of an earlier stage; `body` returns nil where what it finds is not
    /// what was committed.
    private func withInput<Content>(
        of stage: Stage,
        _ request: TileRequest,
        _ cancellation: CancellationFlag,
        _ body: (_ path: String, TileObject) throws -> Content?
    ) throws -> Content {
        guard let object = request.inputs.first(where: { $0.key.lease.unit.stage == stage }) else {
            throw TileFailure(.bug, "the unit came without its object of \(stage.rawValue)")
        }
        return try objects.withFile(of: object, for: request, cancellation: cancellation) { path in
            do {
                guard let content = try body(path, object) else {
                    throw TileFailure(.storage, "\(path) is not what was committed")
                }
                return content
            } catch let error as RasterError {
                throw TileFailure(.storage, "cannot read \(path)", underlying: error)
            }
        }
    }

    private func readInput(
        of stage: Stage,
        _ request: TileRequest,
        _ cancellation: CancellationFlag
    ) throws -> TileContents {
        try withInput(of: stage, request, cancellation) { path, object in
            let contents = try TileReader.read(path)
            let isCommitted =
                contents.window == request.core
                && TileWriter.samplesDigest(blocks: contents.blocks) == object.samplesDigest
            return isCommitted ? contents : nil
        }
    }

    private func regress(
        _ request: TileRequest,
        _ model: RunModel,
        _ cancellation: CancellationFlag
    ) throws -> TileResult {
        let started = seconds()
        let stage = request.lease.unit.stage
        let constants = StageConstants(request.constants)
        guard let regression = model.cellRegression,
            let observations = try constants.balance().observations
        else {
            throw TileFailure(.bug, "a unit of \(stage.rawValue) without a regression of cells")
        }
        let found = try constants.bandwidth()
        let neighbourhoods = NeighbourhoodReader(
            reader: HaloReader(
                model: model,
                regression: regression,
                constants: observations,
                layout: TileLayout(
                    grid: model.grid,
                    tile: request.lease.unit.tile,
                    core: request.core
                ),
                objects: objects,
                request: request,
                cache: cache,
                cancellation: cancellation
            ),
            byteLimit: observationBytes,
            instructionSet: instructionSet
        )
        var bands: [TileBand]
        var partial: [UInt8]
        switch stage {
        case .bandwidth:
            let search = CellBandwidthSearch(
                model: regression,
                observations: observations,
                cellSizeMetres: model.grid.cellSizeMetres
            )
            let output = try BandwidthPipeline(
                neighbourhoods: neighbourhoods,
                candidates: observations.refusal == nil ? search.candidates(after: found) : []
            ).compute(core: request.core)
            (bands, partial) = (output.bands, output.partial.encoded)
        case .fit:
            let output = try FitPipeline(neighbourhoods: neighbourhoods, choice: found.choice)
                .compute(
                    core: request.core,
                    balance: try readInput(of: .balance, request, cancellation)
                )
            (bands, partial) = (output.bands, output.partial.encoded)
        default:
            let output = try DiagnosePipeline(
                neighbourhoods: neighbourhoods,
                choice: found.choice
            ).compute(
                core: request.core,
                status: try readStatus(request, model, regression, cancellation)
            )
            (bands, partial) = (output.bands, output.partial.encoded)
        }
        try cancellation.check()
        return try write(
            bands,
            partial: partial,
            for: request,
            grid: model.grid,
            cost: TileCost(computeSeconds: seconds() - started)
        )
    }

    /// The status band of the tile's own fit object.
    private func readStatus(
        _ request: TileRequest,
        _ model: RunModel,
        _ regression: RegressionModel,
        _ cancellation: CancellationFlag
    ) throws -> DoubleBlock {
        try withInput(of: .fit, request, cancellation) { path, object in
            // One band of many: the file is looked at as a whole, and that band alone is decoded.
            guard try PosixObjectFileSystem().identify(path).digest == object.fileDigest else {
                return nil
            }
            let band = FitBands(model: model, regression: regression).index(of: .status) + 1
            let contents = try TileReader.readDouble(path, bands: [band])
            guard let block = contents.blocks.first, block.window == request.core else {
                return nil
            }
            return block
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
            let written = try TileWriter.write(to: path, grid: grid, bands: bands).samplesDigest
            // A search for a bandwidth leaves sums, not samples: they are what must not differ.
            return request.lease.unit.stage == .bandwidth ? ContentDigest(of: partial) : written
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
                atlas: try atlas(of: model, for: request, cancellation),
                features: try features(of: model, for: request, cancellation)
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
        let set = try objects.withInput(
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

    private func features(
        of model: RunModel,
        for request: TileRequest,
        _ cancellation: CancellationFlag
    ) throws -> [Int: FeatureField] {
        try DerivedLayer.features(of: model) { relativePath in
            try objects.withInput(
                at: relativePath,
                for: request,
                cancellation: cancellation
            ) { path in
                guard let file = FileManager.default.contents(atPath: path) else {
                    throw TileFailure(.storage, "cannot read the resolved features at \(path)")
                }
                return Array(file)
            }
        }
    }

    /// The class of an error that a pipeline did not classify itself.
    private static func failure(of error: any Error) -> TileFailure {
        switch error {
        case let error as RasterError:
            switch error.code {
            case .writeFailed, .outOfSpace:
                return TileFailure(.storage, "cannot write a tile", underlying: error)
            default:
                if isOfMemory("\(error)") { return TileFailure(.outOfMemory, "\(error)") }
                // A server that does not answer now may answer later, or another worker.
                return TileFailure(error.isOfTransport ? .storage : .input, "\(error)")
            }
        default: return TileFailure(.bug, "unexpected error", underlying: error)
        }
    }

    /// True when a library says that it was refused memory: the input itself is not at fault.
    private static func isOfMemory(_ text: String) -> Bool {
        let text = text.lowercased()
        return ["out of memory", "cannot allocate", "memory allocation"].contains {
            text.contains($0)
        }
    }
}
