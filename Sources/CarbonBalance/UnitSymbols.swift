/// The words a unit may contain.
enum UnitSymbols {
    /// Masses in tonnes.
    static let masses: [String: UnitFraction] = [
        "t": UnitFraction(1), "tonne": UnitFraction(1), "tonnes": UnitFraction(1),
        "kg": .powerOfTen(-3), "g": .powerOfTen(-6), "mg": .powerOfTen(-9),
        "Mg": UnitFraction(1), "Gg": .powerOfTen(3), "Tg": .powerOfTen(6), "Pg": .powerOfTen(9),
        "kt": .powerOfTen(3), "Mt": .powerOfTen(6), "Gt": .powerOfTen(9),
    ]

    /// Substances.
    static let substances: [String: FluxUnit.Substance] = [
        "C": .carbon, "CO2": .carbonDioxide,
    ]

    /// Times.
    static let times: [String: FluxUnit.Time] = [
        "yr": .year, "year": .year, "years": .year, "a": .year, "y": .year,
        "month": .month, "months": .month, "mon": .month, "mo": .month,
        "day": .seconds(86_400), "days": .seconds(86_400), "d": .seconds(86_400),
        "hour": .seconds(3600), "hours": .seconds(3600), "h": .seconds(3600),
        "hr": .seconds(3600),
        "second": .seconds(1), "seconds": .seconds(1), "sec": .seconds(1), "s": .seconds(1),
    ]

    /// The area that a symbol with this exponent's size stands for; nil when it is none.
    static func area(_ symbol: String, exponent: Int) -> FluxUnit.Area? {
        switch (symbol, exponent) {
        case ("cell", 1), ("cells", 1), ("gridcell", 1), ("pixel", 1), ("pixels", 1), ("px", 1):
            .cell
        case ("m", 2): .squareMetres(1)
        case ("km", 2): .squareMetres(1_000_000)
        case ("ha", 1), ("hectare", 1), ("hm", 2): .squareMetres(10_000)
        default: nil
        }
    }

    /// Splits `kgC`, `MtCO2`, `t` or `CO2`; nil when the symbol is neither.
    static func massAndSubstance(_ symbol: String) -> (UnitFraction?, FluxUnit.Substance?)? {
        if let mass = masses[symbol] { return (mass, nil) }
        if let substance = substances[symbol] { return (nil, substance) }
        for (suffix, substance) in [("CO2", FluxUnit.Substance.carbonDioxide), ("C", .carbon)]
        where symbol.hasSuffix(suffix) {
            guard let mass = masses[String(symbol.dropLast(suffix.count))] else { continue }
            return (mass, substance)
        }
        return nil
    }
}
