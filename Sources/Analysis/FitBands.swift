import CarbonBalance
/// The bands of a fit tile, in the order in which they are stored: the one place that knows it.
///
/// All are in double precision. Terms come in the order of the model, the intercept first.
package struct FitBands: Hashable, Sendable {
    /// What a band holds.
    package enum Content: Hashable, Sendable {
        /// β of a term.
        case coefficient(Int)
        /// Its standard error.
        case standardError(Int)
        /// β / SE.
        case tValue(Int)
        /// ŷ.
        case fitted
        /// y − ŷ.
        case residual
        /// Bit j is set where term j is unidentified.
        case unidentifiedTerms
        /// 1 where β has the same sign at half and at twice the bandwidth, else 0.
        case signStability(Int)
        /// −1 or 1 where |t| exceeds the corrected critical value, else 0.
        case significance(Int)
        /// Bandwidth, metres.
        case bandwidth
        /// Observations with weight.
        case neighboursUsed
        /// (Σw)² / Σw².
        case neighboursEffective
        /// Observations per km² within the bandwidth.
        case density
        /// |Σ w Δ| / (h Σ w).
        case oneSidedness
        /// Condition number of √W X.
        case conditionNumber
        /// A `RegressionStatus` as a number.
        case status
    }

    /// One band.
    package struct Band: Hashable, Sendable {
        /// What the band holds.
        package let content: Content
        /// The band's name in files.
        package let name: String
        /// The unit, `1` when dimensionless, empty for codes.
        package let unit: String
        /// One sentence for people.
        package let description: String
    }

    /// All bands, first to last.
    package let bands: [Band]
    private let positions: [Content: Int]

    /// The bands that the fit tiles of a model have.
    package init(model: RunModel, regression: RegressionModel) {
        var contents: [Content] = []
        let terms = Array(0..<regression.parameterCount)
        contents += terms.map { .coefficient($0) }
        contents += terms.map { .standardError($0) }
        contents += terms.map { .tValue($0) }
        contents += [.fitted, .residual, .unidentifiedTerms]
        contents += terms.map { .signStability($0) }
        contents += terms.map { .significance($0) }
        contents += [
            .bandwidth, .neighboursUsed, .neighboursEffective, .density, .oneSidedness,
            .conditionNumber, .status,
        ]
        bands = contents.map { Self.band($0, regression, model) }
        positions = Dictionary(
            uniqueKeysWithValues: contents.enumerated().map { ($0.element, $0.offset) }
        )
    }

    /// Position of a band, from 0.
    package func index(of content: Content) -> Int {
        guard let position = positions[content] else {
            preconditionFailure("a fit tile has no band \(content)")
        }
        return position
    }

    /// The bands of `gwr.tif` that fit tiles hold, in order; local R² stands between.
    package var ofModel: [Band] {
        bands.filter { band in
            switch band.content {
            case .coefficient, .standardError, .tValue, .fitted, .residual, .unidentifiedTerms,
                .signStability, .significance:
                true
            default: false
            }
        }
    }

    /// The bands of `neighbourhood.tif`, in order.
    package var ofNeighbourhood: [Band] {
        bands.filter { band in
            switch band.content {
            case .bandwidth, .neighboursUsed, .neighboursEffective, .density, .oneSidedness,
                .conditionNumber:
                true
            default: false
            }
        }
    }

    private static func band(
        _ content: Content,
        _ regression: RegressionModel,
        _ model: RunModel
    ) -> Band {
        let names = regression.termNames
        func unit(_ term: Int) -> String {
            let response = regression.responseUnit(model)
            guard term > 0 else { return response }
            let predictor = regression.covariates[term - 1].unit
            return predictor == "1" ? response : "\(response) per \(predictor)"
        }
        let parts: (name: String, unit: String, description: String) =
            switch content {
            case .coefficient(let term):
                ("beta_\(names[term])", unit(term), "Local coefficient of \(names[term])")
            case .standardError(let term):
                ("se_\(names[term])", unit(term), "Standard error of beta_\(names[term])")
            case .tValue(let term):
                ("t_\(names[term])", "1", "beta_\(names[term]) over its standard error")
            case .fitted: ("fitted", regression.responseUnit(model), "Fitted response")
            case .residual: ("residual", regression.responseUnit(model), "Response minus fitted")
            case .unidentifiedTerms:
                (
                    "unidentified_terms", "",
                    "Bit field: bit j is set where term j is unidentified; terms from bit 0: "
                        + names.joined(separator: ", ")
                )
            case .signStability(let term):
                (
                    "sign_stability_\(names[term])", "",
                    "1 where beta_\(names[term]) has the same sign at half, once and twice the "
                        + "bandwidth, else 0"
                )
            case .significance(let term):
                (
                    "significant_\(names[term])", "",
                    "-1 or 1 (the sign) where |t_\(names[term])| exceeds the critical value at the "
                        + "corrected alpha, else 0"
                )
            case .bandwidth:
                ("bandwidth_m", "m", "Distance at which the kernel's argument is 1")
            case .neighboursUsed: ("neighbours_used", "1", "Observations with weight")
            case .neighboursEffective:
                ("neighbours_effective", "1", "Effective observations: (sum w)^2 / sum w^2")
            case .density:
                ("density", "km-2", "Observations per area within the bandwidth")
            case .oneSidedness:
                (
                    "one_sidedness", "1",
                    "|sum w d| / (h sum w): 0 amid the observations, towards 1 at their edge"
                )
            case .conditionNumber:
                (
                    "condition_number", "1",
                    "Condition number of sqrt(W) X over the identified terms, columns of unit length"
                )
            case .status: ("status", "", "Code of the regression")
            }
        return Band(
            content: content,
            name: parts.name,
            unit: parts.unit,
            description: parts.description
        )
    }
}

extension RegressionModel {
    /// Unit of the response as configured.
    package func responseUnit(_ model: RunModel) -> String {
        switch response {
        case .variant(let variant): variant.unit
        case .layer(let index): model.layers[index].internalUnit
        }
    }
}
