import ContentDigest
import Foundation
import RasterIO

/// What a run left, reduced to what must not depend on how it ran.
struct RunOutcome: Hashable {
    /// SHA-256 of the samples of every band of every mosaic, in order of names.
    var mosaics: [String: ContentDigest]
    /// The city table as it stands.
    var cities: String

    /// Reads a run directory.
    init(directory: String) throws {
        try GDALRuntime.start(cacheBytes: 64 << 20)
        mosaics = [:]
        for name in ["deficit", "status"] {
            let dataset = try RasterDataset(path: "\(directory)/mosaic/\(name).tif")
            var hasher = ContentHasher()
            for band in 1...dataset.description.bandCount {
                let block = try dataset.read(dataset.description.window, band: band)
                hasher.update(samples: block.samples.map { Float($0) })
            }
            mosaics[name] = hasher.finalize()
        }
        let table = "\(directory)/tables/cities.csv"
        cities = (try? String(contentsOfFile: table, encoding: .utf8)) ?? ""
    }
}
