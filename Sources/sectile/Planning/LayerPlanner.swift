import Analysis
import CarbonBalance
import ContentDigest
import Lattice
import RasterIO
import Settings

extension LayerSettings {
    /// The box of all pixels where the configuration states it.
    var sourceExtent: Extent? {
        guard extent.count == 4 else { return nil }
        return Extent(
            minimumX: extent[0],
            minimumY: extent[1],
            maximumX: extent[2],
            maximumY: extent[3]
        )
    }
}

/// Resolves one configured layer against its files.
struct LayerPlanner {
    /// The national grid.
    let grid: Grid
    /// Longitudes and latitudes of the grid, degrees.
    let geographicExtent: Extent
    /// What of the grid is studied.
    let area: StudyArea
    /// Whether water has no sink.
    let waterPolicy: WaterPolicy
    /// Names of the layers, in order.
    let names: [String]
    /// The resolved zones; nil when there are none.
    let zones: ResolvedZones?
    /// Name of the layer of inhabitants; nil when none is declared.
    let populationLayer: String?
    /// Name of the layer of the gross domestic product; nil when none is declared.
    let productLayer: String?
    /// How zones are averaged unless a layer says otherwise.
    let aggregate: ZoneAggregate

    /// A layer, and what it says of itself.
    struct Planned {
        var model: LayerModel
        var interpretation: String
        /// What was read of its files; nil for layers without rasters.
        var survey: LayerSurvey?
        /// Sum over the zones of an attribute in internal units, where it is an amount; nil for others.
        var attributeTotal: Double?
        /// Points or lines, to be written into the run directory.
        var features: FeatureSet?
        /// What the operator should know.
        var warnings: [String] = []
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
        if layer.attribute != nil || layer.derive.map({ !$0.isOfTerrain }) == true {
            return planDerived(layer, key: key, problems: &problems)
        }
        let before = problems.count
        let files = files(layer, key: key, problems: &problems)
        let unit = plannedUnit(layer, key: key, problems: &problems)
        let reference = reference(layer, key: key, problems: &problems)
        guard problems.count == before, let unit, !files.isEmpty else { return nil }
        let opened = open(files, layer, unit: unit, reference: reference, problems: &problems)
        guard problems.count == before, let description = opened.first?.description else {
            return nil
        }
        let descriptions = opened.map(\.description)
        let pixel =
            descriptions.map { Self.pixelMetres(of: $0) }.filter { $0 > 0 }.min()
            ?? grid.cellSizeMetres
        var model = model(of: layer, unit: unit, pixelMetres: pixel)
        model.paths = descriptions.map(\.path)
        model.fingerprints = opened.map(\.fingerprint)
        let bands = Self.bands(of: layer, description)
        model.band = bands.first ?? 1
        model.reading.furtherBands = Array(bands.dropFirst())
        model.reading.headers = descriptions.map(\.headerDigest)
        model.reading.reference = reference
        model.reading.extent = layer.sourceExtent
        problems += fileProblems(layer, model, descriptions, key: key)
        guard problems.count == before else { return nil }
        let unused = files.count - opened.count
        do {
            let surveyor = LayerSurveyor(area: area, grid: grid)
            let survey = try surveyor.survey(model, descriptions)
            if let message = Self.undeclaredCodes(of: layer, survey) {
                problems.append(PlanProblem(key: "\(key).codes", message: message))
                return nil
            }
            return Planned(
                model: model,
                interpretation: LayerInterpretation(
                    model: model,
                    survey: survey,
                    origin: origin(model, description, pixelMetres: pixel)
                        + (unused > 0
                            ? "; \(unused) of \(files.count) files lie outside the grid or have no "
                                + "value there" : "")
                ).text,
                survey: survey,
                warnings: sampling(layer, pixelMetres: pixel)
            )
        } catch {
            problems.append(PlanProblem(key: "\(key).path", message: "\(error)"))
            return nil
        }
    }

    /// What is wrong where a sink has samples of MODIS classes and the configuration does not say what they
    /// are: read as measurements, every city would absorb more than a forest.
    private static func undeclaredCodes(of layer: LayerSettings, _ survey: LayerSurvey) -> String? {
        guard layer.role == .sink, layer.codes == nil, survey.suspiciousCodes > 0 else {
            return nil
        }
        return "is missing: \(survey.suspiciousCodes) samples lie within 32761…32767, which MODIS "
            + "products use for classes (32762 is urban land, not a measurement); write 'codes: mod17', "
            + "or 'codes: {}' if these are measurements"
    }

    /// A file that has been looked into.
    private struct OpenedFile {
        let description: RasterDescription
        let fingerprint: ContentDigest
    }

    /// The files that the paths stand for, with the key of each.
    private func files(
        _ layer: LayerSettings,
        key: String,
        problems: inout [PlanProblem]
    ) -> [(key: String, path: String)] {
        var files: [(key: String, path: String)] = []
        for (index, path) in layer.paths.enumerated() {
            let pathKey = layer.paths.count == 1 ? "\(key).path" : "\(key).path[\(index)]"
            do {
                let found =
                    path.isPattern ? try FilePattern.files(path.resolved) : [path.resolved]
                for file in found {
                    let opened =
                        try layer.subdataset.map { try Subdataset.path($0, in: file) } ?? file
                    files.append((pathKey, opened))
                }
            } catch {
                problems.append(PlanProblem(key: pathKey, message: "\(error)"))
            }
        }
        return files
    }

    private func open(
        _ files: [(key: String, path: String)],
        _ layer: LayerSettings,
        unit: UnitChoice,
        reference: CoordinateReference?,
        problems: inout [PlanProblem]
    ) -> [OpenedFile] {
        let before = problems.count
        var opened: [OpenedFile] = []
        // Sheets that have nothing for the grid; the first is told of when no sheet has.
        var unused: [PlanProblem] = []
        let probe = LayerProbe(
            grid: grid,
            layer: layer,
            model: model(of: layer, unit: unit, pixelMetres: grid.cellSizeMetres)
        )
        for (key, path) in files {
            do {
                let description = try RasterDataset.describe(
                    path: path,
                    assumedReference: reference,
                    assumedExtent: layer.sourceExtent
                )
                for band in Self.bands(of: layer, description) {
                    _ = try description.band(band)
                }
                do {
                    try check(description)
                    try probe.check(description)
                } catch let error as InputError where layer.combine == .mosaic {
                    unused.append(PlanProblem(key: key, message: "\(error)"))
                    continue
                }
                opened.append(
                    OpenedFile(
                        description: description,
                        fingerprint: try InputFingerprint(path: path).digest
                    )
                )
            } catch {
                problems.append(PlanProblem(key: key, message: "\(error)"))
            }
        }
        if opened.isEmpty, problems.count == before { problems += unused.prefix(1) }
        return opened
    }

    /// The bands that a layer takes of a file.
    static func bands(of layer: LayerSettings, _ description: RasterDescription) -> [Int] {
        layer.bands == .all ? Array(1...max(1, description.bandCount)) : layer.bands.numbers
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

    /// The system that replaces the file's own, where one is configured.
    func reference(
        _ layer: LayerSettings,
        key: String,
        problems: inout [PlanProblem]
    ) -> CoordinateReference? {
        guard let text = layer.crs else { return nil }
        do { return try ReferenceParser.parse(text) } catch {
            problems.append(PlanProblem(key: "\(key).crs", message: "\(error)"))
            return nil
        }
    }

    private func check(_ description: RasterDescription) throws {
        guard let reference = description.reference else {
            throw RasterError(
                .noReference,
                path: description.path,
                detail:
                    "it names no coordinate reference system; state it with the layer's key crs, "
                    + "for example 'crs: EPSG:4326'"
            )
        }
        let box = try CoordinateTransform.geographicExtent(of: description.extent, in: reference)
        guard overlaps(box) else {
            throw InputError(
                "\(description.path) does not overlap the grid: "
                    + "it covers longitude \(Self.degrees(box.minimumX, box.maximumX)), "
                    + "latitude \(Self.degrees(box.minimumY, box.maximumY)); the grid covers "
                    + "longitude \(Self.degrees(geographicExtent.minimumX, geographicExtent.maximumX)), "
                    + "latitude \(Self.degrees(geographicExtent.minimumY, geographicExtent.maximumY))"
            )
        }
    }

    /// True when a box of longitudes and latitudes meets the grid's, a turn of the Earth away, too.
    private func overlaps(_ box: Extent) -> Bool {
        [0.0, 360, -360].contains { turn in
            Extent(
                minimumX: box.minimumX + turn,
                minimumY: box.minimumY,
                maximumX: box.maximumX + turn,
                maximumY: box.maximumY
            ).intersects(geographicExtent)
        }
    }

    private static func degrees(_ low: Double, _ high: Double) -> String {
        func rounded(_ value: Double) -> Double { (value * 100).rounded() / 100 }
        return "\(rounded(low))…\(rounded(high))"
    }

    private func origin(
        _ model: LayerModel,
        _ description: RasterDescription,
        pixelMetres: Double
    ) -> String {
        let kilometres = (pixelMetres / 10).rounded() / 100
        let parts = [
            model.paths.count > 1 ? "\(model.paths.count) files" : "",
            model.bands.count > 1 ? "\(model.bands.count) bands" : "",
        ].filter { !$0.isEmpty }
        let several =
            parts.isEmpty
            ? "" : ", \(parts.joined(separator: " of ")) (\(model.combination.rawValue))"
        return "\(LayerInterpretation.conversion(model)); "
            + "\(description.columns)x\(description.rows) pixels of about \(kilometres) km, "
            + "\(description.reference?.name ?? "no reference")\(several); "
            + "\(model.subpointsPerAxis)x\(model.subpointsPerAxis) sub-points, "
            + (model.isBilinear
                ? "bilinear" : pixelMetres > grid.cellSizeMetres ? "nearest" : "mean of pixels")
    }
}
