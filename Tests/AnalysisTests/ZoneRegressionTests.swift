import Analysis
import CarbonBalance
import Regression
import Testing

@Suite struct ZoneRegressionTests {
    /// Zones on a square of so many a side: emission density 3 + 2 x and a little noise, x a covariate that
    /// varies from zone to zone.
    private func input(
        side: Int = 12,
        response: RegressionModel.Response = .layer(0),
        smallestSink: Double = 1,
        _ change: (Int, inout BalanceFigures, inout Double?) -> Void = { _, _, _ in }
    ) -> ZoneRegression.Input {
        var model = TestModel.model
        model.regression = RegressionModel(
            response: response,
            covariates: [
                .init(name: "x", layer: 2, transform: .sqrt, unit: "sqrt(m)"),
                .init(name: "null_1", layer: nil, transform: .none, unit: "1"),
            ],
            masks: [],
            kernel: .bisquare,
            minimumEmission: nil,
            spacingCells: 1,
            bandwidth: .neighbours(20),
            bufferMetres: 0,
            capMetres: nil,
            fitsCells: true,
            fitsZones: true
        )
        model.layers.append(TestModel.layer("x", role: "covariate"))
        let count = side * side
        var means: [Double?] = []
        let zones = (0..<count).map { index -> BalanceFigures in
            let x = Double((index * 37) % 29) / 4
            let noise = Double((index * 53) % 17) / 170 - 0.05
            var zone = BalanceFigures(
                areaKm2: 10,
                emissionAreaKm2: 10,
                sinkAreaKm2: 10,
                emission: 10 * (3 + 2 * x + noise),
                sink: 20,
                population: nil,
                gdp: nil,
                cellCount: 4
            )
            var mean: Double? = x * x
            change(index, &zone, &mean)
            means.append(mean)
            return zone
        }
        let totals = model.layers.map { layer in
            LayerTotals(
                name: layer.name,
                cellCount: 1,
                validAreaKm2: 1,
                integral: 1,
                minimum: smallestSink,
                maximum: 1
            )
        }
        return ZoneRegression.Input(
            model: model,
            prepare: PrepareConstants(layers: totals, deficitScales: [5]),
            zones: zones,
            layerMeans: model.layers.indices.map { index in
                index == 2 ? means : means.map { _ in nil }
            },
            xs: (0..<count).map { Double($0 % side) * 1000 },
            ys: (0..<count).map { Double($0 / side) * 1000 }
        )
    }

    @Test func `a plane is found everywhere, from transformed means, without fields of noise`()
        throws
    {
        let zones = try ZoneRegression(input())
        #expect(zones.result.termNames == ["intercept", "x"])
        #expect(zones.responseName == "emission")
        #expect(zones.model.observationCount == 144)
        for row in 0..<144 {
            #expect(abs(zones.result.coefficients[0][row] - 3) < 0.2)
            #expect(abs(zones.result.coefficients[1][row] - 2) < 0.05)
        }
        let global = try #require(zones.global)
        #expect(abs(global.coefficients[1] - 2) < 0.01)
        #expect(zones.profile.criterion == .aicc)
        // mgwr's range: from 40 + 2p to all.
        #expect(zones.profile.searchedMinimum == 44)
        #expect(zones.profile.searchedMaximum == 144)
    }

    @Test func `the same zones give the same bits`() throws {
        let first = try ZoneRegression(input())
        let second = try ZoneRegression(input())
        #expect(first.result.coefficients == second.result.coefficients)
        #expect(first.profile == second.profile)
    }

    @Test func `a zone that is hardly observed, or lacks a predictor, is no observation`() throws {
        let zones = try ZoneRegression(
            input { index, zone, mean in
                if index == 5 { zone.emissionAreaKm2 = 2 }
                if index == 9 { mean = nil }
            }
        )
        #expect(zones.model.observationCount == 142)
        for row in [5, 9] {
            #expect(zones.result.fitted[row].isNaN)
            #expect(zones.result.coefficients[1][row].isNaN)
        }
        #expect(zones.result.fitted[6].isFinite)
    }

    @Test func `the log ratio gives way to asinh where a sink is negative, as for cells`() throws {
        let ratio = try ZoneRegression(input(response: .variant(.logRatio)))
        #expect(ratio.responseName == "logratio")
        #expect(abs(ratio.model.table.response[0] - CanonicalCheck.logRatio(3.0 - 0.05, 2)) < 1e-12)
        let sinh = try ZoneRegression(input(response: .variant(.logRatio), smallestSink: -1))
        #expect(sinh.responseName == "asinh")
    }

    @Test func `too few zones are refused with numbers`() {
        let error = #expect(throws: ZoneRegression.Refusal.self) {
            try ZoneRegression(input(side: 3))
        }
        #expect(error?.description.contains("9 of 9 zones") == true)
        #expect(error?.description.contains("at least 14") == true)
    }

    @Test func `a response may be any layer: zones have its mean`() throws {
        let zones = try ZoneRegression(input(response: .layer(2)))
        #expect(zones.responseName == "x")
        let x = Double((1 * 37) % 29) / 4
        #expect(zones.model.table.response[1] == x * x)
    }
}

/// The log ratio of densities, ε 1.
private enum CanonicalCheck {
    static func logRatio(_ emission: Double, _ sink: Double) -> Double {
        CarbonDeficit.value(
            of: .logRatio,
            emission: emission,
            sink: sink,
            parameters: DeficitParameters(emissionFloor: 1)
        )
    }
}
