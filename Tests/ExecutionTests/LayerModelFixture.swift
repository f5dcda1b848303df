import Analysis
import CarbonBalance
import ContentDigest
import Lattice

extension LayerModel {
    /// A covariate that is read as it is, but for what a test says of it.
    static func fixture(
        _ name: String = "layer",
        paths: [String] = [],
        combination: LayerCombination = .sum,
        quantity: QuantityKind = .density,
        subpointsPerAxis: Int = 20,
        sink: SinkKind? = nil,
        role: String = "covariate",
        unit: String = "1",
        internalUnit: String = "1",
        supportMetres: Double = 1000
    ) -> LayerModel {
        LayerModel(
            name: name,
            paths: paths,
            combination: combination,
            band: 1,
            fingerprints: paths.map { ContentDigest(of: $0) },
            quantity: quantity,
            nodata: nil,
            codes: [],
            scale: nil,
            offset: nil,
            unitFactor: 1,
            internalUnit: internalUnit,
            classes: [],
            isBilinear: false,
            subpointsPerAxis: subpointsPerAxis,
            minimumValidFraction: 0,
            waterIsZero: false,
            sink: sink,
            facts: LayerFacts(
                role: role,
                unit: unit,
                year: nil,
                supportMetres: supportMetres,
                derivedFrom: [],
                isProxy: false,
                source: nil,
                accounting: nil,
                sectors: []
            )
        )
    }
}
