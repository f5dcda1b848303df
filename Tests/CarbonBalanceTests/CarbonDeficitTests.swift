import CarbonBalance
import Lattice
import Testing

struct CarbonDeficitTests {
    /// A row of the truth table: the cell, and what it must become.
    struct Row: Sendable {
        var e: Float
        var s: Float
        var eValid: Float = 1
        var sValid: Float = 1
        var water = false
        var inside = true
        var policy = WaterPolicy.zeroSink
        var status: BalanceStatus
        var absolute: Float = .nan
        var relative: Float = .nan
        var normalised: Float = .nan
    }

    static let table: [Row] = [
        Row(e: 100, s: 25, status: .regular, absolute: 75, relative: 0.75, normalised: 0.6),
        Row(e: .nan, s: 5, status: .emissionMissing),
        Row(e: .infinity, s: 5, status: .emissionMissing),
        Row(e: -.infinity, s: 5, status: .emissionMissing),
        Row(e: 5, s: .nan, status: .sinkMissing),
        Row(e: 5, s: -.infinity, status: .sinkMissing),
        Row(e: .nan, s: .infinity, status: .bothMissing),
        Row(e: 0, s: 8, status: .pureSink, absolute: -8, normalised: -1),
        Row(e: -0.0, s: 8, status: .pureSink, absolute: -8, normalised: -1),
        Row(e: 0.5, s: 1.5, status: .belowFloor, absolute: -1, normalised: -0.5),
        Row(e: 1, s: 0.5, status: .regular, absolute: 0.5, relative: 0.5, normalised: 1 / 3),
        Row(e: 0, s: 0, status: .empty, absolute: 0),
        Row(e: 0, s: -0.0, status: .empty, absolute: 0),
        Row(e: 0, s: -4, status: .ecosystemSource, absolute: 4, normalised: 1),
        Row(e: 10, s: 0, status: .regular, absolute: 10, relative: 1, normalised: 1),
        Row(e: 10, s: -10, status: .ecosystemSource, absolute: 20, relative: 2, normalised: 1),
        Row(e: 0.5, s: -0.5, status: .ecosystemSource, absolute: 1, normalised: 1),
        Row(e: -1, s: 5, status: .invalidEmission),
        Row(e: 20, s: 7, water: true, status: .water, absolute: 20, relative: 1, normalised: 1),
        Row(
            e: 20,
            s: .nan,
            sValid: 0,
            water: true,
            status: .water,
            absolute: 20,
            relative: 1,
            normalised: 1
        ),
        Row(e: 0, s: 7, water: true, status: .water, absolute: 0),
        Row(e: 20, s: 7, water: true, policy: .mask, status: .water),
        Row(e: 20, s: .nan, water: true, policy: .mask, status: .water),
        Row(e: 20, s: 5, inside: false, status: .outside),
        Row(
            e: 20,
            s: 5,
            eValid: 0.49,
            status: .partlyObserved,
            absolute: 15,
            relative: 0.75,
            normalised: 0.6
        ),
        Row(
            e: 20,
            s: 5,
            sValid: 0.49,
            status: .partlyObserved,
            absolute: 15,
            relative: 0.75,
            normalised: 0.6
        ),
        Row(
            e: 20,
            s: 5,
            eValid: 0.5,
            sValid: 0.5,
            status: .regular,
            absolute: 15,
            relative: 0.75,
            normalised: 0.6
        ),
        Row(
            e: 20,
            s: 5,
            eValid: .nan,
            status: .partlyObserved,
            absolute: 15,
            relative: 0.75,
            normalised: 0.6
        ),
    ]

    private static func isSame(_ first: Float, _ second: Float) -> Bool {
        first == second || (first.isNaN && second.isNaN)
    }

    @Test(arguments: table)
    func `every row of the truth table holds`(row: Row) {
        let parameters = DeficitParameters(waterPolicy: row.policy)
        let cell = CarbonDeficit.balance(
            emission: row.e,
            sink: row.s,
            emissionValid: row.eValid,
            sinkValid: row.sValid,
            water: row.water,
            inside: row.inside,
            parameters: parameters
        )
        #expect(cell.status == row.status)
        #expect(Self.isSame(cell.value(.absolute, parameters: parameters), row.absolute))
        #expect(Self.isSame(cell.value(.relative, parameters: parameters), row.relative))
        #expect(Self.isSame(cell.value(.normalised, parameters: parameters), row.normalised))
    }

    /// Conditions in the order of precedence; each sets what makes its status without undoing others.
    private static let conditions: [(status: BalanceStatus, apply: @Sendable (inout Row) -> Void)] =
        [
            (.outside, { $0.inside = false }),
            (.invalidEmission, { $0.e = -3 }),
            (
                .bothMissing,
                {
                    $0.e = .nan; $0.s = .nan
                }
            ),
            (.emissionMissing, { $0.e = .nan }),
            (.sinkMissing, { $0.s = .nan }),
            (.water, { $0.water = true }),
            (
                .partlyObserved,
                {
                    $0.sValid = 0.1; $0.eValid = 0.1
                }
            ),
            (.ecosystemSource, { $0.s = -2 }),
            (
                .empty,
                {
                    $0.e = 0; $0.s = 0
                }
            ),
            (
                .pureSink,
                {
                    $0.e = 0; $0.s = 6
                }
            ),
            (
                .belowFloor,
                {
                    $0.e = 0.25; $0.s = 6
                }
            ),
        ]

    @Test func `of two conditions the one with precedence gives the status`() {
        // Pairs that cannot both be true of one cell: they ask for different E or S.
        let exclusive: Set<Set<BalanceStatus>> = [
            [.invalidEmission, .bothMissing], [.invalidEmission, .emissionMissing],
            [.invalidEmission, .empty], [.invalidEmission, .pureSink],
            [.invalidEmission, .belowFloor], [.bothMissing, .emissionMissing],
            [.bothMissing, .sinkMissing], [.bothMissing, .ecosystemSource],
            [.bothMissing, .empty], [.bothMissing, .pureSink], [.bothMissing, .belowFloor],
            [.bothMissing, .water], [.emissionMissing, .sinkMissing], [.emissionMissing, .empty],
            [.emissionMissing, .pureSink], [.emissionMissing, .belowFloor],
            [.sinkMissing, .water], [.sinkMissing, .ecosystemSource], [.sinkMissing, .empty],
            [.sinkMissing, .pureSink], [.sinkMissing, .belowFloor],
            [.ecosystemSource, .empty], [.ecosystemSource, .pureSink],
            [.ecosystemSource, .belowFloor], [.empty, .pureSink], [.empty, .belowFloor],
            [.pureSink, .belowFloor],
        ]
        var pairs = 0
        for (index, first) in Self.conditions.enumerated() {
            for second in Self.conditions[(index + 1)...]
            where !exclusive.contains([first.status, second.status]) {
                var row = Row(e: 50, s: 20, status: first.status)
                second.apply(&row)
                first.apply(&row)
                let cell = CarbonDeficit.balance(
                    emission: row.e,
                    sink: row.s,
                    emissionValid: row.eValid,
                    sinkValid: row.sValid,
                    water: row.water,
                    inside: row.inside,
                    parameters: DeficitParameters()
                )
                #expect(cell.status == first.status, "\(first.status) over \(second.status)")
                pairs += 1
            }
        }
        #expect(pairs == 55 - exclusive.count)
    }

    @Test func `water makes a missing sink known, and only that`() {
        func status(_ e: Float, _ s: Float, policy: WaterPolicy) -> BalanceStatus {
            CarbonDeficit.balance(
                emission: e,
                sink: s,
                emissionValid: 1,
                sinkValid: 0,
                water: true,
                inside: true,
                parameters: DeficitParameters(waterPolicy: policy)
            ).status
        }
        for policy in WaterPolicy.allCases {
            #expect(status(.nan, .nan, policy: policy) == .emissionMissing)
            #expect(status(5, .nan, policy: policy) == .water)
        }
    }

    @Test func `the other variants follow their formulas and domains`() {
        let parameters = DeficitParameters(emissionFloor: 2, asinhScale: 4)
        func value(_ variant: DeficitVariant, _ e: Double, _ s: Double, per: Double = .nan)
            -> Double
        {
            CarbonDeficit.value(
                of: variant,
                emission: e,
                sink: s,
                denominator: per,
                parameters: parameters
            )
        }
        #expect(value(.logRatio, 6, 2) == CanonicalMath.log(2))
        #expect(value(.logRatio, 0, 0) == 0)
        #expect(value(.logRatio, 6, -1).isNaN)
        #expect(value(.relativeToSink, 6, 2) == 2)
        #expect(value(.relativeToSink, 6, 0).isNaN)
        #expect(value(.relativeToSink, 6, -2).isNaN)
        #expect(value(.pressure, 6, 2) == 3)
        #expect(value(.pressure, 6, 0).isNaN)
        #expect(value(.compensation, 8, 2) == 0.25)
        #expect(value(.compensation, 1, 2).isNaN)
        #expect(value(.compensation, 0, 2).isNaN)
        #expect(value(.compensation, 8, -2) == 1 - value(.relative, 8, -2))
        #expect(value(.perCapita, 8, 2, per: 3) == 2)
        #expect(value(.perCapita, 8, 2, per: 0).isNaN)
        #expect(value(.perGDP, 8, 2).isNaN)
        #expect(value(.asinh, 8, 4) == CanonicalMath.asinh(1))
        #expect(
            CarbonDeficit.value(of: .asinh, emission: 8, sink: 4, parameters: DeficitParameters())
                .isNaN
        )
        for variant in DeficitVariant.allCases { #expect(value(variant, -1, 2, per: 1).isNaN) }
    }

    @Test func `a value is rounded to single precision once`() {
        let cell = CarbonDeficit.balance(
            emission: 16_777_216,
            sink: 0.7,
            emissionValid: 1,
            sinkValid: 1,
            water: false,
            inside: true,
            parameters: DeficitParameters()
        )
        let exact = (16_777_216 - Double(Float(0.7))) / (16_777_216 + Double(Float(0.7)))
        #expect(cell.value(.normalised, parameters: DeficitParameters()) == Float(exact))
    }

    @Test func `a block decides each cell, and masses keep what is known`() {
        let window = CellWindow(rows: 4..<5, columns: 7..<12)
        func block(_ samples: [Float]) -> CellBlock { CellBlock(window: window, samples: samples) }
        let block = BalanceBlock(
            emission: RegriddedLayer(
                value: block([10, .nan, -1, 6, 9]),
                validFraction: block([1, 0, 1, 1, 1])
            ),
            sink: RegriddedLayer(
                value: block([4, 5, 5, .nan, 3]),
                validFraction: block([1, 0.25, 1, 0, 1])
            ),
            water: block([0, .nan, 0.4, 1, 0]),
            inside: [true, true, true, true, false],
            variants: [.absolute, .perCapita],
            denominators: [.population: block([3, 1, 1, 0, 1])],
            parameters: DeficitParameters()
        )
        #expect(
            block.status == [.regular, .emissionMissing, .invalidEmission, .water, .outside]
        )
        #expect(block.bands[0] == CellBlock(window: window, samples: [6, .nan, .nan, 6, .nan]))
        #expect(block.bands[1] == CellBlock(window: window, samples: [2, .nan, .nan, .nan, .nan]))
        #expect(
            block.emission.value == CellBlock(window: window, samples: [10, .nan, .nan, 6, 9])
        )
        #expect(block.emission.validFraction.samples == [1, 0, 0, 1, 1])
        #expect(block.sink.value.samples == [4, 5, 5, 0, 3])
        #expect(block.sink.validFraction.samples == [1, 0.25, 1, 1, 1])
    }

    @Test func `names, codes and captions are those of the contract`() {
        #expect(
            DeficitVariant.allCases.map(\.id) == [
                "abs", "rel", "norm", "logratio", "relsink", "pressure", "comp", "percap",
                "pergdp", "asinh",
            ]
        )
        #expect(
            BalanceStatus.allCases.map(\.rawValue) == [0, 1, 2, 3, 4, 10, 11, 12, 13, 14, 20, 255]
        )
        #expect(RegressionStatus.allCases.map(\.rawValue) == [0, 1, 2, 3, 4, 5, 6, 7, 8, 255])
        #expect(
            SinkKind.npp.caption == "NPP: gross of respiration and harvest, not a carbon sink"
        )
        #expect(!SinkKind.npp.allowsSurplusWording)
        #expect(!SinkKind.npp.word(forDeficit: -1).contains("surplus"))
        #expect(SinkKind.nep.word(forDeficit: -1) == "surplus")
        #expect(SinkKind.custom.word(forDeficit: 0) == "neutral")
        #expect(
            QuantityKind.allCases.map(\.rawValue)
                == ["total", "density", "intensity", "class", "angle"]
        )
    }

    @Test func `an implausible national total is named with its likely slip`() throws {
        #expect(Plausibility.check(.emission, nationalTotal: 9.48e9) == nil)
        #expect(Plausibility.check(.netPrimaryProduction, nationalTotal: 8.576e9) == nil)
        #expect(Plausibility.check(.netEcosystemProduction, nationalTotal: 1e9) == nil)
        let carbon = try #require(Plausibility.check(.emission, nationalTotal: 10.5e9 * 12 / 44))
        #expect(try #require(carbon.likelySlip).contains("3.67"))
        let monthly = try #require(Plausibility.check(.emission, nationalTotal: 10.5e9 / 12))
        #expect(try #require(monthly.likelySlip).contains("month"))
        let unscaled = try #require(Plausibility.check(.netPrimaryProduction, nationalTotal: 1e14))
        #expect(try #require(unscaled.likelySlip).contains("0.0001"))
        #expect(
            "\(carbon)".hasPrefix(
                "national emission is 2.86 PgCO2 a year, plausible for China is 8.00 Pg"
            )
        )
        let strange = try #require(Plausibility.check(.emission, nationalTotal: -5))
        #expect(strange.likelySlip == nil)
    }
}
