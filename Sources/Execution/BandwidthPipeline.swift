import Analysis
import Lattice
import RasterIO
import Regression

/// The `bandwidth` stage: every observation of a tile is scored at every candidate of the round.
struct BandwidthPipeline {
    /// Reads observations.
    let neighbourhoods: NeighbourhoodReader
    /// The candidates, ascending, all of one kind.
    let candidates: [Bandwidth]

    private var reader: HaloReader { neighbourhoods.reader }

    /// A computed tile.
    struct Output {
        var bands: [TileBand]
        var partial: CandidatePartial
    }

    /// Scores the observations of a core.
    func compute(core: CellWindow) throws -> Output {
        var partial = CandidatePartial(candidateCount: candidates.count)
        var evaluated = CellBlock(window: core)
        guard let widest = candidates.last, reader.constants.refusal == nil else {
            return Output(bands: [Self.band(evaluated)], partial: partial)
        }
        let sweep = NeighbourhoodSweep(
            parameterCount: reader.regression.parameterCount,
            variances: reader.constants.variances,
            kernel: reader.regression.kernel,
            instructionSet: neighbourhoods.instructionSet,
            candidates: candidates,
            bufferDistance: reader.regression.bufferMetres / reader.model.grid.cellSizeMetres,
            reach: reader.regression.kernel.gridReach,
            largestBandwidth: neighbourhoods.capCells ?? .infinity
        )
        let growths = try neighbourhoods.forEachPart(
            of: core,
            reach: .init(bandwidth: widest)
        ) { part in
            try score(part, sweep, widest)
        } take: { part, scored in
            partial.merge(part)
            for cell in scored { evaluated[cell.row, cell.column] = 1 }
        }
        partial.certificates.growths += growths
        partial.certificates.expect(try reader.observationCount(in: core))
        return Output(bands: [Self.band(evaluated)], partial: partial)
    }

    private static func band(_ evaluated: CellBlock) -> TileBand {
        TileBand(name: "evaluated", block: evaluated)
    }

    /// Scores a part; nil when a neighbourhood may not be complete.
    private func score(
        _ part: NeighbourhoodReader.Part,
        _ sweep: NeighbourhoodSweep,
        _ widest: Bandwidth
    ) throws -> (CandidatePartial, [(row: Int, column: Int)])? {
        // Distances that are searched hold more the larger they are: one that leaves an observation without a
        // model is not admissible. A cap, or a given distance, leaves out the same ones in every round.
        let hasOneSet: Bool
        if case .search(isAdaptive: false, _, _, _) = reader.regression.bandwidth {
            hasOneSet = false
        } else {
            hasOneSet = true
        }
        var partial = CandidatePartial(candidateCount: candidates.count)
        var scored: [(row: Int, column: Int)] = []
        for row in part.core.rows {
            try reader.cancellation.check()
            for column in part.core.columns {
                guard let number = part.lattice.number(row: row, column: column) else { continue }
                let local = neighbourhoods.find(
                    widest,
                    row: row,
                    column: column,
                    with: part.search
                )
                guard part.search.isCertified else { return nil }
                partial.certificates.certified += 1
                // What has no model under a cap or a given distance has no part in its sums.
                if hasOneSet, !neighbourhoods.carriesModel(local, with: part.search) { continue }
                unsafe sweep.evaluate(part.search.neighbourhood(ofObservation: number))
                for index in candidates.indices {
                    let isShort =
                        !hasOneSet
                        && !neighbourhoods.carriesModel(
                            neighbourhoods.bandwidth(candidates[index], with: part.search),
                            with: part.search
                        )
                    partial.candidates[index].add(
                        residual: isShort ? .nan : unsafe sweep.residuals[index],
                        leverage: unsafe sweep.leverages[index],
                        bufferedError: unsafe sweep.bufferedErrors?[index]
                    )
                }
                partial.locationCount += 1
                scored.append((row, column))
            }
        }
        return (partial, scored)
    }
}
