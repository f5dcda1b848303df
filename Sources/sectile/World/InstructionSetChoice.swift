import Foundation
import Regression

extension InstructionSet {
    /// The level that this process uses: the fastest there is, or SECTILE_INSTRUCTION_SET.
    ///
    /// - Throws: `CommandError` with exit code 2 for a level that is unknown or not available here.
    static func ofEnvironment() throws -> InstructionSet {
        let name = ProcessInfo.processInfo.environment["SECTILE_INSTRUCTION_SET"]
        do { return try InstructionSet.select(override: name) } catch {
            throw CommandError.usage("SECTILE_INSTRUCTION_SET: \(error)")
        }
    }
}
