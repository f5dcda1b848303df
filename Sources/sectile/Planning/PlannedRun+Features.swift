import Analysis
import Foundation

extension PlannedRun {
    /// Writes points and lines into a run directory, for workers.
    func writeFeatures(into directory: String) throws {
        for layer in model.layers {
            guard let source = layer.reading.derivation.features, let set = features[layer.name]
            else { continue }
            let url = URL(fileURLWithPath: "\(directory)/\(source.encodedPath)")
            try FileManager.default.createDirectory(
                at: url.deletingLastPathComponent(),
                withIntermediateDirectories: true
            )
            let encoded = Data(set.encoded)
            if (try? Data(contentsOf: url)) == encoded { continue }
            try encoded.write(to: url, options: .atomic)
        }
    }
}
