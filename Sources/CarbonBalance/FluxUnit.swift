/// The unit of an emission or sink layer, parsed, with its exact factor to tCO2 km⁻² yr⁻¹.
///
/// A text names a mass, the substance it weighs, and a time below the line; a density names an area too,
/// a total may name the cell: `tCO2 km-2 yr-1`, `kgC/m2/yr`, `tC/cell/month`, `MtCO2/yr`, `kg C m⁻² s⁻¹`.
/// Symbols are case-sensitive (Mg is a tonne, mg is not).
///
/// The time converts a *rate*: `tC/month` is twelve times as much a year, so a month is a twelfth of the
/// year whatever its length (twelve monthly files are to be averaged, not added). A day, an hour and a
/// second are counted in the calendar year of the layer: 365 or 366 days, 31 536 000 or 31 622 400 s.
package struct FluxUnit: Hashable, Sendable, CustomStringConvertible {
    /// What is weighed.
    package enum Substance: String, Hashable, Sendable, Codable, CaseIterable {
        /// Carbon: multiplied by 44/12.
        case carbon = "C"
        /// Carbon dioxide.
        case carbonDioxide = "CO2"
    }

    /// What the flux is per, besides time.
    package enum Area: Hashable, Sendable {
        /// The source cell, whether the text says so or names no area.
        case cell
        /// A measured area, whose size is the number of square metres.
        case squareMetres(Int)
    }

    /// The time that stands below the line.
    package enum Time: Hashable, Sendable {
        /// A calendar year.
        case year
        /// A twelfth of a year.
        case month
        /// A number of seconds.
        case seconds(Int)
    }

    /// The text as written.
    package let text: String
    /// What is weighed.
    package let substance: Substance
    /// What the flux is per.
    package let area: Area
    /// The time below the line.
    package let time: Time
    private let tonnes: UnitFraction

    /// The unit every emission and sink has inside the system.
    package static let standardText = "tCO2 km-2 yr-1"

    /// A form of every kind that is understood, for messages.
    package static let legalForms =
        "mass of C or CO2 (t, kg, g, mg, Mg, Gg, Tg, Pg, kt, Mt, Gt) per area (cell, m2, km2, ha) "
        + "and time (yr, month, day, h, s), such as 'tCO2 km-2 yr-1', 'kgC/m2/yr' or 'tC/cell/yr'"

    /// Parses a unit.
    ///
    /// - Parameters:
    ///   - text: the unit as written.
    ///   - declaredSubstance: what the layer says its mass weighs; used where the text is silent, and
    ///     refused where the text says otherwise.
    /// - Throws: `CarbonBalanceError` with the text, the place and the legal forms.
    package init(
        parsing text: String,
        substance declaredSubstance: Substance? = nil
    ) throws(CarbonBalanceError) {
        let parts = try UnitFactors(parsing: text)
        var reading = FluxUnitReading(text: text)
        for factor in parts.factors { try reading.add(factor) }
        guard let mass = reading.mass else {
            throw reading.refusal("no mass; legal is \(Self.legalForms)", at: nil)
        }
        guard let time = reading.time else {
            throw reading.refusal("no time below the line; legal is \(Self.legalForms)", at: nil)
        }
        guard let substance = reading.substance ?? declaredSubstance else {
            throw CarbonBalanceError(
                .substanceMissing,
                subject: text,
                explanation: "does the mass weigh C or CO2? write for example "
                    + "'kgC m-2 s-1' or 'kgCO2 m-2 s-1' (a factor of 44/12 lies between them)"
            )
        }
        if let declaredSubstance, declaredSubstance != substance {
            throw reading.refusal(
                "the layer declares \(declaredSubstance.rawValue), its unit says "
                    + substance.rawValue,
                at: nil
            )
        }
        self.text = text
        self.substance = substance
        self.time = time
        area = reading.area ?? .cell
        tonnes = parts.multiplier * mass
    }

    package var description: String { text }

    /// Throws unless the unit fits the quantity: a total is per cell, a density per area.
    package func check(fits kind: QuantityKind) throws(CarbonBalanceError) {
        let explanation: String
        switch (kind, area) {
        case (.total, .cell), (.density, .squareMetres): return
        case (.total, .squareMetres):
            explanation =
                "is per area, but 'quantity: total' is per cell; "
                + "write 'quantity: density', or a unit such as 'tC/yr' or 'tC/cell/yr'"
        case (.density, .cell):
            explanation =
                "is per cell, but 'quantity: density' is per area; "
                + "write 'quantity: total', or a unit such as 'tC km-2 yr-1' or 'kgC/m2/yr'"
        case (.intensity, _), (.category, _), (.angle, _):
            explanation =
                "an emission or sink is a total or a density, not 'quantity: \(kind.rawValue)'"
        }
        throw CarbonBalanceError(.unitDimension, subject: text, explanation: explanation)
    }

    /// The factor to internal units: tCO2 km⁻² yr⁻¹ for a density, tCO2 yr⁻¹ per source cell for a total.
    ///
    /// - Parameters:
    ///   - kind: total or density.
    ///   - year: the calendar year of the layer; nil counts 365 days.
    /// - Returns: the factor, computed exactly and rounded once.
    /// - Throws: `CarbonBalanceError` when the unit does not fit the quantity.
    package func factor(
        for kind: QuantityKind,
        year: Int? = nil
    ) throws(CarbonBalanceError) -> Double {
        try check(fits: kind)
        var factor = tonnes
        if substance == .carbon { factor = factor * UnitFraction(44, over: 12) }
        if case .squareMetres(let size) = area {
            factor = factor * UnitFraction(1_000_000, over: size)
        }
        switch time {
        case .year: break
        case .month: factor = factor * UnitFraction(12)
        case .seconds(let seconds):
            let days = year.map(Self.daysInYear) ?? 365
            factor = factor * UnitFraction(days * 86_400, over: seconds)
        }
        return factor.value
    }

    /// Number of days of a year of the Gregorian calendar.
    package static func daysInYear(_ year: Int) -> Int {
        let isLeap =
            year.isMultiple(of: 4) && (!year.isMultiple(of: 100) || year.isMultiple(of: 400))
        return isLeap ? 366 : 365
    }
}

/// What has been understood of a flux unit so far.
private struct FluxUnitReading {
    let text: String
    var mass: UnitFraction?
    var substance: FluxUnit.Substance?
    var area: FluxUnit.Area?
    var time: FluxUnit.Time?

    init(text: String) { self.text = text }

    func refusal(_ explanation: String, at position: Int?) -> CarbonBalanceError {
        CarbonBalanceError(
            .unitSyntax,
            subject: text,
            position: position,
            explanation: explanation
        )
    }

    mutating func add(_ factor: UnitFactor) throws(CarbonBalanceError) {
        if let time = UnitSymbols.times[factor.symbol] {
            guard self.time == nil else { throw twice("time", factor) }
            guard factor.exponent == -1 else {
                throw refusal(
                    "'\(factor.symbol)' must stand below the line once, as in 't/\(factor.symbol)' "
                        + "or 't \(factor.symbol)-1' (a slash covers one factor only)",
                    at: factor.position
                )
            }
            self.time = time
        } else if let area = UnitSymbols.area(factor.symbol, exponent: abs(factor.exponent)) {
            guard self.area == nil else { throw twice("area", factor) }
            guard factor.exponent < 0 else {
                throw refusal(
                    "'\(factor.symbol)' must stand below the line (a slash covers one factor only)",
                    at: factor.position
                )
            }
            self.area = area
        } else {
            try addMass(factor)
        }
    }

    private mutating func addMass(_ factor: UnitFactor) throws(CarbonBalanceError) {
        guard let (mass, substance) = UnitSymbols.massAndSubstance(factor.symbol) else {
            throw refusal(
                "'\(factor.symbol)' is not understood; legal is \(FluxUnit.legalForms)",
                at: factor.position
            )
        }
        guard factor.exponent == 1 else {
            throw refusal(
                "'\(factor.symbol)' stands above the line, without exponent",
                at: factor.position
            )
        }
        if let mass {
            guard self.mass == nil else { throw twice("mass", factor) }
            self.mass = mass
        }
        if let substance {
            guard self.substance == nil else { throw twice("substance", factor) }
            self.substance = substance
        }
    }

    private func twice(_ noun: String, _ factor: UnitFactor) -> CarbonBalanceError {
        refusal("a second \(noun), '\(factor.symbol)'", at: factor.position)
    }
}
