import CarbonBalance
import Testing

struct FluxUnitTests {
    static let densities: [(String, Double)] = [
        ("tCO2 km-2 yr-1", 1.0), ("tC km-2 yr-1", 44.0 / 12), ("gC m-2 yr-1", 44.0 / 12),
        ("kgC/m2/yr", 44000.0 / 12), ("kg C m^-2 a^-1", 44000.0 / 12),
        ("tCO2/ha/yr", 100), ("tCO₂ km⁻² yr⁻¹", 1), ("kgCO2/(m2 yr)", 1000),
        ("tCO2·km-2·month-1", 12), ("tCO2 km-2 day-1", 365), ("tCO2 km-2 h-1", 8760),
        ("kgCO2 m-2 s-1", 1e3 * 31_536_000), ("10^4 tCO2 km-2 yr-1", 1e4),
        ("1e4 tCO2 km-2 yr-1", 1e4), ("10⁴ tCO2 per km2 per year", 1e4),
        ("1000 tCO2 km-2 yr-1", 1e3), ("Mg CO2 km-2 yr-1", 1),
    ]

    @Test(arguments: densities)
    func `a density unit has its exact factor`(text: String, factor: Double) throws {
        #expect(try FluxUnit(parsing: text).factor(for: .density) == factor)
    }

    static let totals: [(String, Double)] = [
        ("tC/yr", 44.0 / 12), ("tC/cell/yr", 44.0 / 12), ("t CO2 pixel-1 yr-1", 1),
        ("MtCO2/yr", 1e6), ("GtC/yr", 44e9 / 12), ("kgC/h", 32.12),
        ("TgCO2 yr-1", 1e6), ("tC/cell/month", 44), ("ktCO2/yr", 1e3), ("gCO2/cell/s", 31.536),
    ]

    @Test(arguments: totals)
    func `a total unit has its exact factor`(text: String, factor: Double) throws {
        #expect(try FluxUnit(parsing: text).factor(for: .total) == factor)
    }

    @Test func `days are counted in the layer's calendar year`() throws {
        let unit = try FluxUnit(parsing: "kgCO2 m-2 s-1")
        #expect(try unit.factor(for: .density, year: 2020) == 1e3 * 31_622_400)
        #expect(try unit.factor(for: .density, year: 1900) == 1e3 * 31_536_000)
        #expect(try unit.factor(for: .density, year: 2000) == 1e3 * 31_622_400)
    }

    @Test func `a mass without substance is refused unless the layer declares it`() throws {
        #expect {
            try FluxUnit(parsing: "kg m-2 s-1")
        } throws: {
            ($0 as? CarbonBalanceError)?.code == .substanceMissing
        }
        let declared = try FluxUnit(parsing: "t/cell/yr", substance: .carbon)
        #expect(try declared.factor(for: .total) == 44.0 / 12)
        #expect(throws: CarbonBalanceError.self) {
            try FluxUnit(parsing: "tC/yr", substance: .carbonDioxide)
        }
    }

    static let misfits: [(String, QuantityKind)] = [
        ("tCO2 km-2 yr-1", QuantityKind.total), ("tC/yr", .density), ("tC/cell/yr", .density),
        ("tC/yr", .intensity), ("tC km-2 yr-1", .category),
    ]

    @Test(arguments: misfits)
    func `a unit that does not fit its quantity is refused`(text: String, kind: QuantityKind) {
        #expect {
            try FluxUnit(parsing: text).factor(for: kind)
        } throws: {
            ($0 as? CarbonBalanceError)?.code == .unitDimension
        }
    }

    static let wrongTexts: [(String, Int?)] = [
        ("", nil), ("tCO2", nil), ("furlongs", 1), ("tC/fortnight", 4), ("tC/m3/yr", 4),
        ("tC yr", 4), ("kgC/m2 yr", 8), ("tC//yr", 4), ("tC yr-1 yr-1", 9), ("tC/m2/km2/yr", 7),
        ("tC/yr/", nil), ("tC(yr)", 3), ("tC/(yr", nil), ("tC^x/yr", 3), ("tCO2e/yr", 1),
        ("tC tC/yr", 4), ("tC C/yr", 4), ("µmol m-2 s-1", 1), ("/yr", nil), ("tC/yr)", 6),
        ("tC-0/yr", 3), ("tc/yr", 1), ("99999999 tC/yr", 1), ("2^3 tC/yr", 1),
        (String(repeating: "t", count: 81), nil),
    ]

    @Test(arguments: wrongTexts)
    func `a wrong text is refused where it goes wrong`(text: String, position: Int?) {
        #expect {
            try FluxUnit(parsing: text)
        } throws: { error in
            guard let error = error as? CarbonBalanceError else { return false }
            return error.code == .unitSyntax && error.position == position
                && error.subject == text
        }
    }

    @Test func `a message names the text, the place and the legal forms`() {
        #expect {
            try FluxUnit(parsing: "tC/fortnight")
        } throws: { error in
            "\(error)".hasPrefix("unit 'tC/fortnight' at character 4: 'fortnight'")
                && "\(error)".contains("kgC/m2/yr")
        }
    }

    static let covariates: [(String, QuantityKind, String, Double)] = [
        ("persons", QuantityKind.total, "persons km-2", 1.0),
        ("persons/pixel", .total, "persons km-2", 1), ("persons/ha", .density, "persons km-2", 100),
        ("10^4 CNY km-2", .density, "CNY km-2", 1e4), ("km km-2", .density, "km km-2", 1),
        ("m/m2", .density, "m km-2", 1e6), ("m", .intensity, "m", 1),
        ("nW cm-2 sr-1", .intensity, "nW cm-2 sr-1", 1), ("1", .intensity, "1", 1),
        ("IGBP", .category, "1", 1), ("m-2", .density, "km-2", 1e6),
    ]

    @Test(arguments: covariates)
    func `a covariate's unit is converted only where its quantity needs it`(
        text: String,
        kind: QuantityKind,
        prepared: String,
        factor: Double
    ) throws {
        let unit = try CovariateUnit(parsing: text, kind: kind)
        #expect(unit.preparedText == prepared)
        #expect(unit.factor == factor)
    }

    static let covariateMisfits: [(String, QuantityKind)] = [
        ("persons km-2", QuantityKind.total), ("persons", .density), ("", .intensity),
        ("1/m2/ha", .density), ("1/m2 ha-1", .density),
    ]

    @Test(arguments: covariateMisfits)
    func `a covariate's unit that does not fit is refused`(text: String, kind: QuantityKind) {
        #expect(throws: CarbonBalanceError.self) { try CovariateUnit(parsing: text, kind: kind) }
    }
}
