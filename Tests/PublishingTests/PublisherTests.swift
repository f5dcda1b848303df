import Analysis
import CarbonBalance
import Foundation
import Lattice
import RasterIO
import RunStore
import Testing
import Tiling

@testable import Publishing

@Suite struct PublisherTests {
    @Test func `everything is published, and nothing temporary stays`() throws {
        let run = try RunFixture()
        defer { run.remove() }
        let results = try Publisher().publish(run.input)
        for path in results.all {
            #expect(FileManager.default.fileExists(atPath: run.path(path)), "\(path)")
        }
        for path in [
            "mosaic/deficit.tif", "mosaic/status.tif", "mosaic/deficit.qml",
            "mosaic/deficit_rel.vrt",
            "tables/cities.csv", "tables/cities.gpkg", "preview/deficit_rel.png",
            "preview/emission.png", "preview/status_deficit.png", "stac/deficit.json",
            "report.html", "run.json",
        ] {
            #expect(results.all.contains(path), "\(path)")
        }
        let names = try FileManager.default.subpathsOfDirectory(atPath: run.directory)
        let odd = names.filter { name in
            ["partial", "tmp", "assembling", ".aux.xml", "-journal"].contains { name.contains($0) }
        }
        #expect(odd.isEmpty)
    }

    @Test func `with NPP every title says what it is not, and nothing is called a surplus`() throws
    {
        let caption = try #require(SinkKind.npp.caption)
        let run = try RunFixture(RunFixture.Options(sink: .npp))
        defer { run.remove() }
        let results = try Publisher().publish(run.input)
        let texts = results.all.filter { path in
            [".html", ".json", ".csv", ".qml", ".vrt"].contains { path.hasSuffix($0) }
        }
        let silent = ["emission", "valid"]
        for path in texts {
            let text = try run.words(path)
            let isModest =
                !text.lowercased().contains("surplus")
                && !text.lowercased().contains("neutral")
            #expect(isModest, "\(path)")
            guard !silent.contains(where: { path.hasPrefix("mosaic/") && path.contains($0) })
            else { continue }
            let isCaptioned = text.contains(caption)
            #expect(isCaptioned, "\(path)")
        }
    }

    @Test func `with NEP nothing speaks of NPP, and a surplus may be called one`() throws {
        let run = try RunFixture(RunFixture.Options(sink: .nep))
        defer { run.remove() }
        let results = try Publisher().publish(run.input)
        for path in results.all where ![".png", ".tif", ".gpkg"].contains(where: path.hasSuffix) {
            let isSilent = try !run.words(path).contains("NPP")
            #expect(isSilent, "\(path)")
        }
        let speaksOfSurplus = try run.words("report.html").contains("surplus")
        #expect(speaksOfSurplus)
    }

    @Test func `the report loads nothing and runs nothing`() throws {
        let run = try RunFixture(RunFixture.Options(missing: [TileID(row: 0, column: 0)]))
        defer { run.remove() }
        _ = try Publisher().publish(run.input)
        let html = try run.words("report.html")
        for needle in ["src=\"http", "href=", "<script", "<link", "url(", "@import"] {
            let isAbsent = !html.contains(needle)
            #expect(isAbsent, "\(needle)")
        }
        #expect(html.contains("<img alt="))
        // Texts of the run are escaped wherever they stand.
        #expect(html.contains("fixture &amp; co"))
        #expect(!html.contains("fixture & co"))
        #expect(html.contains("cannot read the &lt;emission&gt; file"))
        #expect(html.contains("East, &quot;the&quot; rest"))
    }

    @Test func `a proxy is named in report, catalogue and description`() throws {
        let run = try RunFixture(RunFixture.Options(isProxy: true))
        defer { run.remove() }
        _ = try Publisher().publish(run.input)
        for path in ["report.html", "run.json", "stac/deficit.json", "stac/status.json"] {
            #expect(try run.text(path).contains("Proxy data: emission stands in"), "\(path)")
        }
    }

    @Test func `the description of the run has its keys in order and its configuration inside`()
        throws
    {
        let run = try RunFixture()
        defer { run.remove() }
        _ = try Publisher().publish(run.input)
        let text = try run.text("run.json")
        let document = try #require(
            JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any]
        )
        let keys = text.split(separator: "\n").filter { $0.hasPrefix("  \"") }
        #expect(keys == keys.sorted())
        #expect((document["configuration"] as? [String: Any])?["name"] as? String == "fixture & co")
        #expect((document["run"] as? [String: Any])?["state"] as? String == "done")
        let formulas = document["formulas"] as? [[String: Any]]
        #expect(formulas?.map { $0["id"] as? String } == ["abs", "rel", "norm", "logratio"])
        let national = (document["national"] as? [[String: Any]])?.first
        let figures = try #require(run.input.balance?.pairs.first?.national)
        #expect(national?["emission_tCO2_yr"] as? Double == figures.emission)
    }

    @Test func `a STAC item describes every band and knows its file`() throws {
        let run = try RunFixture()
        defer { run.remove() }
        _ = try Publisher().publish(run.input)
        let item = try #require(
            JSONSerialization.jsonObject(with: run.bytes("stac/deficit.json")) as? [String: Any]
        )
        #expect(item["stac_version"] as? String == "1.1.0")
        #expect(item["type"] as? String == "Feature")
        let asset = (item["assets"] as? [String: Any])?["data"] as? [String: Any]
        #expect(asset?["href"] as? String == "../mosaic/deficit.tif")
        let mosaic = try run.bytes("mosaic/deficit.tif")
        #expect(asset?["file:size"] as? Int == mosaic.count)
        let digest = try PosixFileSystem().digest(at: run.path("mosaic/deficit.tif"))
        #expect(asset?["file:checksum"] as? String == "1220\(digest)")
        let bands = asset?["bands"] as? [[String: Any]]
        #expect(bands?.compactMap { $0["name"] as? String }.count == 8)
        #expect(bands?.allSatisfy { $0["statistics"] != nil } == true)
        let properties = item["properties"] as? [String: Any]
        #expect(properties?["proj:shape"] as? [Int] == [100, 130])
        let box = try #require(item["bbox"] as? [Double])
        // The box lies in China, west before east and south before north.
        #expect(box[0] > 90 && box[2] < 125 && box[0] < box[2])
        #expect(box[1] > 25 && box[3] < 45 && box[1] < box[3])
    }

    @Test func `styles are XML with a colour for each class or step`() throws {
        let run = try RunFixture(RunFixture.Options(sink: .npp))
        defer { run.remove() }
        let results = try Publisher().publish(run.input)
        let styles = results.mosaics.filter { $0.hasSuffix(".qml") || $0.hasSuffix(".vrt") }
        #expect(styles.count == 2 * (8 + 2) + 2)
        for path in styles {
            let parser = XMLParserCheck(try run.bytes(path))
            #expect(parser.isWellFormed, "\(path)")
        }
        #expect(try run.text("mosaic/deficit.qml").contains("band=\"6\""))
        #expect(
            try run.text("mosaic/status.qml").components(separatedBy: "<paletteEntry").count == 12
        )
    }

    @Test func `the polygons of the table are those of the zones`() throws {
        let run = try RunFixture()
        defer { run.remove() }
        _ = try Publisher().publish(run.input)
        let source = try VectorSource(path: run.path("tables/cities.gpkg"), layer: "cities")
        #expect(source.featureCount == 3)
        let header = try run.text("tables/cities.csv").split(separator: "\n")[0]
        #expect(source.fieldNames == header.split(separator: ",").map(String.init))
        let layer = try source.polygons(
            idField: "id",
            nameField: "name",
            in: run.input.model.grid.reference
        )
        #expect(layer.features.map(\.id) == ["010", "02", "03"])
        #expect(layer.features[1].name == "East, \"the\" rest")
        #expect(abs(layer.features[0].area / 450_000 / 890_000 - 1) < 1e-9)
    }

    @Test func `a zone's area outside the grid is told apart from missing tiles`() throws {
        let run = try RunFixture()
        defer { run.remove() }
        _ = try Publisher().publish(run.input)
        let rows = try run.text("tables/cities.csv").split(separator: "\n").map {
            $0.components(separatedBy: ",")
        }
        // The coast is 600 km wide, half of it beyond the grid's edge at 1300 km.
        #expect(Double(rows[3][3]) == 0.5)
        #expect(Double(rows[3][4]) == 0)
        #expect(Double(rows[1][3]) == 0)
    }

    @Test func `without zones there are no tables and a report that says so`() throws {
        let run = try RunFixture()
        defer { run.remove() }
        var input = run.input
        input.model.zones = nil
        input.zones = []
        let results = try Publisher().publish(input)
        #expect(results.tables.isEmpty)
        #expect(try run.text("report.html").contains("no city tables"))
    }

    @Test func `without sums there are maps and no tables`() throws {
        let run = try RunFixture()
        defer { run.remove() }
        var input = run.input
        input.balance = nil
        input.prepare = nil
        let results = try Publisher().publish(input)
        #expect(results.tables.isEmpty)
        #expect(results.previews.contains("preview/deficit_rel.png"))
        #expect(try run.text("report.html").contains("no national sums"))
    }

    @Test func `a picture is a PNG of the map and its legend`() throws {
        let run = try RunFixture()
        defer { run.remove() }
        _ = try Publisher().publish(run.input)
        let bytes = Array(try run.bytes("preview/deficit_abs.png"))
        #expect(Array(bytes.prefix(8)) == [137, 80, 78, 71, 13, 10, 26, 10])
        let width = bytes[16..<20].reduce(0) { $0 << 8 | Int($1) }
        #expect(width > 130 * 7)
    }

    @Test func `what is known of layers goes with pictures, views and styles`() throws {
        let run = try RunFixture(RunFixture.Options(isProxy: true))
        defer { run.remove() }
        var input = run.input
        input.model.layers[0].facts.sectors = ["power", "transport"]
        input.model.layers[0].facts.source = "an <inventory> & more"
        input.model.layers[0].facts.derivedFrom = ["lights"]
        _ = try Publisher().publish(input)
        let facts = try #require(RunStatements(input).layers.first)
        for piece in ["power", "transport", "<inventory>", "lights", "proxy"] {
            #expect(facts.contains(piece), "\(piece)")
        }
        let picture = String(
            decoding: try run.bytes("preview/deficit_rel.png"),
            as: Unicode.ASCII.self
        )
        let proxy = try #require(RunStatements(input).proxy)
        for piece in ["iTXtSource", facts, "iTXtWarning", proxy] {
            #expect(picture.contains(piece), "\(piece)")
        }
        let view = try RasterDataset(path: run.path("mosaic/deficit_rel.vrt"))
        let items = view.metadata(domain: MetadataItem.deficitDomain)
        #expect(items.contains { $0.key == "LAYER_1" && $0.value == facts })
        #expect(items.contains { $0.key == "PROXY" && $0.value == proxy })
        let style = try run.text("mosaic/deficit_rel.qml")
        #expect(style.contains(ReportPage.escaped(ReportPage.escaped(facts))))
        #expect(style.contains(ReportPage.escaped(ReportPage.escaped(proxy))))
        #expect(try run.text("stac/deficit.json").contains("power, transport"))
    }

    @Test func `a text within a picture has the checksum of its chunk`() {
        // The end of every PNG file.
        #expect(PictureText.checksum(Array("IEND".utf8)) == 0xae42_6082)
    }
}

/// Whether bytes are well-formed XML: elements nest and close, quotes pair up.
private struct XMLParserCheck {
    let isWellFormed: Bool

    init(_ data: Data) {
        let text = String(decoding: data, as: UTF8.self)
        var open: [String] = []
        var isFine = true
        for piece in text.components(separatedBy: "<").dropFirst() {
            guard let end = piece.firstIndex(of: ">") else {
                isFine = false
                break
            }
            let tag = piece[..<end]
            if tag.hasPrefix("!") { continue }
            isFine = isFine && tag.filter { $0 == "\"" }.count.isMultiple(of: 2)
            let name = String(tag.prefix { !$0.isWhitespace && $0 != "/" })
            if tag.hasPrefix("/") {
                isFine = isFine && open.popLast() == String(tag.dropFirst())
            } else if !tag.hasSuffix("/") {
                open.append(name)
            }
        }
        isWellFormed = isFine && open.isEmpty
    }
}
