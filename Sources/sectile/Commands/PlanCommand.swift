import Analysis
import ArgumentParser
import CarbonBalance
import ContentDigest
import Foundation
import Lattice
import Tiling

/// The command `sectile plan`.
struct PlanCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "plan",
        abstract:
            "Dry run: what each layer means, tiles, halo, memory, cost, and every error at once.",
        discussion: "Reads the configuration, headers and a few rows of each layer; writes nothing."
    )

    @Argument(help: "The configuration, a YAML file.")
    var config: String
    @Flag(help: "One JSON object.")
    var json = false

    func run() throws {
        let planned = try RunOptions.planned(config)
        print(json ? try Self.json(planned) : Self.text(planned))
    }

    /// Bytes that a worker holds for the largest tile: prepared layers, their source windows, and
    /// the bands of a balance tile.
    static func memoryBytes(_ planned: PlannedRun) -> Int {
        let cells = planned.plan.stages.flatMap(\.tiles).map(\.core.cellCount).max() ?? 0
        let prepared = planned.model.layers.count * 3 * 4
        let balance = BalanceBands(model: planned.model).bands.count * 4
        let subpoints =
            planned.model.layers.map { $0.subpointsPerAxis * $0.subpointsPerAxis * 16 }.max() ?? 0
        // The program with its libraries, GDAL's cache, the samples twice (once to be written), the places
        // of sub-points that are kept for further layers and those in work.
        let places = min(cells * subpoints, 32 << 20) + subpoints
        let deficits = cells * 2 * (prepared + balance) + places
        return (160 << 20) + max(deficits, RegressionEstimate(planned)?.memoryBytes ?? 0)
    }

    /// Estimated time of one core, seconds: 90 ns for each sub-point of a layer (projection,
    /// decoding, mean), 15 ns for those beyond 64 along an edge, and 2 µs for each cell of the balance: an
    /// order of magnitude, no promise.
    static func coreSeconds(_ planned: PlannedRun) -> Double {
        let cells = Double(planned.model.grid.window.cellCount)
        let subpoints = planned.model.layers.reduce(0.0) { sum, layer in
            let count = Double(layer.subpointsPerAxis * layer.subpointsPerAxis)
            let seconds = min(count, 4096) * 90e-9 + max(0, count - 4096) * 15e-9
            // Sheets of a mosaic share the cells, other files take each of them.
            return sum + seconds * Double(layer.combination == .mosaic ? 1 : layer.paths.count)
        }
        return cells * (subpoints + 2e-6) + (RegressionEstimate(planned)?.coreSeconds ?? 0)
    }

    private static func text(_ planned: PlannedRun) -> String {
        let grid = planned.model.grid
        var lines = [
            "\(planned.plan.name)",
            "grid: \(grid.columns) x \(grid.rows) cells of \(Int(grid.cellSizeMetres)) m, "
                + "\(grid.reference.name)",
            "tiles: \(planned.layout.tileColumns) x \(planned.layout.tileRows) of "
                + "\(planned.layout.tileSizePixels) cells",
            "stages: \(planned.plan.stages.map(\.stage.rawValue).joined(separator: ", ")), "
                + "\(planned.plan.tileCount) units",
            "memory: about \(memoryBytes(planned) >> 20) MiB per worker",
            "cost: about \(Int(coreSeconds(planned).rounded(.up))) core-seconds",
        ]
        lines += RegressionEstimate(planned)?.lines ?? []
        if let zones = planned.zones { lines.append("zones: \(zones.features.count)") }
        lines.append("layers:")
        lines += planned.interpretations.map { "  \($0)" }
        lines += planned.warnings.map { "warning: \($0)" }
        lines.append("plan \(planned.plan.digest.short)")
        return lines.joined(separator: "\n")
    }

    private static func json(_ planned: PlannedRun) throws -> String {
        let grid = planned.model.grid
        let object: [String: Any] = [
            "name": planned.plan.name,
            "digest": planned.plan.digest.hexadecimal,
            "grid": [
                "columns": grid.columns, "rows": grid.rows,
                "cellSizeMetres": grid.cellSizeMetres, "crs": grid.reference.name,
            ] as [String: Any],
            "tiles": planned.layout.count,
            "tileSizePixels": planned.layout.tileSizePixels,
            "units": planned.plan.tileCount,
            "stages": planned.plan.stages.map { stage in
                [
                    "stage": stage.stage.rawValue, "tiles": stage.tiles.count,
                    "digest": stage.modelDigest.hexadecimal,
                    "cost": stage.tiles.reduce(0) { $0 + $1.cost },
                ] as [String: Any]
            },
            "memoryPerWorkerBytes": memoryBytes(planned),
            "coreSeconds": coreSeconds(planned),
            "haloCells": RegressionEstimate(planned)?.haloCells as Any? ?? NSNull(),
            "zones": planned.zones?.features.count as Any? ?? NSNull(),
            "layers": zip(planned.model.layers, planned.interpretations).map { layer, text in
                ["name": layer.name, "interpretation": text, "paths": layer.paths]
                    as [String: Any]
            },
            "warnings": planned.warnings,
        ]
        let data = try JSONSerialization.data(
            withJSONObject: object,
            options: [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
        )
        return String(decoding: data, as: UTF8.self)
    }
}
