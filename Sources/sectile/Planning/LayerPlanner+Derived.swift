import Analysis
import CarbonBalance
import ContentDigest
import Lattice
import RasterIO
import Settings

extension LayerPlanner {
    /// Resolves a layer that reads no raster.
    func planDerived(
        _ layer: LayerSettings,
        key: String,
        problems: inout [PlanProblem]
    ) -> Planned? {
        if let attribute = layer.attribute {
            return planAttribute(attribute, layer, key: key, problems: &problems)
        }
        guard let derive = layer.derive else { return nil }
        if derive.isOfFeatures {
            return planFeatures(derive, layer, key: key, problems: &problems)
        }
        guard let operation = LayerOperation(rawValue: derive.rawValue),
            let unit = plannedUnit(layer, key: key, problems: &problems)
        else { return nil }
        let operands = layer.operands.compactMap { names.firstIndex(of: $0) }
        var model = model(of: layer, unit: unit, pixelMetres: grid.cellSizeMetres)
        model.reading.derivation = .layers(operation, operands: operands)
        let text = "\(operation.rawValue) of \(layer.operands.joined(separator: ", "))"
        return Planned(
            model: model,
            interpretation: LayerInterpretation(
                model: model,
                survey: nil,
                origin: "\(text), cell by cell, in '\(model.internalUnit)'"
            ).text
        )
    }

    /// Hands what is known of layers to those that are computed of them: the coarsest support where none is
    /// declared, their names as ancestors, and that one of them is a stand-in.
    ///
    /// - Parameters:
    ///   - planned: all layers, in the order of the configuration: operands come before what they make.
    ///   - settings: the same layers as configured.
    /// - Returns: the layers with their whole facts.
    static func inheriting(_ planned: [Planned], _ settings: [LayerSettings]) -> [Planned] {
        var layers = planned
        for (index, configured) in settings.enumerated() where layers.indices.contains(index) {
            guard case .layers(_, let operands) = layers[index].model.reading.derivation else {
                continue
            }
            let sources = operands.map { layers[$0].model }
            var facts = layers[index].model.facts
            if configured.support == nil, let coarsest = sources.map(\.facts.supportMetres).max() {
                facts.supportMetres = coarsest
            }
            facts.isProxy = facts.isProxy || sources.contains(where: \.facts.isProxy)
            for name in sources.map(\.name) where !facts.derivedFrom.contains(name) {
                facts.derivedFrom.append(name)
            }
            layers[index].model.facts = facts
        }
        return layers
    }

    private func planFeatures(
        _ derive: DerivationChoice,
        _ layer: LayerSettings,
        key: String,
        problems: inout [PlanProblem]
    ) -> Planned? {
        guard let path = layer.paths.first else { return nil }
        let before = problems.count
        let reference = reference(layer, key: key, problems: &problems)
        guard problems.count == before else { return nil }
        do {
            let columns = layer.xField.flatMap { x in layer.yField.map { (x: x, y: $0) } }
            let read = try FeatureReader.read(
                path.resolved,
                layer: layer.subdataset,
                columns: columns,
                weightField: layer.weightField,
                encoding: layer.encoding,
                assumedReference: reference,
                isShifted: layer.datum == .gcj02,
                in: grid.reference,
                areaOfInterest: geographicExtent
            )
            let features = FeatureSet(segments: read.segments, weights: read.weights)
            let hasLength = read.kind == .lines
            var source = FeatureSource(
                encodedPath: "inputs/features-\(layer.name).bin",
                digest: features.digest,
                hasLength: hasLength
            )
            let isDistance = derive == .distance
            source.radiusMetres = layer.radiusMetres
            let weight = layer.unit.flatMap { $0 == "1" ? nil : $0 } ?? ""
            let what = [weight, hasLength ? "km" : "", "km-2"].filter { !$0.isEmpty }
            let unit = UnitChoice(
                factor: 1,
                internalUnit: isDistance ? "km" : what.joined(separator: " ")
            )
            guard isPopulationUnit(unit.internalUnit, of: layer, key: key, problems: &problems)
            else { return nil }
            var model = model(of: layer, unit: unit, pixelMetres: grid.cellSizeMetres)
            model.paths = [path.resolved]
            model.fingerprints = [try InputFingerprint(path: path.resolved).digest]
            model.reading.derivation = isDistance ? .distance(source) : .density(source)
            let total = read.weights.reduce(0, +)
            let sum =
                layer.weightField.map { ", \(LayerInterpretation.short(total)) of \($0)" } ?? ""
            let pieces = hasLength ? "pieces of lines" : "points"
            let omitted = read.omittedCount > 0 ? ", \(read.omittedCount) rows left out" : ""
            let circle =
                layer.radiusMetres.map {
                    ", within \(LayerInterpretation.short($0 / 1000)) km of a cell's centre"
                } ?? ""
            var planned = Planned(
                model: model,
                interpretation: LayerInterpretation(
                    model: model,
                    survey: nil,
                    origin: "\(derive.rawValue) in '\(model.internalUnit)' of "
                        + "\(read.segments.count) \(pieces)\(sum)\(omitted)\(circle)"
                ).text,
                features: features
            )
            planned.warnings = Self.warnings(of: read, at: path.resolved, layer)
            return planned
        } catch {
            problems.append(PlanProblem(key: "\(key).path", message: "\(error)"))
            return nil
        }
    }

    private static func warnings(
        of read: FeatureLayer,
        at path: String,
        _ layer: LayerSettings
    ) -> [String] {
        var warnings: [String] = []
        if read.omittedCount > 0 {
            warnings.append(
                "\(layer.name): \(read.omittedCount) rows of \(path) have no coordinates or no weight "
                    + "and are left out"
            )
        }
        let suspicion = ShiftedDatum.suspicion(path: path, fieldNames: read.fieldNames)
        if layer.datum == .wgs84, let suspicion {
            warnings.append(
                "\(layer.name): the \(read.kind.rawValue) look shifted by some 500 m: \(suspicion); "
                    + "if they are from one, write 'datum: gcj02'"
            )
        }
        return warnings
    }

    private func planAttribute(
        _ attribute: String,
        _ layer: LayerSettings,
        key: String,
        problems: inout [PlanProblem]
    ) -> Planned? {
        guard let zones, let unit = plannedUnit(layer, key: key, problems: &problems) else {
            return nil
        }
        do {
            let values = try zones.attributes.numbers(attribute)
            let sizes = zones.areasKm2
            var model = model(of: layer, unit: unit, pixelMetres: grid.cellSizeMetres)
            let mean = sizes.reduce(0, +) * 1e6 / Double(max(1, sizes.count))
            model.facts.supportMetres = layer.support ?? mean.squareRoot()
            // A total is spread evenly over the zone's whole polygon, inside and outside the grid.
            let densities = zip(values, sizes).map { value, size -> Double? in
                guard let value else { return nil }
                let internalValue = value * unit.factor
                let density = layer.quantity == .total ? internalValue / size : internalValue
                return density.isFinite ? density : nil
            }
            model.reading.derivation = .zones(values: densities)
            let known = values.compactMap(\.self)
            guard !known.isEmpty else {
                throw InputError("no zone has a value of '\(attribute)'")
            }
            let missing = values.count - known.count
            let total = known.reduce(0, +)
            let range =
                "\(LayerInterpretation.short(known.min() ?? .nan)) to "
                + LayerInterpretation.short(known.max() ?? .nan)
            let how =
                layer.quantity == .total
                ? "total '\(layer.unit ?? "1")' spread over its area, sum "
                    + LayerInterpretation.short(total)
                : "value in '\(layer.unit ?? "1")', \(range)"
            var planned = Planned(
                model: model,
                interpretation: LayerInterpretation(
                    model: model,
                    survey: nil,
                    origin: "'\(attribute)' of each zone: \(how); \(known.count) zones known, "
                        + "\(missing) not"
                ).text
            )
            if layer.quantity.isAmount {
                planned.attributeTotal = zip(densities, sizes).reduce(0.0) { sum, zone in
                    sum + (zone.0 ?? 0) * zone.1
                }
            }
            return planned
        } catch {
            problems.append(PlanProblem(key: "\(key).attribute", message: "\(error)"))
            return nil
        }
    }
}
