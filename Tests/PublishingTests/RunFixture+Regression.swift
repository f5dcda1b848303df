import Analysis
import CarbonBalance
import Foundation
import Lattice
import RasterIO
import Regression
import Tiling

@testable import Publishing

/// What the regression of a made-up run looks like.
struct RegressionFixture {
    /// Moran's I of the residuals is about 0.9 when they are smooth, about 0 when they alternate.
    var hasSmoothResiduals = false
    /// State of the chosen bandwidth.
    var state = "interior"
    /// Why there is no regression; nil where there is one.
    var refusal: String?
    /// Tiles without a fit.
    var missing: [TileID] = []
    /// Bandwidth as a distance of so many cells instead of 40 neighbours.
    var fixedCells: Double?
}

extension RunFixture {
    /// The regression of the fixture: the log ratio on elevation and on a field of noise.
    static func regression(_ fixture: RegressionFixture) -> RegressionModel {
        RegressionModel(
            response: .variant(.logRatio),
            covariates: [
                .init(name: "elevation", layer: 2, transform: .none, unit: "m"),
                .init(name: "null_1", layer: nil, transform: .none, unit: "1"),
            ],
            masks: [],
            kernel: .bisquare,
            minimumEmission: nil,
            spacingCells: 1,
            bandwidth: .search(
                isAdaptive: fixture.fixedCells == nil,
                .bcv,
                minimum: nil,
                maximum: nil
            ),
            bufferMetres: 50_000,
            capMetres: nil,
            fitsCells: true,
            fitsZones: true
        )
    }

    /// Who takes part: cells with emission inside the zones.
    static func participation(of status: BalanceStatus) -> UInt8 {
        status == .outside
            ? RegressionStatus.outside.rawValue
            : status.isObservation
                ? ObservationBlock.observation : RegressionStatus.noResponse.rawValue
    }

    /// A coefficient of a cell; the first term is missing in the first columns of the zones.
    static func coefficient(_ term: Int, row: Int, column: Int) -> Double {
        if term == 1, column < 20 { return .nan }
        return Double(term + 1) * (Double(column) / 7 - Double(row) / 3)
    }

    /// A residual of a cell.
    static func residual(row: Int, column: Int, _ fixture: RegressionFixture) -> Double {
        fixture.hasSmoothResiduals
            ? Double(row) / 50 - 1 : (row + column).isMultiple(of: 2) ? 0.5 : -0.5
    }

    /// Writes the tiles of fit and diagnose and sums them up.
    static func regressionResults(
        _ fixture: RegressionFixture,
        model: RunModel,
        tiles: [PublishingInput.CommittedTile],
        directory: String
    ) throws -> (results: PublishingInput.RegressionResults, observations: ObservationConstants) {
        let regression = Self.regression(fixture)
        let bands = FitBands(model: model, regression: regression)
        var fit = FitPartial(termCount: regression.parameterCount)
        var observations = ObservationPartial(model: regression, grid: model.grid)
        var residuals = ResidualPartial()
        var fitTiles: [PublishingInput.CommittedTile] = []
        var diagnoseTiles: [PublishingInput.CommittedTile] = []
        for tile in tiles where !fixture.missing.contains(tile.id) {
            let balance = try TileReader.read("\(directory)/tiles/\(tile.object.key.path)")
            guard let codes = balance.block(named: "participation") else { continue }
            var blocks = bands.bands.map { _ in DoubleBlock(window: tile.core) }
            var local = DoubleBlock(window: tile.core)
            for row in tile.core.rows {
                for column in tile.core.columns {
                    let index = tile.core.index(row: row, column: column)
                    let status = UInt8(exactly: codes.samples[index]) ?? 255
                    blocks[bands.index(of: .status)].samples[index] = Double(status)
                    fit.count(RegressionStatus(rawValue: status) ?? .outside)
                    guard status == 0 else { continue }
                    observations.add(
                        row: row,
                        column: column,
                        values: [
                            Double(row), Double((row * 31 + column * 17) % 13), Double(column),
                        ]
                    )
                    observations.count(locations: 1)
                    guard fixture.refusal == nil else { continue }
                    let e = residual(row: row, column: column, fixture)
                    for (position, band) in bands.bands.enumerated() where band.name != "status" {
                        blocks[position].samples[index] = value(band.content, row, column, e)
                    }
                    local.samples[index] = 0.5
                    add(row, column, e, to: &fit, &residuals)
                }
            }
            let fitted = zip(bands.bands, blocks).map {
                TileBand(name: $0.name, unit: $0.unit, block: $1)
            }
            let diagnosed = [TileBand(name: "local_r2", unit: "1", block: local)]
            fitTiles.append(try write(tile, .fit, fitted, model, directory))
            diagnoseTiles.append(try write(tile, .diagnose, diagnosed, model, directory))
        }
        let missing = fixture.missing.map {
            PublishingInput.MissingTile(id: $0, stage: .fit, message: "no memory")
        }
        let found = ObservationConstants(observations, model: regression, variant: .logRatio)
        let results = PublishingInput.RegressionResults(
            fitTiles: fitTiles,
            missingFitTiles: missing,
            diagnoseTiles: diagnoseTiles,
            missingDiagnoseTiles: missing,
            bandwidth: try bandwidth(fixture),
            fit: FitConstants(fit, model: regression, observations: found),
            diagnose: ResidualConstants(residuals, stepMetres: 10_000)
        )
        return (results, found)
    }

    private static func value(
        _ content: FitBands.Content,
        _ row: Int,
        _ column: Int,
        _ e: Double
    ) -> Double {
        switch content {
        case .coefficient(let term): coefficient(term, row: row, column: column)
        case .standardError: 0.25
        case .tValue(let term): coefficient(term, row: row, column: column) / 0.25
        case .fitted: Double(row) / 50
        case .residual: e
        case .unidentifiedTerms: column < 20 ? 2 : 0
        case .signStability: row < 50 ? 1 : 0
        case .significance: 1
        case .bandwidth: 300_000 + Double(row)
        case .neighboursUsed: 40
        case .neighboursEffective: 25.5
        case .density: 0.01
        case .oneSidedness: column > 100 ? 0.75 : 0.125
        case .conditionNumber: 31
        case .status: 0
        }
    }

    private static func add(
        _ row: Int,
        _ column: Int,
        _ e: Double,
        to fit: inout FitPartial,
        _ residuals: inout ResidualPartial
    ) {
        fit.add(residual: e, leverage: 0.02, squaredHatRow: 0.01, deviation: Double(column))
        fit.certificates.certified += 1
        for term in fit.terms.indices {
            let beta = coefficient(term, row: row, column: column)
            guard !beta.isNaN else {
                fit.terms[term].unidentifiedCount += 1
                fit.terms[term].note(unidentified: [row, column])
                continue
            }
            fit.terms[term].identifiedCount += 1
            fit.terms[term].significantCount += 1
            if row >= 50 { fit.terms[term].unstableCount += 1 }
            fit.terms[term].sum.add(beta)
            fit.terms[term].squares.add(product: beta, beta)
        }
        residuals.local.add(e, degree: 2)
        if column > 20 {
            // A pair of neighbours in the same row; enough of them for Moran's I.
            let other = residual(
                row: row,
                column: column - 1,
                RegressionFixture(hasSmoothResiduals: abs(e) != 0.5)
            )
            residuals.local.add(other, e, down: 0, right: 1)
        }
    }

    private static func bandwidth(_ fixture: RegressionFixture) throws -> BandwidthConstants {
        let scale = fixture.fixedCells.map { $0 / 40 } ?? 1
        func score(_ k: Double, _ bcv: Double) -> String {
            """
            {"value":\(k * scale),"rss":120.5,"traceS":30.25,"squaredLeaveOneOutErrors":130,
            "squaredBufferedErrors":\(bcv * 100),"failureCount":0}
            """
        }
        let chosen = fixture.state == "lower_bound" ? 30.0 : 40.0
        let warning =
            fixture.state == "interior" ? "" : #","warning":"it falls towards the bound""#
        let choice = """
            "choice":{"value":\(chosen * scale),"state":"\(fixture.state)",
            "searchedMinimum":\(30 * scale),"searchedMaximum":\(60 * scale),"isExhaustive":false,
            "sigmaSquared":0.25,"traceS":30.25,"correctedAlpha":0.004,"criticalT":2.9\(warning)}
            """
        let end = fixture.refusal.map { "\"refusal\":\"\($0)\"" } ?? choice
        let json = """
            {"locationCount":100,"restartCount":0,"scores":[\(score(30, 1.5)),\(score(40, 1.2)),\(score(60, 1.9))],
            "certificates":{"certified":300,"uncertified":0,"growths":2},"roundCount":1,"next":[],
            \(end)}
            """
        return try ModelCoding.decode(BandwidthConstants.self, from: Array(json.utf8))
    }

    private static func write(
        _ tile: PublishingInput.CommittedTile,
        _ stage: Stage,
        _ bands: [TileBand],
        _ model: RunModel,
        _ directory: String
    ) throws -> PublishingInput.CommittedTile {
        let unit = WorkUnit(stage: stage, round: 0, tile: tile.id)
        let key = TileObjectKey(lease: LeaseID(unit: unit, attempt: .first), nonce: 7)
        let path = "\(directory)/tiles/\(key.path)"
        try FileManager.default.createDirectory(
            atPath: URL(fileURLWithPath: path).deletingLastPathComponent().path,
            withIntermediateDirectories: true
        )
        let written = try TileWriter.write(to: path, grid: model.grid, bands: bands)
        return PublishingInput.CommittedTile(
            id: tile.id,
            core: tile.core,
            object: TileObject(
                key: key,
                bytes: written.bytes,
                fileDigest: written.fileDigest,
                samplesDigest: written.samplesDigest
            )
        )
    }
}
