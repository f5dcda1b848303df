/// The unit of a covariate: parsed only where its quantity has to be converted.
///
/// A total becomes a density: `persons` turns into `persons km-2`. A density is brought to km²:
/// `persons/ha` has the factor 100. Everything else carries its text (`1` is dimensionless).
package struct CovariateUnit: Hashable, Sendable, CustomStringConvertible {
    /// The text as written.
    package let text: String
    /// The unit of the prepared layer.
    package let preparedText: String
    /// What a sample is multiplied by; for a total, before it is divided by the source cell's area in
    /// km².
    package let factor: Double

    /// Parses the unit of a covariate of the given quantity.
    ///
    /// - Throws: `CarbonBalanceError` when the text is empty, is not a unit, or does not fit.
    package init(parsing text: String, kind: QuantityKind) throws(CarbonBalanceError) {
        guard !text.allSatisfy(\.isWhitespace) else {
            throw CarbonBalanceError(
                .unitSyntax,
                subject: text,
                explanation: "a covariate needs a unit; write '1' where it is dimensionless"
            )
        }
        self.text = text
        guard kind.isAmount else {
            preparedText = kind == .category ? "1" : text
            factor = 1
            return
        }
        let parts = try UnitFactors(parsing: text)
        let areas = parts.factors.filter { factor in
            factor.exponent < 0
                && UnitSymbols.area(factor.symbol, exponent: -factor.exponent) != nil
        }
        guard areas.count <= 1 else {
            throw CarbonBalanceError(
                .unitSyntax,
                subject: text,
                position: areas[1].position,
                explanation: "a second area, '\(areas[1].symbol)'"
            )
        }
        let area =
            areas.first.flatMap { UnitSymbols.area($0.symbol, exponent: -$0.exponent) } ?? .cell
        var conversion = UnitFraction.one
        switch (kind, area) {
        case (.total, .cell): break
        case (.total, .squareMetres):
            throw CarbonBalanceError(
                .unitDimension,
                subject: text,
                position: areas.first?.position,
                explanation: "is per area, but 'quantity: total' is per cell; write "
                    + "'quantity: density', or a unit without area such as 'persons'"
            )
        case (_, .squareMetres(let size)): conversion = UnitFraction(1_000_000, over: size)
        case (_, .cell):
            throw CarbonBalanceError(
                .unitDimension,
                subject: text,
                explanation: "names no area, but 'quantity: density' is per area; write "
                    + "'quantity: total', or a unit such as 'persons km-2', 'persons/ha' or 'm-2'"
            )
        }
        factor = (parts.multiplier * conversion).value
        let others = parts.factors.filter { !areas.contains($0) }.map { factor in
            factor.exponent == 1 ? factor.symbol : "\(factor.symbol)\(factor.exponent)"
        }
        preparedText = (others + ["km-2"]).joined(separator: " ")
    }

    package var description: String { text }
}
