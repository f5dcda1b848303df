import Analysis
import CarbonBalance
import Lattice
import RasterIO
import Regression

/// The `diagnose` stage: what needs the residuals of neighbours' own models.
///
/// Local R² at every fitted cell, and the pairs of observations from which Moran's I and the correlogram
/// of the residuals follow.
struct DiagnosePipeline {
    /// Reads observations.
    let neighbourhoods: NeighbourhoodReader
    /// The bandwidth; nil where the regression is refused.
    let choice: BandwidthConstants.Choice?

    private var reader: HaloReader { neighbourhoods.reader }
    private var regression: RegressionModel { reader.regression }

    /// Name of the tile's band.
    static let bandName = "local_r2"

    /// A computed tile.
    struct Output {
        var bands: [TileBand]
        var partial: ResidualPartial
    }

    /// Computes a core.
    ///
    /// - Parameters:
    ///   - core: the tile's cells.
    ///   - status: the status band of the tile's own fit object.
    /// - Returns: the tile's band and sums.
    /// - Throws: `TileFailure` when an object cannot be read, or the attempt is cancelled.
    func compute(core: CellWindow, status: DoubleBlock) throws -> Output {
        var block = DoubleBlock(window: core)
        var partial = ResidualPartial()
        if let choice {
            let bandwidth = regression.bandwidth(of: choice.value)
            let global = reader.constants.globalRegression(regression)
            let residualBand = FitBands(model: reader.model, regression: regression)
                .index(of: .residual)
            let steps = PairSums.reachSteps + 1
            let growths = try neighbourhoods.forEachPart(
                of: core,
                reach: .init(bandwidth: bandwidth, leastCells: steps * regression.spacingCells)
            ) { part -> (DoubleBlock, ResidualPartial)? in
                let residuals = try reader.residuals(of: part.lattice, band: residualBand)
                guard
                    let (shares, certified) = try localShares(
                        part,
                        bandwidth,
                        residuals,
                        status: status
                    )
                else { return nil }
                var sums = try pairs(part, residuals, global)
                sums.certificates.certified += certified
                return (shares, sums)
            } take: { shares, sums in
                block.paste(shares)
                partial.merge(sums)
            }
            partial.certificates.growths += growths
            partial.certificates.expect(
                core.rows.reduce(0) { count, row in
                    count
                        + core.columns.count { column in
                            let place = status.window.index(row: row, column: column)
                            return Self.fitted.contains(status.samples[place])
                        }
                }
            )
        }
        return Output(
            bands: [TileBand(name: Self.bandName, unit: "1", block: block)],
            partial: partial
        )
    }

    /// The statuses of cells with a local model.
    private static let fitted: Set<Double> = Set(
        [RegressionStatus.fitted, .bandwidthCapped, .termsUnidentified].map { Double($0.rawValue) }
    )

    /// Local R² of a part's fitted cells and the number of complete neighbourhoods; nil when one may not be
    /// complete.
    private func localShares(
        _ part: NeighbourhoodReader.Part,
        _ bandwidth: Bandwidth,
        _ residuals: [Double],
        status: DoubleBlock
    ) throws -> (shares: DoubleBlock, certified: Int)? {
        var block = DoubleBlock(window: part.core)
        var certified = 0
        for row in part.core.rows {
            try reader.cancellation.check()
            for column in part.core.columns {
                let place = status.window.index(row: row, column: column)
                guard Self.fitted.contains(status.samples[place]) else { continue }
                let local = neighbourhoods.find(
                    bandwidth,
                    row: row,
                    column: column,
                    with: part.search
                )
                guard part.search.isCertified else { return nil }
                certified += 1
                block.samples[part.core.index(row: row, column: column)] =
                    part.search.localRSquared(
                        kernel: regression.kernel,
                        bandwidth: local.cells,
                        residuals: residuals
                    )
            }
        }
        return (block, certified)
    }

    /// Pairs of a part's observations with those below and to the right of them.
    private func pairs(
        _ part: NeighbourhoodReader.Part,
        _ residuals: [Double],
        _ global: GlobalRegression?
    ) throws -> ResidualPartial {
        var sums = ResidualPartial()
        let lattice = part.lattice
        let spacing = regression.spacingCells
        let values = (0..<lattice.count).map { number in
            let y = lattice.response(of: number)
            let other = global.map { y - $0.fitted(lattice.predictors(of: number)) } ?? .nan
            return (local: residuals[number], global: other, response: y)
        }
        let reach = PairSums.reachSteps
        for row in part.core.rows where row % spacing == 0 {
            try reader.cancellation.check()
            for column in part.core.columns where column % spacing == 0 {
                guard let number = lattice.number(row: row, column: column),
                    residuals[number].isFinite
                else { continue }
                let own = values[number]
                var degree = 0
                for down in -1...reach {
                    for right in -reach...reach {
                        let isNear = abs(down) <= 1 && abs(right) <= 1
                        let isAhead = down > 0 || (down == 0 && right > 0)
                        guard
                            isNear && (down, right) != (0, 0)
                                || isAhead
                                    && PairSums.distanceClass(down: down, right: right) != nil
                        else { continue }
                        let otherRow = row + down * spacing
                        let otherColumn = column + right * spacing
                        guard otherRow >= 0, otherColumn >= 0,
                            let other = lattice.number(row: otherRow, column: otherColumn),
                            residuals[other].isFinite
                        else { continue }
                        if isNear { degree += 1 }
                        guard isAhead else { continue }
                        let value = values[other]
                        sums.local.add(own.local, value.local, down: down, right: right)
                        sums.global.add(own.global, value.global, down: down, right: right)
                        sums.response.add(own.response, value.response, down: down, right: right)
                    }
                }
                sums.local.add(own.local, degree: degree)
                sums.global.add(own.global, degree: degree)
                sums.response.add(own.response, degree: degree)
            }
        }
        return sums
    }
}
