import Analysis
import CarbonBalance
import ContentDigest
import Lattice
import RasterIO
import Settings

/// Resolves one configured layer against its files.
struct LayerPlanner {
    /// The national grid.
    let grid: Grid
    /// Longitudes and latitudes of the grid, degrees.
    let geographicExtent: Extent
    /// Whether water has no sink.
    let waterPolicy: WaterPolicy

    /// A layer, and what it says of itself.
    struct Planned {
        var model: LayerModel
        var description: RasterDescription
        var pixelMetres: Double
        var interpretation: String
    }

    /// Resolves a layer.
    ///
    /// - Parameters:
    ///   - layer: as configured.
    ///   - key: its place in the configuration, for messages.
    ///   - problems: what is wrong is appended here.
    /// - Returns: the layer; nil when something is wrong with it.
    func plan(
        _ layer: LayerSettings,
        key: String,
        problems: inout [PlanProblem]
    ) -> Planned? {
        let before = problems.count
        var descriptions: [RasterDescription] = []
        var fingerprints: [ContentDigest] = []
        for (index, path) in layer.paths.enumerated() {
            let pathKey = layer.paths.count == 1 ? "\(key).path" : "\(key).path[\(index)]"
            do {
                let opened = Self.datasetPath(path.resolved, subdataset: layer.subdataset)
                let description = try RasterDataset.describe(path: opened)
                try check(description, band: layer.band)
                try LayerProbe(grid: grid, layer: layer).check(description)
                descriptions.append(description)
                fingerprints.append(try InputFingerprint(path: opened).digest)
            } catch {
                problems.append(PlanProblem(key: pathKey, message: "\(error)"))
            }
        }
        let unit = plannedUnit(layer, key: key, problems: &problems)
        guard problems.count == before, let unit, let description = descriptions.first else {
            return nil
        }
        let pixel = descriptions.map { Self.pixelMetres(of: $0) }.min() ?? grid.cellSizeMetres
        let model = model(
            of: layer,
            unit: unit,
            pixelMetres: pixel,
            fingerprints: fingerprints
        )
        return Planned(
            model: model,
            description: description,
            pixelMetres: pixel,
            interpretation: interpretation(model, description, pixelMetres: pixel)
        )
    }

    /// What GDAL opens for a file with a named variable.
    static func datasetPath(_ path: String, subdataset: String?) -> String {
        guard let subdataset else { return path }
        let lower = path.lowercased()
        let driver =
            lower.hasSuffix(".nc") || lower.hasSuffix(".nc4")
            ? "NETCDF" : lower.hasSuffix(".h5") || lower.hasSuffix(".hdf5") ? "HDF5" : ""
        return driver.isEmpty ? subdataset : "\(driver):\"\(path)\":\(subdataset)"
    }

    /// Size of a pixel, metres: the square root of its area in the middle of the raster.
    static func pixelMetres(of description: RasterDescription) -> Double {
        guard let areas = try? SourceCellArea(description) else { return 0 }
        let middle = CellWindow(
            rows: (description.rows / 2)..<(description.rows / 2 + 1),
            columns: (description.columns / 2)..<(description.columns / 2 + 1)
        )
        let area = areas.areasKm2(window: middle).first ?? .nan
        return area.isFinite ? (area * 1e6).squareRoot() : 0
    }

    private struct UnitChoice {
        var factor: Double
        var internalUnit: String
    }

    private func check(_ description: RasterDescription, band: Int) throws {
        _ = try description.band(band)
        guard let reference = description.reference else {
            throw RasterError(
                .noReference,
                path: description.path,
                detail: "it names no coordinate reference system; write it into the file, "
                    + "for example with gdal_edit.py -a_srs EPSG:4326"
            )
        }
        let box = try CoordinateTransform.geographicExtent(of: description.extent, in: reference)
        guard box.intersects(geographicExtent) else {
            throw InputError(
                "\(description.path) does not overlap the grid: "
                    + "it covers longitude \(Self.degrees(box.minimumX, box.maximumX)), "
                    + "latitude \(Self.degrees(box.minimumY, box.maximumY)); the grid covers "
                    + "longitude \(Self.degrees(geographicExtent.minimumX, geographicExtent.maximumX)), "
                    + "latitude \(Self.degrees(geographicExtent.minimumY, geographicExtent.maximumY))"
            )
        }
    }

    private static func degrees(_ low: Double, _ high: Double) -> String {
        func rounded(_ value: Double) -> Double { (value * 100).rounded() / 100 }
        return "\(rounded(low))…\(rounded(high))"
    }

    private func plannedUnit(
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
            if layer.quantity == .category { return UnitChoice(factor: 1, internalUnit: "1") }
            let unit = try CovariateUnit(parsing: layer.unit ?? "1", kind: layer.quantity)
            return UnitChoice(factor: unit.factor, internalUnit: unit.preparedText)
        } catch {
            problems.append(PlanProblem(key: "\(key).unit", message: error.description))
            return nil
        }
    }

    private func model(
        of layer: LayerSettings,
        unit: UnitChoice,
        pixelMetres: Double,
        fingerprints: [ContentDigest]
    ) -> LayerModel {
        LayerModel(
            name: layer.name,
            paths: layer.paths.map {
                Self.datasetPath($0.resolved, subdataset: layer.subdataset)
            },
            combination: layer.combine.flatMap {
                LayerCombination(rawValue: $0.rawValue)
            } ?? .sum,
            band: layer.band,
            fingerprints: fingerprints,
            quantity: layer.quantity,
            nodata: Self.nodata(of: layer),
            codes: layer.codes.sorted { $0.key < $1.key }.map { code, meaning in
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
            isBilinear: layer.resampling == .bilinear && layer.quantity != .category,
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
    }

    private static func nodata(of layer: LayerSettings) -> [Double]? {
        switch layer.nodata {
        case .file: nil
        case .ignored: []
        case .values(let values): values
        }
    }

    private func interpretation(
        _ model: LayerModel,
        _ description: RasterDescription,
        pixelMetres: Double
    ) -> String {
        let kilometres = (pixelMetres / 10).rounded() / 100
        let files =
            model.paths.count == 1
            ? "" : ", \(model.paths.count) files (\(model.combination.rawValue))"
        let place =
            "\(description.columns)x\(description.rows) pixels of about \(kilometres) km, "
            + "\(description.reference?.name ?? "no reference")\(files)"
        let conversion: String
        switch model.quantity {
        case .total:
            conversion =
                "total '\(model.facts.unit)' per source cell, divided by its ellipsoidal area, "
                + "times \(model.unitFactor) -> \(model.internalUnit)"
        case .density:
            conversion =
                "density '\(model.facts.unit)' times \(model.unitFactor) -> \(model.internalUnit)"
        case .intensity:
            conversion = "\(model.quantity.rawValue) in '\(model.internalUnit)', unconverted"
        case .category:
            conversion = "share of the cell in classes \(model.classes)"
        }
        let sampling =
            "\(model.subpointsPerAxis)x\(model.subpointsPerAxis) sub-points, "
            + (model.isBilinear ? "bilinear" : "nearest")
        return "\(model.facts.role) \(model.name): \(conversion); \(place); \(sampling)"
    }
}
