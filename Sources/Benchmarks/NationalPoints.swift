import Foundation
import Regression

/// Seeded points that lie as a nation's observations do: most in cities, the rest anywhere.
///
/// A box of 4,000 km by 3,500 km; six of ten points in sixty cities, whose sizes follow rank⁻¹ and
/// whose spreads run from 15 to 90 km; the others uniform. Predictors share a common part. The
/// response is Σ β_j(x, y) x_j plus unit noise, with coefficients that vary over 700 to 2,800 km.
/// The same count, number of coefficients and seed give the same points everywhere.
struct NationalPoints {
    /// Metres to the east.
    private(set) var x: [Double] = []
    /// Metres to the north.
    private(set) var y: [Double] = []
    /// What is to be explained.
    private(set) var response: [Double] = []
    /// One array per predictor, without the intercept.
    private(set) var predictors: [[Double]]

    private static let widthMetres = 4.0e6
    private static let heightMetres = 3.5e6
    private static let cityCount = 60

    private struct City {
        let x, y, spread, share: Double
    }

    /// Makes `count` points for `parameterCount` coefficients, the intercept included.
    init(count: Int, parameterCount: Int, seed: UInt64) {
        var numbers = SplitMix(seed: seed)
        let ranks = (1...Self.cityCount).reduce(0) { $0 + 1 / Double($1) }
        var filled = 0.0
        let cities = (1...Self.cityCount).map { rank in
            filled += 1 / Double(rank) / ranks
            return City(
                x: Self.widthMetres * numbers.uniform(),
                y: Self.heightMetres * numbers.uniform(),
                spread: 15e3 + 75e3 * numbers.uniform(),
                share: filled
            )
        }
        let phases = (0..<parameterCount).map { _ in
            (2 * .pi * numbers.uniform(), 2 * .pi * numbers.uniform())
        }
        predictors = Array(repeating: [], count: parameterCount - 1)
        for _ in 0..<count {
            let place = Self.place(cities, &numbers)
            x.append(place.x)
            y.append(place.y)
            let common = numbers.normal()
            var value = numbers.normal()
            for j in 0..<parameterCount {
                let steps = Double(max(1, parameterCount - 1))
                let wave = 2 * .pi / (700e3 * (1 + 3 * Double(j) / steps))
                let slope =
                    1 + 0.2 * Double(j)
                    + 0.8 * sin(wave * place.x + phases[j].0) * cos(wave * place.y + phases[j].1)
                if j == 0 {
                    value += slope
                } else {
                    let entry = 0.3 * common + 0.91.squareRoot() * numbers.normal()
                    predictors[j - 1].append(entry)
                    value += slope * entry
                }
            }
            response.append(value)
        }
    }

    private static func place(_ cities: [City], _ numbers: inout SplitMix) -> (x: Double, y: Double)
    {
        guard numbers.uniform() < 0.6 else {
            return (widthMetres * numbers.uniform(), heightMetres * numbers.uniform())
        }
        let rank = numbers.uniform()
        let city = cities.first { rank < $0.share } ?? cities[0]
        return (
            reflected(city.x + city.spread * numbers.normal(), widthMetres),
            reflected(city.y + city.spread * numbers.normal(), heightMetres)
        )
    }

    /// Mirrors a coordinate at the edges of the box.
    private static func reflected(_ value: Double, _ limit: Double) -> Double {
        let inside = abs(value)
        return inside > limit ? 2 * limit - inside : inside
    }

    /// The points as a table.
    func table() throws -> RegressionTable {
        try RegressionTable(
            x: x,
            y: y,
            responseName: "obs",
            response: response,
            predictorNames: predictors.indices.map { "x\($0 + 1)" },
            predictors: predictors
        )
    }

    /// The points as CSV: x, y, obs, x1 …, each number with all its digits.
    func csv() -> String {
        var text = "x,y,obs," + predictors.indices.map { "x\($0 + 1)" }.joined(separator: ",")
        text += "\n"
        for row in x.indices {
            text += "\(x[row]),\(y[row]),\(response[row])"
            for column in predictors { text += ",\(column[row])" }
            text += "\n"
        }
        return text
    }
}

/// Reproducible numbers (SplitMix64, Steele, Lea & Flood 2014).
struct SplitMix {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    private mutating func bits() -> UInt64 {
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
}
