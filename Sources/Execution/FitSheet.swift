import Analysis
import CarbonBalance
import Lattice
import RasterIO
import Regression

/// What every cell of a tile is fitted with.
struct FitCell {
    let choice: BandwidthConstants.Choice
    let bandwidths: FitBandwidths
    let fit: NeighbourhoodFit
    /// Mean response of all observations.
    let meanResponse: Double
}

/// The bands of a fit tile while they are filled, and the tile's sums.
struct FitSheet {
    private let core: CellWindow
    private let bands: FitBands
    private var blocks: [DoubleBlock]
    /// The tile's contribution to the model's summary.
    var partial: FitPartial

    init(core: CellWindow, bands: FitBands) {
        self.core = core
        self.bands = bands
        blocks = bands.bands.map { _ in DoubleBlock(window: core) }
        let terms = bands.bands.count { band in
            if case .coefficient = band.content { true } else { false }
        }
        partial = FitPartial(termCount: terms)
    }

    /// The bands as they are stored.
    var tileBands: [TileBand] {
        zip(bands.bands, blocks).map { band, block in
            TileBand(name: band.name, unit: band.unit, block: block)
        }
    }

    /// Sets a band at a cell of the core, by its row-major index.
    mutating func set(_ content: FitBands.Content, _ index: Int, _ value: Double) {
        blocks[bands.index(of: content)].samples[index] = value
    }

    /// Takes a part of the core over.
    mutating func paste(_ part: FitSheet) {
        for index in blocks.indices { blocks[index].paste(part.blocks[index]) }
        partial.merge(part.partial)
    }

    /// Fits a cell whose neighbours were just found, as far as twice the bandwidth.
    ///
    /// - Returns: what became of it.
    mutating func fit(
        _ cell: FitCell,
        at place: (row: Int, column: Int),
        input: ParticipatingCells.Input,
        neighbourhoods: NeighbourhoodReader,
        search: LatticeSearch
    ) -> RegressionStatus {
        let index = core.index(row: place.row, column: place.column)
        let local = neighbourhoods.bandwidth(cell.bandwidths.chosen, with: search)
        setNeighbourhood(index, local.cells, search, neighbourhoods.reader)
        guard neighbourhoods.carriesModel(local, with: search) else { return .tooFewNeighbours }
        let around = unsafe search.neighbourhood(
            response: input.response,
            predictors: input.predictors
        )
        // The wider and the narrower model first: the sheet is filled from the last fit.
        let others = [cell.bandwidths.half, cell.bandwidths.double].map { bandwidth in
            let cells = neighbourhoods.bandwidth(bandwidth, with: search).cells
            let failure = unsafe cell.fit.fit(around, bandwidth: cells, includesCollinearity: false)
            return failure == nil ? cell.fit.coefficients : []
        }
        let failure = unsafe cell.fit.fit(
            around,
            bandwidth: local.cells,
            includesCollinearity: true
        )
        if let failure { return failure == .notFinite ? .singular : .tooFewNeighbours }
        setModel(index, cell)
        setTerms(index, place, cell, others)
        if input.isObservation {
            partial.add(
                residual: cell.fit.residual,
                leverage: cell.fit.leverage,
                squaredHatRow: cell.fit.squaredHatRow,
                deviation: input.response - cell.meanResponse
            )
        }
        if local.isCapped { return .bandwidthCapped }
        return cell.fit.unidentifiedTerms == 0 ? .fitted : .termsUnidentified
    }

    private mutating func setNeighbourhood(
        _ index: Int,
        _ cells: Double,
        _ search: LatticeSearch,
        _ reader: HaloReader
    ) {
        let shape = search.shape(kernel: reader.regression.kernel, bandwidth: cells)
        let metres = cells * reader.model.grid.cellSizeMetres
        let kilometres = metres / 1000
        set(.bandwidth, index, metres)
        set(.neighboursUsed, index, Double(shape.count))
        set(.neighboursEffective, index, shape.effectiveCount)
        // A kernel that is not compact gives weight beyond its bandwidth, too: density is of the disc.
        let within = Double(search.count(within: cells))
        set(.density, index, within / (.pi * kilometres * kilometres))
        set(.oneSidedness, index, shape.oneSidedness)
    }

    private mutating func setModel(_ index: Int, _ cell: FitCell) {
        set(.fitted, index, cell.fit.fitted)
        set(.residual, index, cell.fit.residual)
        set(.unidentifiedTerms, index, Double(cell.fit.unidentifiedTerms))
        set(.conditionNumber, index, cell.fit.conditionNumber)
    }

    private mutating func setTerms(
        _ index: Int,
        _ place: (row: Int, column: Int),
        _ cell: FitCell,
        _ others: [[Double]]
    ) {
        let sigma = cell.choice.sigmaSquared.squareRoot()
        for term in partial.terms.indices {
            let coefficient = cell.fit.coefficients[term]
            guard !coefficient.isNaN else {
                partial.terms[term].unidentifiedCount += 1
                partial.terms[term].note(unidentified: [place.row, place.column])
                continue
            }
            let error = cell.fit.unitStandardErrors[term] * sigma
            let t = coefficient / error
            let isSignificant = abs(t) > cell.choice.criticalT
            let isStable = others.allSatisfy { other in
                // NaN agrees with no sign.
                other.count > term && other[term] * coefficient > 0
            }
            set(.coefficient(term), index, coefficient)
            set(.standardError(term), index, error)
            set(.tValue(term), index, t)
            set(.signStability(term), index, isStable ? 1 : 0)
            set(.significance(term), index, isSignificant ? (coefficient > 0 ? 1 : -1) : 0)
            partial.terms[term].identifiedCount += 1
            if isSignificant { partial.terms[term].significantCount += 1 }
            if !isStable { partial.terms[term].unstableCount += 1 }
            partial.terms[term].sum.add(coefficient)
            partial.terms[term].squares.add(product: coefficient, coefficient)
        }
    }
}
