import Analysis
import CarbonBalance
import ContentDigest
import Lattice

/// A small model: emission against sink on a grid of 8 × 6 cells.
enum TestModel {
    static let grid = Grid(
        reference: CoordinateReference(wkt: "LOCAL", name: "test"),
        originX: 0,
        originY: 6000,
        cellSizeMetres: 1000,
        columns: 8,
        rows: 6
    )

    static func layer(_ name: String, role: String, sink: SinkKind? = nil) -> LayerModel {
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
                role: role,
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

    static let model = RunModel(
        name: "test",
        grid: grid,
        layers: [layer("emission", role: "emission"), layer("sink", role: "sink", sink: .nep)],
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
        )
    )

    /// A layer over a window whose samples follow from the cell alone.
    static func regridded(_ window: CellWindow, seed: Int) -> RegriddedLayer {
        let cells = window.rows.flatMap { row in window.columns.map { (row, $0) } }
        return RegriddedLayer(
            value: CellBlock(
                window: window,
                samples: cells.map { row, column in
                    Float((row * 31 + column * 17 + seed) % 29) * 1.37 + 0.1
                }
            ),
            validFraction: CellBlock(
                window: window,
                samples: cells.map { row, column in Float((row + column + seed) % 5) / 4 }
            )
        )
    }
}
