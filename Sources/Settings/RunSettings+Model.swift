import CarbonBalance
import Foundation
package import Tiling

extension RunSettings {
    /// The settings on which the samples of a stage depend, as canonical text, for digests.
    ///
    /// `prepare` depends on grid and layers (and on the water policy where a code means water),
    /// `balance` on those and on deficit and zones, the later stages on those and on the regression.
    /// Names for people, tile size, engine, provenance and the places of files have no part in it: the
    /// caller adds the identity of every layer's and the zones' content. A text contains that of the
    /// stage before, so what invalidates a stage invalidates those after it.
    ///
    /// - Returns: JSON with sorted keys and without spaces.
    package func modelText(for stage: Stage) throws -> String {
        var grid = grid
        grid.crs = grid.referenceDefinition
        let isRegression = stage > .balance
        let hasWater = layers.contains { $0.codes.values.contains(.water) }
        let model = StageModel(
            grid: grid,
            layers: layers.map { Self.modelLayer($0, withRegression: isRegression) },
            water: hasWater ? deficit.water : nil,
            deficit: stage >= .balance ? modelDeficit : nil,
            zones: stage >= .balance ? modelZones : nil,
            regression: isRegression ? modelRegression : nil
        )
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(model), as: UTF8.self)
    }

    /// The effective settings as a configuration that parses to the same value: for `run.json`.
    package func encoded() throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes, .prettyPrinted]
        return Array(try encoder.encode(self))
    }

    /// The stages that these settings ask for, in order.
    package var stages: [Stage] {
        // A given bandwidth is evaluated, too: the error variance at it is needed before the fit.
        regression?.units.contains(.cell) == true
            ? [.prepare, .balance, .bandwidth, .fit, .diagnose] : [.prepare, .balance]
    }

    private static func modelLayer(
        _ layer: LayerSettings,
        withRegression: Bool
    ) -> LayerSettings {
        var model = layer
        model.paths = layer.paths.map { _ in SourcePath("") }
        model.derivedFrom = []
        model.proxy = false
        model.source = nil
        model.accounting = nil
        model.sectors = []
        if layer.role == .covariate || layer.role == .mask { model.year = nil }
        if !withRegression {
            model.transform = .none
            model.support = nil
        }
        return model
    }

    private var modelDeficit: DeficitSettings {
        var model = deficit
        model.minimumValidShare = 0
        return model
    }

    private var modelZones: ZonesSettings? {
        var model = zones
        model?.path = SourcePath("")
        model?.nameField = nil
        model?.attributes?.path = SourcePath("")
        return model
    }

    private var modelRegression: RegressionSettings? {
        var model = regression
        model?.units = []
        return model
    }
}

/// What a digest of a stage sees.
private struct StageModel: Encodable {
    let grid: GridSettings
    let layers: [LayerSettings]
    let water: WaterPolicy?
    let deficit: DeficitSettings?
    let zones: ZonesSettings?
    let regression: RegressionSettings?
}
