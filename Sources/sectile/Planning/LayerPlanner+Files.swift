import Analysis
import CarbonBalance
import Execution
import Lattice
import RasterIO
import Settings

extension LayerPlanner {
    /// A warning where pixels are so fine that some are passed over.
    func sampling(_ layer: LayerSettings, pixelMetres: Double) -> [String] {
        let share = SubpointMap.sampledShare(
            cellSizeMetres: grid.cellSizeMetres,
            sourcePixelMetres: pixelMetres
        )
        guard share < 1 else { return [] }
        return [
            "\(layer.name): a cell of \(Int(grid.cellSizeMetres)) m is more than "
                + "\(SubpointMap.maximumPerAxis) of its pixels of about "
                + "\(LayerInterpretation.short(pixelMetres)) m across: about "
                + "\(LayerInterpretation.short(100 * share)) % of them are sampled, evenly; a coarser version "
                + "of the data, or smaller cells, would count all"
        ]
    }

    private static func bands(_ file: RasterDescription) -> String {
        "\(file.bandCount) band\(file.bandCount == 1 ? "" : "s") in \(file.path)"
    }

    /// What the files of a layer have to be for each other, and are not.
    ///
    /// - Parameters:
    ///   - layer: as configured.
    ///   - model: the layer with its files and bands.
    ///   - descriptions: of its files.
    ///   - key: its place in the configuration.
    /// - Returns: one problem for each kind.
    func fileProblems(
        _ layer: LayerSettings,
        _ model: LayerModel,
        _ descriptions: [RasterDescription],
        key: String
    ) -> [PlanProblem] {
        guard let first = descriptions.first else { return [] }
        var problems: [PlanProblem] = []
        // All is one number of bands: further bands of another file would be left out unsaid.
        if layer.bands == .all,
            let other = descriptions.first(where: { $0.bandCount != first.bandCount })
        {
            problems.append(
                PlanProblem(
                    key: "\(key).band",
                    message:
                        "all means \(Self.bands(first)), but \(Self.bands(other)); legal: files "
                        + "with the same number of bands, or a list of bands that every file has"
                )
            )
        }
        if model.reading.isMode, model.combination == .mosaic,
            descriptions.count * model.bands.count > 1, model.sheetMosaic(of: descriptions) == nil
        {
            let odd = descriptions.dropFirst().first {
                model.sheetMosaic(of: [first, $0]) == nil
            }
            let found =
                odd.map { "\(first.path) and \($0.path)" }
                ?? "the \(descriptions.count * model.bands.count) sheets of \(layer.name), the first of them "
                + "\(first.path),"
            problems.append(
                PlanProblem(
                    key: "\(key).statistic",
                    message:
                        "mode needs sheets whose pixels lie on one lattice, with one nodata value "
                        + "where they overlap: \(found) are no such sheets; bring them to one lattice, or "
                        + "take the fraction of classes"
                )
            )
        }
        return problems
    }
}
