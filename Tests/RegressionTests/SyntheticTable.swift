import Foundation
import Regression

/// Reproducible numbers for tests (SplitMix64, Steele, Lea & Flood 2014).
struct SeededNumbers {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func bits() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }

    /// Uniform in [0, 1).
    mutating func uniform() -> Double { Double(bits() >> 11) * 0x1p-53 }

    /// Standard normal (Box–Muller).
    mutating func normal() -> Double {
        (-2 * log(1 - uniform())).squareRoot() * cos(2 * .pi * uniform())
    }

    mutating func shuffled(_ count: Int) -> [Int] {
        var order = Array(0..<count)
        for index in stride(from: count - 1, to: 0, by: -1) {
            order.swapAt(index, Int(bits() % UInt64(index + 1)))
        }
        return order
    }
}

/// A table that tests may bend before it becomes a `RegressionTable`.
struct SyntheticTable {
    var x: [Double] = []
    var y: [Double] = []
    var response: [Double] = []
    var predictors: [[Double]]

    /// Points that are half clustered, half spread; a response with coefficients that vary in space.
    init(count: Int, predictorCount: Int, seed: UInt64) {
        var numbers = SeededNumbers(seed: seed)
        predictors = Array(repeating: [], count: predictorCount)
        for row in 0..<count {
            let isClustered = row % 2 == 0
            let spread = isClustered ? 3_000.0 : 100_000
            let centre = isClustered ? Double(row % 6) * 15_000 : 0
            x.append(centre + spread * numbers.uniform())
            y.append(centre + spread * numbers.uniform())
            var value = 2 + numbers.normal() * 0.5
            for column in 0..<predictorCount {
                let entry = numbers.normal() + Double(column)
                predictors[column].append(entry)
                value += entry * (1 + x[row] / 100_000 * Double(column + 1))
            }
            response.append(value)
        }
    }

    func table() throws -> RegressionTable {
        try RegressionTable(
            x: x,
            y: y,
            responseName: "response",
            response: response,
            predictorNames: predictors.indices.map { "c\($0 + 1)" },
            predictors: predictors
        )
    }

    func model(
        _ kernel: SpatialKernel = .bisquare,
        metric: DistanceMetric = .planar,
        instructionSet: InstructionSet? = nil,
        threadCount: Int = 1
    ) throws -> GeographicallyWeightedRegression {
        try GeographicallyWeightedRegression(
            table: table(),
            kernel: kernel,
            metric: metric,
            instructionSet: instructionSet,
            threadCount: threadCount
        )
    }

    func reordered(_ order: [Int]) -> SyntheticTable {
        var copy = self
        copy.x = order.map { x[$0] }
        copy.y = order.map { y[$0] }
        copy.response = order.map { response[$0] }
        copy.predictors = predictors.map { column in order.map { column[$0] } }
        return copy
    }
}

/// Every number of a result as bits, for comparisons that forgive nothing.
func bits(_ result: RegressionResult) -> [UInt64] {
    let columns =
        result.coefficients + result.standardErrors + result.varianceInflation
        + result.varianceProportions
        + [
            result.fitted, result.residuals, result.influence, result.localRSquared,
            result.conditionNumber, result.bandwidthDistance,
        ]
    let scalars = [
        result.diagnostics.rss, result.diagnostics.traceS, result.diagnostics.traceSTS,
        result.diagnostics.criteria.aicc, result.diagnostics.cv,
    ]
    return (columns.flatMap { $0 } + scalars).map(\.bitPattern)
}

/// Every number of a curve as bits.
func bits(_ scores: [CandidateScore]) -> [UInt64] {
    scores.flatMap { [$0.rss, $0.traceS, $0.cv, $0.aicc, $0.bcv ?? 0].map(\.bitPattern) }
}
