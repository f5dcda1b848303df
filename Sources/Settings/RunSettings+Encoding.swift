import Foundation
package import Tiling

extension RunSettings {
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
}
