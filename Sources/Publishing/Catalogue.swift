import Analysis
import CarbonBalance
import ContentDigest
import Lattice
import RasterIO
import Tiling

/// The STAC items of a run's mosaics.
struct Catalogue {
    let input: PublishingInput
    let statements: RunStatements

    /// The item of a mosaic as JSON.
    ///
    /// - Throws: when the grid cannot be brought to longitude and latitude.
    func item(
        of mosaic: MosaicKind,
        bands: [PublishedBand],
        bytes: Int,
        digest: ContentDigest
    ) throws -> [UInt8] {
        let isCodes = mosaic == .status
        let caption = statements.sink.map { " (\($0))" } ?? ""
        let told =
            mosaic.isOfRegression
            ? input.cellRegression.map { RegressionStatements(input, $0) } : nil
        let notes =
            statements.warnings + (told?.warnings ?? [])
            + (told?.circular.map { $0.flag(response: told?.response ?? "response") } ?? [])
            + [statements.definitions]
        let item = StacItem(
            id: "\(input.facts.runID)-\(mosaic.rawValue)",
            title: "\(mosaic.title), \(input.model.name)\(caption)",
            description: notes.joined(separator: ". "),
            grid: input.model.grid,
            footprint: try footprint(),
            datetime: input.facts.finishedAt,
            assetPath: "../\(mosaic.path)",
            assetBytes: bytes,
            assetDigest: digest.hexadecimal,
            bands: bands.map { band in
                StacItem.Band(
                    name: band.name,
                    description: band.description,
                    unit: band.unit,
                    dataType: mosaic.dataType,
                    nodata: isCodes ? .code(255) : .notANumber,
                    statistics: isCodes ? nil : band.statistics
                )
            },
            properties: properties.merging(told.map(Self.properties(of:)) ?? [:]) { first, _ in
                first
            },
            software: Dictionary(
                input.facts.versions.map { ($0.name, $0.version) },
                uniquingKeysWith: { first, _ in first }
            ),
            lineage: "Source rasters were regridded to the national grid, balanced cell by cell in "
                + "\(input.tiles.count) tiles, "
                + (mosaic.isOfRegression ? "regressed at every cell on the cells around it, " : "")
                + "and assembled without resampling"
        )
        return try item.json()
    }

    private static func properties(of told: RegressionStatements) -> [String: String] {
        var properties = [
            "response": "\(told.response) = \(told.responseFormula)",
            "kernel": told.kernel,
            "bandwidth_state": told.state,
            "inference": told.inference,
        ]
        properties["bandwidth"] = told.bandwidth
        properties["refusal"] = told.refusal
        return properties
    }

    private var properties: [String: String] {
        let deficit = input.model.deficit
        var properties = [
            "run_id": input.facts.runID,
            "state": input.facts.state.rawValue,
            "formulas": deficit.variants.map { "\($0.id) = \($0.formula)" }
                .joined(separator: "; "),
            "sink_kind": input.model.mainSink.rawValue,
            "emission_floor": "\(deficit.emissionFloor)",
            "water": deficit.masksWater ? "mask" : "zeroSink",
            "plan_digest": "sha256:\(input.facts.planDigest)",
            "layers": statements.layers.joined(separator: " | "),
            "inputs": input.inputs.map { "\($0.use) sha256:\($0.digest)" }.joined(separator: "; "),
        ]
        properties["sink_caption"] = statements.sink
        properties["proxy"] = statements.proxy
        properties["missing_tiles"] = statements.incomplete
        return properties
    }

    /// The grid's edge in longitude and latitude, with points between the corners: straight edges of
    /// the projection are curves there.
    private func footprint() throws -> [(longitude: Double, latitude: Double)] {
        let grid = input.model.grid
        let box = grid.extent(of: grid.window)
        let steps = 8
        var xs: [Double] = []
        var ys: [Double] = []
        for step in 0..<(4 * steps) {
            let share = Double(step % steps) / Double(steps)
            let (u, v) =
                switch step / steps {
                case 0: (share, 0.0)
                case 1: (1.0, share)
                case 2: (1 - share, 1.0)
                default: (0.0, 1 - share)
                }
            xs.append(box.minimumX + u * (box.maximumX - box.minimumX))
            ys.append(box.minimumY + v * (box.maximumY - box.minimumY))
        }
        let transform = try CoordinateTransform(
            from: grid.reference,
            to: try ReferenceParser.parse("EPSG:4326")
        )
        transform.transform(xs: &xs, ys: &ys)
        return zip(xs, ys).filter { $0.isFinite && $1.isFinite }
            .map { (longitude: $0, latitude: $1) }
    }
}
