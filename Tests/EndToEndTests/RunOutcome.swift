import ContentDigest
import Foundation
import RasterIO

/// What a run left, reduced to what must not depend on how it ran.
struct RunOutcome: Hashable {
    /// SHA-256 of the samples of every band of a mosaic, by its name.
    let mosaics: [String: ContentDigest]
    /// The city table as it stands; empty for a run without zones.
    let cities: String

    /// Reads a run directory.
    init(directory: String) throws {
        try GDALRuntime.start(cacheBytes: 64 << 20)
        var mosaics: [String: ContentDigest] = [:]
        for name in ["deficit", "status", "neighbourhood", "gwr"] {
            let path = "\(directory)/mosaic/\(name).tif"
            // Runs without a regression have two mosaics.
            guard FileManager.default.fileExists(atPath: path) else { continue }
            let dataset = try RasterDataset(path: path)
            var hasher = ContentHasher()
            for band in 1...dataset.description.bandCount {
                let block = try dataset.read(dataset.description.window, band: band)
                hasher.update(samples: block.samples)
            }
            mosaics[name] = hasher.finalize()
        }
        self.mosaics = mosaics
        let table = "\(directory)/tables/cities.csv"
        cities =
            FileManager.default.fileExists(atPath: table)
            ? try String(contentsOfFile: table, encoding: .utf8) : ""
    }
}
