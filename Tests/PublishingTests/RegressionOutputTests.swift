import Analysis
import CarbonBalance
import Foundation
import Lattice
import RasterIO
import Regression
import Testing
import Tiling

@testable import Publishing

@Suite struct RegressionOutputTests {
    private let terms = ["intercept", "elevation", "null_1"]

    private func published(
        _ fixture: RegressionFixture = RegressionFixture(),
        tileSize: Int = 64,
        _ body: (RunFixture) throws -> Void
    ) throws {
        let run = try RunFixture(RunFixture.Options(tileSize: tileSize, regression: fixture))
        defer { run.remove() }
        _ = try Publisher().publish(run.input)
        try body(run)
    }

    private func items(_ dataset: borrowing RasterDataset, band: Int = 0) -> [String: String] {
        let domain = band == 0 ? MetadataItem.deficitDomain : ""
        return Dictionary(
            dataset.metadata(domain: domain, band: band).map { ($0.key, $0.value) },
            uniquingKeysWith: { first, _ in first }
        )
    }

    private func model(_ run: RunFixture, _ level: String) throws -> [String: Any] {
        let document = try JSONSerialization.jsonObject(with: run.bytes("tables/model.json"))
        return try #require((document as? [String: Any])?[level] as? [String: Any])
    }

    @Test func `a covariate that descends from the emission is circular`() throws {
        let run = try RunFixture(RunFixture.Options(regression: RegressionFixture()))
        defer { run.remove() }
        var model = run.input.model
        model.layers[2].facts.derivedFrom = []
        #expect(model.circularTerms.isEmpty)
        model.layers[2].facts.derivedFrom = [model.layers[1].name, model.layers[0].name]
        let terms = model.circularTerms
        #expect(terms.map(\.term) == ["elevation"])
        #expect(terms.first?.ancestors == [model.layers[0].name, model.layers[1].name].sorted())
    }

    @Test func `bands have the contract's names and units, in double where it is compared`() throws
    {
        try published { run in
            let model = try RasterDataset(path: run.path("mosaic/gwr.tif"))
            let expected =
                ["beta", "se", "t"].flatMap { prefix in terms.map { "\(prefix)_\($0)" } }
                + ["fitted", "residual", "local_r2", "unidentified_terms"]
                + terms.map { "sign_stability_\($0)" } + terms.map { "significant_\($0)" }
            let bands = model.description.bands
            #expect(bands.map(\.name) == expected)
            #expect(bands.allSatisfy { $0.sampleType == "Float64" })
            #expect(bands.allSatisfy { $0.noDataValue?.isNaN == true })
            #expect(bands[1].unit == "1 per m")
            let neighbourhood = try RasterDataset(path: run.path("mosaic/neighbourhood.tif"))
            let around = neighbourhood.description.bands
            #expect(
                around.map(\.name) == [
                    "bandwidth_m", "neighbours_used", "neighbours_effective", "density",
                    "one_sidedness", "condition_number",
                ]
            )
            #expect(around.map(\.unit) == ["m", "1", "1", "km-2", "1", "1"])
            #expect(around.allSatisfy { $0.sampleType == "Float32" })
        }
    }

    @Test func `a mosaic holds the bits of its tiles, whatever their size`() throws {
        for size in [64, 100] {
            try published(tileSize: size) { run in
                let mosaic = try RasterDataset(path: run.path("mosaic/gwr.tif"))
                let band = try mosaic.read(mosaic.description.window, band: 3)
                let local = try mosaic.read(mosaic.description.window, band: 12)
                for (row, column) in [(50, 60), (63, 63), (64, 64), (80, 99)] {
                    let expected = RunFixture.coefficient(2, row: row, column: column)
                    #expect(band.samples[row * RunFixture.columns + column] == expected)
                    #expect(local.samples[row * RunFixture.columns + column] == 0.5)
                }
            }
        }
    }

    @Test func `a band tells kernel, bandwidth, error variance and the term's column`() throws {
        try published { run in
            let mosaic = try RasterDataset(path: run.path("mosaic/gwr.tif"))
            let beta = items(mosaic, band: 2)
            #expect(beta["LONG_NAME"] == "Local coefficient of elevation")
            #expect(beta["KERNEL"] == "bisquare")
            #expect(beta["BANDWIDTH"] == "40 nearest observations")
            #expect(beta["BANDWIDTH_STATE"] == "interior")
            #expect(beta["SIGMA2"] == "0.25")
            #expect(
                beta["N"].flatMap(Int.init) == run.input.balance?.observations?.observationCount
            )
            let observations = try #require(run.input.balance?.observations)
            #expect(beta["COLUMN_MEAN"].flatMap(Double.init) == observations.means[0])
            #expect(
                beta["COLUMN_SD"].flatMap(Double.init) == observations.standardDeviation(0)
            )
            #expect(beta["CIRCULAR"]?.hasPrefix("circular with response: 'elevation'") == true)
            #expect(items(mosaic, band: 3)["CIRCULAR"] == nil)
            #expect(items(mosaic)["CIRCULARITY_1"]?.contains("emission") == true)
            // Alternating residuals are not alike: nothing needs a condition.
            #expect(items(mosaic, band: 5)["ASSUMPTION"] == nil)
        }
    }

    @Test func `significance is named by what it assumes where residuals are alike`() throws {
        try published(RegressionFixture(hasSmoothResiduals: true)) { run in
            let mosaic = try RasterDataset(path: run.path("mosaic/gwr.tif"))
            let names = mosaic.description.bands.map(\.name).suffix(3)
            #expect(Array(names) == terms.map { "significant_if_independent_\($0)" })
            for band in 4...9 {
                #expect(items(mosaic, band: band)["ASSUMPTION"] == "assumes independent residuals")
            }
            let gwr = try #require(model(run, "cell")["gwr"] as? [String: Any])
            let coefficients = try #require(gwr["coefficients"] as? [[String: Any]])
            #expect(coefficients.allSatisfy { $0["significant_share"] == nil })
            let html = try run.words("report.html")
            #expect(html.contains("assumes independent residuals, which these are not"))
            #expect(!html.contains("<th class=\"number\">significant</th>"))
        }
    }

    @Test func `a refused regression is empty bands, and every output says why`() throws {
        let reason = "12 observations cannot carry 3 coefficients"
        try published(RegressionFixture(refusal: reason)) { run in
            for name in ["gwr", "neighbourhood"] {
                let mosaic = try RasterDataset(path: run.path("mosaic/\(name).tif"))
                for band in 1...mosaic.description.bandCount {
                    let samples = try mosaic.read(mosaic.description.window, band: band).samples
                    let isEmpty = samples.allSatisfy(\.isNaN)
                    #expect(isEmpty)
                    #expect(items(mosaic, band: band)["REFUSAL"]?.contains(reason) == true)
                }
                #expect(try run.text("stac/\(name).json").contains(reason))
            }
            for path in ["report.html", "run.json", "tables/model.json", "stac/gwr.json"] {
                #expect(try run.words(path).contains(reason), "\(path)")
            }
            #expect(try run.words("report.html").contains("class=\"banner\""))
        }
    }

    @Test func `a bandwidth at a bound is a banner, and metadata of every band`() throws {
        try published(RegressionFixture(state: "lower_bound")) { run in
            let html = try run.words("report.html")
            #expect(html.contains("is the bound, not an optimum"))
            let mosaic = try RasterDataset(path: run.path("mosaic/neighbourhood.tif"))
            for band in 1...6 {
                #expect(items(mosaic, band: band)["BANDWIDTH_STATE"] == "lower_bound")
                #expect(items(mosaic, band: band)["BANDWIDTH_WARNING"] != nil)
            }
        }
    }

    @Test func `cells of a tile that was given up are refused, and nothing else`() throws {
        let missing = TileID(row: 0, column: 1)
        try published(RegressionFixture(missing: [missing])) { run in
            let dataset = try RasterDataset(path: run.path("mosaic/status.tif"))
            let codes = try dataset.read(dataset.description.window, band: 2)
            func code(_ row: Int, _ column: Int) -> Double {
                codes.samples[row * RunFixture.columns + column]
            }
            // In the missing tile: within the zones, and outside them.
            #expect(code(40, 90) == 7)
            #expect(code(2, 90).isNaN)
            // In other tiles: fitted, and without emission.
            #expect(code(80, 60) == 0)
            #expect(code(10, 20) == 1)
            #expect(try run.words("report.html").contains("have no local models"))
        }
    }

    @Test func `quantiles in the document are those of the mosaic's values`() throws {
        try published { run in
            let mosaic = try RasterDataset(path: run.path("mosaic/gwr.tif"))
            let values = try mosaic.read(mosaic.description.window, band: 2).samples
                .filter { !$0.isNaN }.sorted()
            let cell = try model(run, "cell")
            let document = try JSONDecoder().decode(
                CellDocument.self,
                from: run.bytes("tables/model.json")
            )
            let term = document.cell.gwr.coefficients[1]
            #expect(term.min == values.first)
            #expect(term.max == values.last)
            #expect(term.median == Quantile.of(sorted: values, share: 0.5))
            #expect(term.upper_quartile == Quantile.of(sorted: values, share: 0.75))
            #expect(term.identified == values.count)
            #expect(term.first_unidentified_cell?.count == 2)
            let warnings = try #require(cell["warnings"] as? [String])
            #expect(warnings.contains { $0.hasPrefix("'elevation' is not identified at") })
            let noise = try #require(cell["null_covariates"] as? [[String: Any]])
            #expect(noise.first?["false_positive_share"] as? Double == 1)
            let certificates = try #require(cell["certificates"] as? [String: [String: Int]])
            #expect(
                certificates["bandwidth"] == ["certified": 300, "uncertified": 0, "growths": 2]
            )
        }
    }

    @Test func `three zones are too few, and the document says so`() throws {
        try published { run in
            let reason = try #require(model(run, "zone")["refusal"] as? String)
            #expect(reason.contains("of 3 zones"))
            #expect(
                try run.words("report.html").contains("The regression on the zones was refused")
            )
            let header = try run.text("tables/cities.csv").split(separator: "\n")[0]
            #expect(!header.contains("beta_"))
        }
    }

    @Test func `a fixed bandwidth is a distance in metres`() throws {
        try published(RegressionFixture(fixedCells: 20)) { run in
            let lines = try run.text("tables/bandwidth.csv").split(separator: "\n")
            #expect(lines[0] == "bandwidth_m,rss,tr_s,aicc,aic,bic,cv,bcv")
            #expect(lines[1].hasPrefix("150000.0,120.5,30.25,"))
            #expect(lines.count == 4)
            let gwr = try #require(model(run, "cell")["gwr"] as? [String: Any])
            #expect(gwr["bandwidth"] as? Double == 200_000)
            #expect(gwr["bandwidth_unit"] as? String == "m")
        }
        try published { run in
            let lines = try run.text("tables/bandwidth.csv").split(separator: "\n")
            #expect(lines[0].hasPrefix("neighbours,"))
            #expect(lines[2].hasPrefix("40,120.5,30.25,"))
            #expect(lines[2].hasSuffix(",1.2"))
        }
    }

    @Test func `a coefficient that must not be read is grey, and it alone`() throws {
        try published { run in
            let grid = run.input.model.grid
            let status = try RasterDataset(path: run.path("mosaic/status.tif"))
            let place = try #require(
                status.description.bands.firstIndex { $0.name == "regression" }
            )
            let codes = try status.read(status.description.window, band: place + 1).samples
            // A fitted cell of each kind: elevation is unidentified in the west, every term changes its sign
            // in the south, and the east sees one side only.
            func fitted(_ rows: Range<Int>, _ columns: Range<Int>) throws -> (row: Int, column: Int)
            {
                let cells = rows.flatMap { row in columns.map { (row: row, column: $0) } }
                return try #require(
                    cells.first { codes[$0.row * grid.columns + $0.column] == 0 }
                )
            }
            let unidentified = try fitted(10..<45, 12..<19)
            let unstable = try fitted(55..<90, 25..<50)
            let oneSided = try fitted(10..<45, 105..<125)
            let plain = try fitted(10..<45, 25..<50)
            func isGrey(_ name: String, _ cell: (row: Int, column: Int)) throws -> Bool {
                let picture = try RasterDataset(
                    path: run.path("preview/gwr_\(name).png"),
                    assumedReference: grid.reference,
                    assumedExtent: grid.extent(of: grid.window)
                )
                // 130 by 100 cells of 8 pixels; the margin is on the left, scale and footer below.
                let x = 28 + 8 * cell.column + 4
                let y = picture.description.rows - 78 - 8 * grid.rows + 8 * cell.row + 4
                let pixel = CellWindow(rows: y..<(y + 1), columns: x..<(x + 1))
                let colour = try (1...3).map { try picture.read(pixel, band: $0).samples[0] }
                return colour == [0xa4, 0xab, 0xb1]
            }
            #expect(try isGrey("beta_elevation", unidentified))
            #expect(try isGrey("beta_elevation", unstable))
            #expect(try isGrey("beta_elevation", oneSided))
            #expect(try !isGrey("beta_elevation", plain))
            // The other terms are identified there.
            #expect(try !isGrey("beta_null_1", unidentified))
            #expect(try isGrey("beta_null_1", unstable))
            #expect(try !isGrey("beta_null_1", plain))
            for cell in [unidentified, unstable, oneSided, plain] {
                #expect(try !isGrey("residual", cell))
            }
        }
    }

    @Test func `every band has a view and a style, and the maps worth a look a picture`() throws {
        try published { run in
            for name in ["gwr_beta_elevation", "neighbourhood_one_sidedness", "gwr_local_r2"] {
                for path in ["mosaic/\(name).vrt", "mosaic/\(name).qml", "preview/\(name).png"] {
                    #expect(FileManager.default.fileExists(atPath: run.path(path)), "\(path)")
                }
            }
            let view = try RasterDataset(path: run.path("mosaic/gwr_se_null_1.vrt"))
            #expect(view.description.bands.first?.name == "se_null_1")
            #expect(view.description.bands.first?.sampleType == "Float64")
            let html = try run.words("report.html")
            // The zones come before the cells.
            let zones = try #require(html.range(of: "Regression on the zones"))
            let cells = try #require(html.range(of: "Regression of the cells"))
            #expect(zones.lowerBound < cells.lowerBound)
            #expect(html.contains("<svg"))
            #expect(html.contains("chosen: 40"))
        }
    }
}

/// The coefficients of `model.json`; a decoder reads every digit, `JSONSerialization` does not.
private struct CellDocument: Decodable {
    struct Cell: Decodable { let gwr: Local }
    struct Local: Decodable { let coefficients: [Term] }
    struct Term: Decodable {
        let min: Double
        let median: Double
        let upper_quartile: Double
        let max: Double
        let identified: Int
        let first_unidentified_cell: [Int]?
    }

    let cell: Cell
}
