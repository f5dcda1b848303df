internal import CInstructionSet

/// Instruction-set levels that the numerical kernels are built for.
///
/// All levels give the same bits; they differ in speed only. The x86-64 names are those of the
/// psABI micro-architecture levels.
package enum InstructionSet: String, CaseIterable, Sendable {
    /// x86-64 without AVX: runs everywhere, each fused multiply-add is a library call.
    case baseline
    /// x86-64-v3: AVX2 and FMA.
    case v3
    /// x86-64-v4: AVX-512 F, BW, CD, DQ and VL.
    case v4
    /// arm64, whose baseline has fused multiply-add.
    case neon

    /// Levels this machine can run, slowest first; never empty.
    package static var available: [InstructionSet] {
        #if arch(x86_64)
            switch sectile_x86_level() {
            case 4: [.baseline, .v3, .v4]
            case 3: [.baseline, .v3]
            default: [.baseline]
            }
        #else
            [.neon]
        #endif
    }

    /// The level to use: the fastest available, or the one asked for.
    ///
    /// `override` is a level's name, as an operator sets it, or nil.
    ///
    /// - Throws: ``RegressionError`` with code `unavailableInstructionSet` where the name is unknown
    ///   or the machine lacks that level.
    package static func select(override: String?) throws(RegressionError) -> InstructionSet {
        let levels = available
        guard let name = override else { return levels[levels.count - 1] }
        let legal = levels.map(\.rawValue).joined(separator: ", ")
        guard let level = InstructionSet(rawValue: name), levels.contains(level) else {
            throw RegressionError(
                .unavailableInstructionSet,
                "instruction set \"\(name)\" is not available here; legal: \(legal)"
            )
        }
        return level
    }
}
