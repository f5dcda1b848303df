import Foundation
import RasterIO
import Testing

/// The samples of a mosaic's bands, by their names up to the first space or colon.
func mosaicBands(_ mosaic: String, of directory: String) throws -> [String: [Double]] {
    try GDALRuntime.start(cacheBytes: 64 << 20)
    let dataset = try RasterDataset(path: "\(directory)/mosaic/\(mosaic).tif")
    let description = dataset.description
    var bands: [String: [Double]] = [:]
    for (index, band) in description.bands.enumerated() {
        let name = band.name.prefix { $0 != " " && $0 != ":" }
        bands[String(name)] = try dataset.read(description.window, band: index + 1).samples
    }
    return bands
}

/// What a JSON file of a run directory says.
func runDocument(_ name: String = "run.json", of directory: String) throws -> [String: Any] {
    let data = try Data(contentsOf: URL(fileURLWithPath: "\(directory)/\(name)"))
    return try #require(JSONSerialization.jsonObject(with: data) as? [String: Any])
}

/// Expects that every round of every stage took one attempt a tile, and that there were rounds of a search.
func expectNoRetries(
    _ directory: String,
    sourceLocation: SourceLocation = #_sourceLocation
) throws {
    let stages = try #require(
        try runDocument(of: directory)["stages"] as? [[String: Any]],
        sourceLocation: sourceLocation
    )
    #expect(
        stages.contains { $0["stage"] as? String == "bandwidth" },
        sourceLocation: sourceLocation
    )
    for stage in stages {
        let (attempts, tiles) = (stage["attempts"] as? Int, stage["tiles"] as? Int)
        #expect(attempts != nil && attempts == tiles, "\(stage)", sourceLocation: sourceLocation)
        #expect(stage["retries"] as? Int == 0, "\(stage)", sourceLocation: sourceLocation)
    }
}
