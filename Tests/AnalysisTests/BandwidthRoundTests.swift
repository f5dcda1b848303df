import Analysis
import CarbonBalance
import Regression
import Testing
import Tiling

/// Rounds of a search between which tiles are lost, or come back.
struct BandwidthRoundTests {
    private static let regression = RegressionModel(
        response: .layer(0),
        covariates: [.init(name: "sink", layer: 1, transform: .none, unit: "1")],
        masks: [],
        kernel: .bisquare,
        minimumEmission: nil,
        spacingCells: 1,
        bandwidth: .search(isAdaptive: true, .aicc, minimum: 14, maximum: 40),
        bufferMetres: 0,
        capMetres: nil,
        fitsCells: true,
        fitsZones: false
    )

    /// One candidate's scores over so many observations.
    private static func partial(_ locationCount: Int) -> CandidatePartial {
        var partial = CandidatePartial(candidateCount: 1)
        partial.candidates[0].add(residual: 1, leverage: 0.5, bufferedError: 1)
        partial.locationCount = locationCount
        return partial
    }

    @Test func `scores over other observations are dropped, those over the same stay`() {
        var found = BandwidthConstants()
        found.add([.adaptive(neighbours: 20)], Self.partial(48))
        found.add([.adaptive(neighbours: 30)], Self.partial(48))
        #expect(found.scores.map(\.value) == [20, 30])
        #expect(found.restartCount == 0)
        found.add([.adaptive(neighbours: 25)], Self.partial(40))
        #expect(found.scores.map(\.value) == [25])
        #expect(found.locationCount == 40)
        #expect(found.restartCount == 1)
    }

    @Test(arguments: [BandwidthConstants.restartLimit - 1, BandwidthConstants.restartLimit])
    func `a search that never sees the same observations twice is refused in the end`(
        restarts: Int
    ) throws {
        var model = TestModel.model
        model.regression = Self.regression
        var cells = ObservationPartial(model: Self.regression, grid: model.grid)
        for row in 0..<6 {
            for column in 0..<8 {
                cells.add(row: row, column: column, values: [Double(row * column), Double(row)])
            }
        }
        let observations = ObservationConstants(cells, model: Self.regression, variant: nil)
        var found = BandwidthConstants()
        found.locationCount = 48
        found.roundCount = 1
        found.restartCount = restarts
        found.next = [20]
        let reduction = try AnalysisReducer(model: model).reduce(
            stage: .bandwidth,
            round: 1,
            partials: [(TileID(row: 0, column: 0), Self.partial(47).encoded)],
            constants: [
                .balance: try ModelCoding.encode(
                    BalanceConstants(pairs: [], observations: observations)
                ),
                .bandwidth: try ModelCoding.encode(found),
            ]
        )
        let isRefused = restarts == BandwidthConstants.restartLimit
        switch reduction {
        case .anotherRound(let constants):
            #expect(!isRefused)
            let next = try ModelCoding.decode(BandwidthConstants.self, from: constants)
            // All are wanted again but the one that was just scored.
            #expect(next.next == (14...40).map(Double.init).filter { $0 != 20 })
        case .finished(let constants):
            #expect(isRefused)
            let end = try ModelCoding.decode(BandwidthConstants.self, from: constants)
            #expect(end.choice == nil)
            #expect(end.refusal?.contains("47 of 48 observations") == true)
        }
    }
}
