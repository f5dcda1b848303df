import Analysis
import CarbonBalance
import ContentDigest
import Lattice
import Regression
import Tiling

/// A small run with a regression of cells, and what its workers would report.
enum FuzzModel {
    static let grid = Grid(
        reference: CoordinateReference(wkt: "LOCAL", name: "test"),
        originX: 0,
        originY: 6000,
        cellSizeMetres: 1000,
        columns: 8,
        rows: 6
    )

    static let reducer = AnalysisReducer(model: model)

    static let model = RunModel(
        name: "fuzz",
        grid: grid,
        layers: [layer("emission", sink: nil), layer("sink", sink: .nep)],
        zones: nil,
        deficit: DeficitModel(
            pairs: [DeficitModel.Pair(emissionLayer: 0, sinkLayer: 1, suffix: "")],
            emissionFloor: 1,
            minimumValidFraction: 0.5,
            minimumValidShare: 0.5,
            masksWater: false,
            variants: [.absolute, .relative],
            populationLayer: nil,
            gdpLayer: nil
        ),
        regression: RegressionModel(
            response: .variant(.absolute),
            covariates: [
                RegressionModel.Covariate(name: "sink", layer: 1, transform: .none, unit: "1")
            ],
            masks: [],
            kernel: .bisquare,
            minimumEmission: nil,
            spacingCells: 1,
            bandwidth: .neighbours(10),
            bufferMetres: 0,
            capMetres: nil,
            fitsCells: true,
            fitsZones: false
        )
    )

    private static func layer(_ name: String, sink: SinkKind?) -> LayerModel {
        LayerModel(
            name: name,
            paths: ["/somewhere/\(name).tif"],
            combination: .sum,
            band: 1,
            fingerprints: [ContentDigest(of: name)],
            quantity: .density,
            nodata: nil,
            codes: [],
            scale: nil,
            offset: nil,
            unitFactor: 1,
            internalUnit: "tCO2 km-2 yr-1",
            classes: [],
            isBilinear: false,
            subpointsPerAxis: 4,
            minimumValidFraction: 0,
            waterIsZero: false,
            sink: sink,
            facts: LayerFacts(
                role: name,
                unit: "tCO2 km-2 yr-1",
                year: nil,
                supportMetres: 1000,
                derivedFrom: [],
                isProxy: false,
                source: nil,
                accounting: nil,
                sectors: []
            )
        )
    }

    static var preparePartial: [UInt8] {
        let window = grid.window
        let samples = (0..<window.cellCount).map { Float($0 % 7) + 0.5 }
        let block = CellBlock(window: window, samples: samples)
        let layer = RegriddedLayer(
            value: block,
            validFraction: CellBlock(window: window, samples: samples.map { _ in 1 })
        )
        var partial = PreparePartial(layerCount: 2, pairCount: 1)
        for index in 0..<2 { partial.add(layer, index: index) }
        partial.addDeficits(emission: block, sink: block, pair: 0)
        return partial.encoded
    }

    static var balancePartials: [UInt8] {
        guard let regression = model.cellRegression else { return [] }
        var observations = ObservationPartial(model: regression, grid: grid)
        for row in 0..<grid.rows {
            observations.add(row: row, column: row, values: [Double(row), Double(row * row)])
        }
        observations.count(locations: 6)
        return BalancePartials(
            pairs: [BalancePartial(layerCount: 0)],
            observations: observations
        ).encoded
    }

    static var candidatePartial: [UInt8] {
        var partial = CandidatePartial(candidateCount: 2)
        partial.candidates[0].add(residual: 1, leverage: 0.5, bufferedError: 2)
        return partial.encoded
    }

    static var fitPartial: [UInt8] {
        var partial = FitPartial(termCount: 2)
        partial.add(residual: 1, leverage: 0.5, squaredHatRow: 0.25, deviation: 0.5)
        partial.count(.fitted)
        return partial.encoded
    }

    static var residualPartial: [UInt8] {
        var partial = ResidualPartial()
        partial.local.add(1, degree: 3)
        partial.local.add(1, 2, down: 1, right: -1)
        return partial.encoded
    }
}
