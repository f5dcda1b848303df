internal import RegressionKernels

#if arch(x86_64)
    internal import RegressionKernelsV3
    internal import RegressionKernelsV4
#endif

/// The kernel functions of one instruction-set level.
///
/// The signatures are those of `RegressionKernels`, see there; every level has the same.
@unsafe package struct KernelSet: Sendable {
    /// Vectors that are read.
    package typealias Vectors = UnsafePointer<SIMD8<Double>>
    /// Vectors that are written.
    package typealias MutableVectors = UnsafeMutablePointer<SIMD8<Double>>
    /// Numbers that are read.
    package typealias Scalars = UnsafePointer<Double>

    let level: InstructionSet
    /// Weighted moments of neighbour rows, the inner loop of everything.
    package let accumulateMoments:
        @Sendable (
            Int, Vectors, Scalars, Scalars, UnsafePointer<Int>, Int, MutableVectors, Bool,
            MutableVectors?, Scalars, Bool
        ) -> Void
    let gatherCentredRows:
        @Sendable (
            Int, Vectors, Scalars, UnsafePointer<Int32>, Int, Vectors, Double, MutableVectors,
            UnsafeMutablePointer<Double>
        ) -> Void
    let kernelWeights: @Sendable (Int, Vectors, Int, Double, MutableVectors) -> Void
    let distancePowers: @Sendable (Int, Vectors, Int, Double, MutableVectors, Int) -> Void
    let transposeMomentSets: @Sendable (Int, Vectors, MutableVectors) -> Void
    let solveLeverage:
        @Sendable (Int, MutableVectors, Scalars, MutableVectors, MutableVectors, MutableVectors)
            -> Void
    let solveBufferedError:
        @Sendable (Int, MutableVectors, Scalars, MutableVectors, MutableVectors) -> Void
    let factoriseMoments:
        @Sendable (
            Int, Vectors, Scalars, Double, MutableVectors, MutableVectors, MutableVectors,
            MutableVectors, MutableVectors, UnsafeMutablePointer<Double>
        ) -> Bool
    let conjugateMoments:
        @Sendable (Int, Vectors, Vectors, Vectors, MutableVectors, MutableVectors) -> Void
    let solveFactored:
        @Sendable (
            Int, Vectors, Vectors, Vectors, Scalars, MutableVectors, MutableVectors,
            MutableVectors, MutableVectors
        ) -> Bool
    let sweepCandidates:
        @Sendable (
            Int, Int, Vectors, Scalars, Scalars, Int, UnsafePointer<Int>, Scalars, Int, Scalars,
            Int, MutableVectors, MutableVectors, MutableVectors, MutableVectors?
        ) -> Void
    let addScores: @Sendable (Int, Vectors, Vectors, Vectors?, MutableVectors) -> Void
    let mergeScores: @Sendable (Int, Vectors, MutableVectors) -> Void
    let collectWithin:
        @Sendable (
            UnsafePointer<Int32>, Scalars, Scalars, Int, Int, Scalars, Double,
            UnsafeMutablePointer<Int32>, UnsafeMutablePointer<Int32>, UnsafeMutablePointer<Double>
        ) -> Int
    let sortNearest:
        @Sendable (
            Int, Int, Double, UnsafePointer<Int32>, UnsafePointer<Int32>, Scalars,
            UnsafeMutablePointer<Int32>, UnsafeMutablePointer<Int32>, UnsafeMutablePointer<Double>
        ) -> Int
    let distances: @Sendable (MutableVectors, Int, Double, MutableVectors) -> Void
    /// The yardstick; for benchmarks.
    package let multiplyAddChains: @Sendable (Bool, Int, Vectors, MutableVectors) -> Void

    /// The kernels of a level; those of the baseline where this build has no other.
    package static func of(_ level: InstructionSet) -> KernelSet {
        #if arch(x86_64)
            switch level {
            case .v3: return unsafe v3
            case .v4: return unsafe v4
            case .baseline, .neon: return unsafe baseline(level)
            }
        #else
            return unsafe baseline(level)
        #endif
    }

    private static func baseline(_ level: InstructionSet) -> KernelSet {
        unsafe KernelSet(
            level: level,
            accumulateMoments: RegressionKernels.accumulateMoments,
            gatherCentredRows: RegressionKernels.gatherCentredRows,
            kernelWeights: RegressionKernels.kernelWeights,
            distancePowers: RegressionKernels.distancePowers,
            transposeMomentSets: RegressionKernels.transposeMomentSets,
            solveLeverage: RegressionKernels.solveLeverage,
            solveBufferedError: RegressionKernels.solveBufferedError,
            factoriseMoments: RegressionKernels.factoriseMoments,
            conjugateMoments: RegressionKernels.conjugateMoments,
            solveFactored: RegressionKernels.solveFactored,
            sweepCandidates: RegressionKernels.sweepCandidates,
            addScores: RegressionKernels.addScores,
            mergeScores: RegressionKernels.mergeScores,
            collectWithin: RegressionKernels.collectWithin,
            sortNearest: RegressionKernels.sortNearest,
            distances: RegressionKernels.distances,
            multiplyAddChains: RegressionKernels.multiplyAddChains
        )
    }

    #if arch(x86_64)
        private static var v3: KernelSet {
            unsafe KernelSet(
                level: .v3,
                accumulateMoments: RegressionKernelsV3.accumulateMoments,
                gatherCentredRows: RegressionKernelsV3.gatherCentredRows,
                kernelWeights: RegressionKernelsV3.kernelWeights,
                distancePowers: RegressionKernelsV3.distancePowers,
                transposeMomentSets: RegressionKernelsV3.transposeMomentSets,
                solveLeverage: RegressionKernelsV3.solveLeverage,
                solveBufferedError: RegressionKernelsV3.solveBufferedError,
                factoriseMoments: RegressionKernelsV3.factoriseMoments,
                conjugateMoments: RegressionKernelsV3.conjugateMoments,
                solveFactored: RegressionKernelsV3.solveFactored,
                sweepCandidates: RegressionKernelsV3.sweepCandidates,
                addScores: RegressionKernelsV3.addScores,
                mergeScores: RegressionKernelsV3.mergeScores,
                collectWithin: RegressionKernelsV3.collectWithin,
                sortNearest: RegressionKernelsV3.sortNearest,
                distances: RegressionKernelsV3.distances,
                multiplyAddChains: RegressionKernelsV3.multiplyAddChains
            )
        }

        private static var v4: KernelSet {
            unsafe KernelSet(
                level: .v4,
                accumulateMoments: RegressionKernelsV4.accumulateMoments,
                gatherCentredRows: RegressionKernelsV4.gatherCentredRows,
                kernelWeights: RegressionKernelsV4.kernelWeights,
                distancePowers: RegressionKernelsV4.distancePowers,
                transposeMomentSets: RegressionKernelsV4.transposeMomentSets,
                solveLeverage: RegressionKernelsV4.solveLeverage,
                solveBufferedError: RegressionKernelsV4.solveBufferedError,
                factoriseMoments: RegressionKernelsV4.factoriseMoments,
                conjugateMoments: RegressionKernelsV4.conjugateMoments,
                solveFactored: RegressionKernelsV4.solveFactored,
                sweepCandidates: RegressionKernelsV4.sweepCandidates,
                addScores: RegressionKernelsV4.addScores,
                mergeScores: RegressionKernelsV4.mergeScores,
                collectWithin: RegressionKernelsV4.collectWithin,
                sortNearest: RegressionKernelsV4.sortNearest,
                distances: RegressionKernelsV4.distances,
                multiplyAddChains: RegressionKernelsV4.multiplyAddChains
            )
        }
    #endif
}
