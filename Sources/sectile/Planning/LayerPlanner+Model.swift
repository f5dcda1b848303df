import Analysis
import CarbonBalance
import ContentDigest
import Lattice
import RasterIO
import Settings

extension LayerPlanner {
    /// How a layer's unit is converted.
    struct UnitChoice {
        var factor: Double
        var internalUnit: String
    }

    /// The conversion to internal units; nil when the unit does not fit.
    func plannedUnit(
        _ layer: LayerSettings,
        key: String,
        problems: inout [PlanProblem]
    ) -> UnitChoice? {
        do {
            if layer.role == .emission || layer.role == .sink {
                let unit = try FluxUnit(parsing: layer.unit ?? "")
                let factor = try unit.factor(for: layer.quantity, year: layer.year)
                return UnitChoice(factor: factor, internalUnit: FluxUnit.standardText)
            }
            if layer.quantity == .category || layer.quantity == .angle || layer.derive == .aspect {
                return UnitChoice(factor: 1, internalUnit: "1")
            }
            if layer.derive == .slope { return UnitChoice(factor: 1, internalUnit: "degree") }
            let unit = try CovariateUnit(parsing: layer.unit ?? "1", kind: layer.quantity)
            guard isPopulationUnit(unit.preparedText, of: layer, key: key, problems: &problems)
            else { return nil }
            if layer.name == productLayer {
                // What divides by it is told per 10⁴ CNY.
                guard unit.preparedText == "CNY km-2" else {
                    problems.append(
                        PlanProblem(
                            key: "\(key).unit",
                            message:
                                "'\(unit.text)' is no unit of deficit.gdp; legal: CNY, 10^4 CNY, "
                                + "10^8 CNY; for a density with an area, such as 10^4 CNY/km2"
                        )
                    )
                    return nil
                }
                return UnitChoice(factor: unit.factor / 1e4, internalUnit: "10^4 CNY km-2")
            }
            return UnitChoice(factor: unit.factor, internalUnit: unit.preparedText)
        } catch {
            problems.append(PlanProblem(key: "\(key).unit", message: error.description))
            return nil
        }
    }

    /// True unless the layer is `deficit.population` and its unit is none of people; reports it then.
    func isPopulationUnit(
        _ prepared: String,
        of layer: LayerSettings,
        key: String,
        problems: inout [PlanProblem]
    ) -> Bool {
        let legal = ["person", "persons", "people", "inhabitant", "inhabitants"]
        guard layer.name == populationLayer, !legal.contains(where: { prepared == "\($0) km-2" })
        else { return true }
        problems.append(
            PlanProblem(
                key: "\(key).unit",
                message:
                    "'\(layer.unit ?? "1")' is no unit of deficit.population; legal: "
                    + legal.joined(separator: ", ")
                    + "; for a density with an area, such as persons/km2"
            )
        )
        return false
    }

    /// The model of a layer, without its files.
    func model(of layer: LayerSettings, unit: UnitChoice, pixelMetres: Double) -> LayerModel {
        var model = LayerModel(
            name: layer.name,
            paths: [],
            combination: layer.combine.flatMap {
                LayerCombination(rawValue: $0.rawValue)
            } ?? .sum,
            band: 1,
            fingerprints: [],
            quantity: layer.quantity,
            nodata: Self.nodata(of: layer),
            codes: (layer.codes ?? [:]).sorted { $0.key < $1.key }.map { code, meaning in
                switch meaning {
                case .nodata: LayerCode(code: code, value: nil, isWater: false)
                case .water: LayerCode(code: code, value: nil, isWater: true)
                case .value(let value): LayerCode(code: code, value: value, isWater: false)
                }
            },
            scale: layer.scale,
            offset: layer.offset,
            unitFactor: unit.factor,
            internalUnit: unit.internalUnit,
            classes: layer.classes,
            // Of finer pixels the mean is taken: interpolation would look at some of them only.
            isBilinear: layer.resampling == .bilinear && layer.quantity != .category
                && pixelMetres > grid.cellSizeMetres,
            subpointsPerAxis: SubpointMap.perAxis(
                cellSizeMetres: grid.cellSizeMetres,
                sourcePixelMetres: pixelMetres
            ),
            minimumValidFraction: layer.minimumValidFraction ?? 0,
            waterIsZero: layer.role == .sink && waterPolicy == .zeroSink,
            sink: layer.sink,
            facts: LayerFacts(
                role: layer.role.rawValue,
                unit: layer.unit ?? "1",
                year: layer.year,
                supportMetres: layer.support ?? pixelMetres,
                derivedFrom: layer.derivedFrom,
                isProxy: layer.proxy,
                source: layer.source,
                accounting: layer.accounting?.rawValue,
                sectors: layer.sectors
            )
        )
        model.reading.isMode = layer.statistic == .mode
        model.reading.isWeightedByPopulation = (layer.aggregate ?? aggregate) == .population
        let component = layer.component.flatMap { DirectionComponent(rawValue: $0.rawValue) }
        switch (layer.quantity, layer.derive, component) {
        case (.angle, _, .some(let component)):
            let degrees = layer.unit == "radian" ? 180 / Double.pi : 1
            model.reading.derivation = .direction(component, degreesPerUnit: degrees)
        case (_, .slope, _): model.reading.derivation = .terrain(.slope)
        case (_, .aspect, .some(let component)):
            model.reading.derivation = .terrain(.aspect(component))
        default: break
        }
        return model
    }

    private static func nodata(of layer: LayerSettings) -> [Double]? {
        switch layer.nodata {
        case .file: nil
        case .ignored: []
        case .values(let values): values
        }
    }
}
