package import CarbonBalance
package import Lattice

/// The cells of a window as the regression sees them: who takes part, the response, the predictors.
///
/// All values are single precision, rounded here once: what later stages fit is what the tiles hold.
package struct ObservationBlock: Sendable {
    /// A cell that gets a local model but is no observation.
    ///
    /// It lies between the places of the lattice, or has too little emission. Other codes are those of
    /// `RegressionStatus`.
    package static let locationOnly: UInt8 = 100
    /// A cell that is an observation.
    package static let observation: UInt8 = 0

    /// The cells covered.
    package let window: CellWindow
    /// Who takes part, row-major: ``observation``, ``locationOnly``, or why not.
    package private(set) var codes: [UInt8]
    /// The response.
    package let response: CellBlock
    /// The transformed predictors in the order of the terms.
    package private(set) var predictors: [CellBlock]

    /// Decides the cells of a window.
    ///
    /// - Parameters:
    ///   - block: the main pair's balance.
    ///   - response: the response's values.
    ///   - layers: the prepared layers that predictors and masks come from, by their position in the
    ///     model.
    ///   - regression: the regression.
    ///   - model: the run's model, for the grid and the water policy.
    package init(
        block: BalanceBlock,
        response: CellBlock,
        layers: [Int: CellBlock],
        regression: RegressionModel,
        model: RunModel
    ) {
        window = block.window
        self.response = response
        let window = block.window
        let wavelength = regression.noiseWavelengthMetres(layers: model.layers)
        var fields = 0
        predictors = regression.covariates.map { covariate in
            guard let index = covariate.layer, let layer = layers[index] else {
                fields += 1
                let field = NullCovariate(number: fields, wavelengthMetres: wavelength)
                return Self.block(of: field, window, model.grid)
            }
            return CellBlock(
                window: window,
                samples: layer.samples.map { Float(covariate.transform.apply(Double($0))) }
            )
        }
        codes = []
        codes.reserveCapacity(window.cellCount)
        let masksWater = model.deficit.masksWater
        let spacing = regression.spacingCells
        for row in window.rows {
            for column in window.columns {
                let index = window.index(row: row, column: column)
                let status = block.status[index]
                let isExcluded = regression.masks.contains { mask in
                    let share = layers[mask].map { Double($0.samples[index]) } ?? .nan
                    return !(share >= model.layers[mask].minimumValidFraction)
                }
                let hasResponse =
                    status.isObservation && !(status == .water && masksWater)
                    && response.samples[index].isFinite
                codes.append(
                    Self.code(
                        isOutside: status == .outside,
                        isExcluded: isExcluded,
                        hasResponse: hasResponse,
                        hasCovariates: predictors.allSatisfy { $0.samples[index].isFinite },
                        isObserved: row % spacing == 0 && column % spacing == 0
                            && regression.minimumEmission.map {
                                Double(block.emission.value.samples[index]) > $0
                            } ?? true
                    )
                )
            }
        }
    }

    private static func code(
        isOutside: Bool,
        isExcluded: Bool,
        hasResponse: Bool,
        hasCovariates: Bool,
        isObserved: Bool
    ) -> UInt8 {
        if isOutside { return RegressionStatus.outside.rawValue }
        if isExcluded { return RegressionStatus.excluded.rawValue }
        if !hasResponse { return RegressionStatus.noResponse.rawValue }
        if !hasCovariates { return RegressionStatus.covariateMissing.rawValue }
        return isObserved ? observation : locationOnly
    }

    private static func block(
        of field: NullCovariate,
        _ window: CellWindow,
        _ grid: Grid
    ) -> CellBlock {
        var block = CellBlock(window: window)
        for row in window.rows {
            for column in window.columns {
                let value = field.value(
                    down: (Double(row) + 0.5) * grid.cellSizeMetres,
                    right: (Double(column) + 0.5) * grid.cellSizeMetres
                )
                block[row, column] = Float(value)
            }
        }
        return block
    }

    /// The tile's contribution to the regression.
    package func partial(regression: RegressionModel, grid: Grid) -> ObservationPartial {
        var partial = ObservationPartial(model: regression, grid: grid)
        partial.count(
            locations: codes.count { $0 == Self.observation || $0 == Self.locationOnly }
        )
        for row in window.rows {
            for column in window.columns {
                let index = window.index(row: row, column: column)
                guard codes[index] == Self.observation else { continue }
                partial.add(
                    row: row,
                    column: column,
                    values: predictors.map { Double($0.samples[index]) }
                        + [Double(response.samples[index])]
                )
            }
        }
        return partial
    }
}
