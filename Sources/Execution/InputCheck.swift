internal import Analysis
internal import RasterIO

/// Whether a machine sees the rasters that a run reads.
package enum InputCheck {
    /// Why a run's units cannot be computed here: a layer whose first file cannot be opened.
    ///
    /// Rasters are read by path or URL on every worker; they do not travel. A server that fails at the
    /// moment is no reason: what it gives out is asked for again, tile by tile. Blocks.
    ///
    /// - Parameter specification: the plan's specification.
    /// - Returns: one line that names layer, file and reason; nil when all can be opened.
    package static func problem(of specification: [UInt8]) -> String? {
        do {
            let model = try RunModel(encoded: specification)
            for layer in model.layers where layer.reading.derivation.readsRasters {
                guard let path = layer.paths.first else { continue }
                do throws(RasterError) {
                    _ = try RasterDataset(path: path).description
                } catch {
                    if error.isOfTransport { continue }
                    return "layer '\(layer.name)' cannot be read here: \(error); every worker "
                        + "reads the inputs under the same paths or URLs: mount them here, too"
                }
            }
            return nil
        } catch {
            return "the run's specification cannot be read: \(error)"
        }
    }
}
