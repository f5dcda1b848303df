import CarbonBalance
package import Regression
import SpatialStatistics

/// The regression on the table of zones: every zone with a response is an observation.
///
/// Zones are what people decide about, and their figures are sums of many cells: here the method stands
/// on firm ground. Response: the variant of the zone's sums, or a layer's mean. Predictors: the transform
/// of each covariate's mean, weighted by area or inhabitants as its layer says; an attribute of zones is
/// taken as the zone has it. Place: the area's centroid. The kernel is the configured one;
/// the bandwidth is always a neighbour count, chosen by AICc over mgwr's default range, because buffers
/// and lattices are remedies for cells that are copies of each other. Fields of noise are left out:
/// they have no zone means.
///
/// The same input gives the same bits on every machine.
package struct ZoneRegression: Sendable {
    /// Why the zones cannot be regressed on.
    package struct Refusal: Error, Hashable, Sendable, CustomStringConvertible {
        /// One sentence.
        package let description: String

        init(_ description: String) { self.description = description }
    }

    /// The figures of the zones as the regression takes them.
    package struct Input: Sendable {
        /// What was computed.
        package var model: RunModel
        /// National figures of the layers.
        package var prepare: PrepareConstants
        /// The figures of the main pair, one for each zone.
        package var zones: [BalanceFigures]
        /// The means of the layers, one row for each layer of the model and in it one for each zone
        /// (``ZoneStatistics/means(ofLayer:model:)``); nil where a zone has none.
        package var layerMeans: [[Double?]]
        /// Eastings of the zones' area centroids, metres.
        package var xs: [Double]
        /// Northings, metres.
        package var ys: [Double]

        /// Figures, means and places of zones; as many of each.
        package init(
            model: RunModel,
            prepare: PrepareConstants,
            zones: [BalanceFigures],
            layerMeans: [[Double?]],
            xs: [Double],
            ys: [Double]
        ) {
            precondition(xs.count == zones.count && ys.count == zones.count, "a place a zone")
            precondition(
                layerMeans.count == model.layers.count
                    && layerMeans.allSatisfy { $0.count == zones.count },
                "a mean for each layer and zone"
            )
            self.model = model
            self.prepare = prepare
            self.zones = zones
            self.layerMeans = layerMeans
            self.xs = xs
            self.ys = ys
        }
    }

    /// Name of the response.
    package let responseName: String
    /// Unit of the response.
    package let responseUnit: String
    /// The fitted table: a row for each zone, NaN where a zone is no observation.
    package let model: GeographicallyWeightedRegression
    /// The search for the bandwidth.
    package let profile: BandwidthProfile
    /// The local models, a row for each zone.
    package let result: RegressionResult
    /// Ordinary least squares of the same zones; nil where there are too few.
    package let global: GlobalRegression?
    /// The residuals of ordinary least squares in space.
    package let globalPattern: ResidualPattern?
    /// The residuals of the local models in space.
    package let localPattern: ResidualPattern

    /// Overall level of the tests.
    package static let alpha = 0.05
    /// What the bandwidth is chosen by.
    package static let criterion = BandwidthCriterion.aicc

    /// Regresses on the zones.
    ///
    /// A zone is an observation where its response and all its predictors are defined and the valid
    /// share of its area is at least the model's minimum. Cost: O(n² log n) for n zones.
    ///
    /// - Throws: ``Refusal`` where the zones are too few, have no such response, or do not determine a
    ///   bandwidth.
    package init(_ input: Input) throws(Refusal) {
        guard let regression = input.model.regression else {
            throw Refusal("the run has no regression")
        }
        let response = try ZoneResponse(input, regression)
        responseName = response.name
        responseUnit = response.unit
        let covariates = regression.covariates.filter { $0.layer != nil }
        let predictors = covariates.map { covariate in
            input.layerMeans[covariate.layer ?? 0].map { mean in
                mean.map { covariate.transform.apply($0) } ?? .nan
            }
        }
        do {
            let table = try RegressionTable(
                x: input.xs,
                y: input.ys,
                responseName: response.name,
                response: response.values,
                predictorNames: covariates.map(\.name),
                predictors: predictors
            )
            try Self.checkCount(table)
            model = try GeographicallyWeightedRegression(table: table, kernel: regression.kernel)
            profile = try model.searchBandwidth(BandwidthSearchSettings())
            result = try model.fit(bandwidth: profile.bandwidth)
            guard result.diagnostics.observationCount > 0 else {
                throw Refusal("no zone can be fitted with \(profile.bandwidth)")
            }
            global = try? GlobalRegression(table: table)
            let surroundings = ResidualPattern.Surroundings(model)
            let model = model
            globalPattern = global.map { global in
                ResidualPattern(
                    residuals: global.residuals(table: table),
                    model: model,
                    surroundings: surroundings
                )
            }
            localPattern = ResidualPattern(
                residuals: result.residuals,
                model: model,
                surroundings: surroundings
            )
        } catch let refusal as Refusal {
            throw refusal
        } catch {
            throw Refusal("\(error)")
        }
    }

    private static func checkCount(_ table: RegressionTable) throws(Refusal) {
        let p = table.parameterCount
        let columns = [table.response] + table.predictors
        let n = (0..<table.rowCount).count { row in columns.allSatisfy { $0[row].isFinite } }
        guard n >= 2 * p + 10 else {
            throw Refusal(
                "\(n) of \(table.rowCount) zones have a response and all predictors; \(p) "
                    + "coefficients need at least \(2 * p + 10)"
            )
        }
    }

    /// |t| beyond which a coefficient is significant at the corrected level.
    package var criticalT: Double { result.diagnostics.criticalT(Self.alpha) }

    /// Sentences a reader must see, those about the bandwidth first.
    package var warnings: [String] {
        var sentences = profile.warning.map { [$0] } ?? []
        for gap in result.identificationGaps where gap.share > 0.05 {
            let tenths = (1000 * gap.share).rounded() / 10
            sentences.append(
                "'\(gap.termName)' is not identified in \(gap.count) zones (\(tenths) %): it is "
                    + "constant or collinear there, and left out there"
            )
        }
        if !localPattern.isIndependent, let moran = localPattern.moran {
            sentences.append(
                "residual Moran's I of the zones is \((1000 * moran.value).rounded() / 1000): "
                    + "standard errors, t values and significance assume independent residuals, which "
                    + "these are not"
            )
        }
        return sentences
    }
}

/// The response of each zone; NaN where it has none.
private struct ZoneResponse {
    let name: String
    let unit: String
    let values: [Double]

    init(
        _ input: ZoneRegression.Input,
        _ regression: RegressionModel
    ) throws(ZoneRegression.Refusal) {
        let deficit = input.model.deficit
        let value: (Int) -> Double?
        switch regression.response {
        case .variant(let asked):
            let variant =
                regression.effectiveVariant(input.prepare, pair: deficit.pairs[0]) ?? asked
            let scale = input.prepare.deficitScales.first ?? nil
            name = variant.id
            unit = variant == .absolute ? "tCO2 yr-1" : variant.unit
            value = {
                input.zones[$0].value(of: variant, model: deficit, deficitScale: scale)
            }
        case .layer(let index):
            let layer = input.model.layers[index]
            name = layer.name
            unit = layer.internalUnit
            // Those of emission and sink weigh by what is valid, as the totals of a zone do.
            switch index {
            case deficit.pairs[0].emissionLayer:
                value = { input.zones[$0].emission / input.zones[$0].emissionAreaKm2 }
            case deficit.pairs[0].sinkLayer:
                value = { input.zones[$0].sink / input.zones[$0].sinkAreaKm2 }
            default: value = { input.layerMeans[index][$0] }
            }
        }
        values = input.zones.indices.map { zone in
            guard input.zones[zone].validShare >= deficit.minimumValidShare else { return .nan }
            return value(zone) ?? .nan
        }
    }
}
