import Foundation
import Regression

/// Numbers made by mgwr 2.2.1, in `../shared/reference/gwr` beside the repository.
struct ReferenceCase {
    let name: String
    let manifest: [String: Any]
    let input: NumericTable
    let local: NumericTable
    let curve: NumericTable

    static let folder = URL(filePath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: "shared/reference/gwr")

    static var isAvailable: Bool {
        FileManager.default.fileExists(atPath: folder.appending(path: "manifest.json").path)
    }

    static let names = [
        "columbus_bisquare_nn", "columbus_gaussian_fixed", "georgia_bisquare_nn",
        "georgia_bisquare_nn_lonlat", "georgia_exponential_nn", "georgia_gaussian_fixed",
        "grid40_bisquare_nn",
    ]

    init(_ name: String) throws {
        self.name = name
        let data = try Data(contentsOf: Self.folder.appending(path: "manifest.json"))
        let root = try JSONSerialization.jsonObject(with: data) as? [String: Any] ?? [:]
        let cases = root["cases"] as? [String: Any] ?? [:]
        manifest = cases[name] as? [String: Any] ?? [:]
        let inputName = manifest["input"] as? String ?? ""
        input = try NumericTable(Self.folder.appending(path: inputName))
        local = try NumericTable(Self.folder.appending(path: "\(name)_local.csv"))
        curve = try NumericTable(Self.folder.appending(path: "\(name)_curve.csv"))
    }

    func number(_ path: String...) -> Double {
        var node: Any? = manifest
        for key in path { node = (node as? [String: Any])?[key] }
        return (node as? NSNumber)?.doubleValue ?? .nan
    }

    var isFixed: Bool { manifest["fixed"] as? Bool ?? false }
    var isSpherical: Bool { manifest["spherical"] as? Bool ?? false }
    /// The reference counts great-circle distances in kilometres.
    var unit: Double { isSpherical ? 1000 : 1 }
    var parameterCount: Int { input.names.count - 2 }

    func model(
        threadCount: Int = 2,
        instructionSet: InstructionSet? = nil
    ) throws -> GeographicallyWeightedRegression {
        let predictors = Array(input.names.dropFirst(3))
        return try GeographicallyWeightedRegression(
            table: RegressionTable(
                x: input["x"],
                y: input["y"],
                responseName: "obs",
                response: input["obs"],
                predictorNames: predictors,
                predictors: predictors.map { input[$0] }
            ),
            kernel: SpatialKernel(rawValue: manifest["kernel"] as? String ?? "") ?? .boxcar,
            metric: isSpherical ? .greatCircle : .planar,
            instructionSet: instructionSet,
            threadCount: threadCount
        )
    }

    func bandwidth(_ value: Double) -> Bandwidth {
        isFixed ? .fixed(distance: value * unit) : .adaptive(neighbours: Int(value))
    }
}

/// A comma-separated table of numbers with a header line; text fields read as NaN.
struct NumericTable {
    let names: [String]
    private let columns: [String: [Double]]

    init(_ url: URL) throws {
        let text = try String(contentsOf: url, encoding: .utf8)
        let lines = text.split(separator: "\n").filter { !$0.hasPrefix("#") }
            .map { $0.split(separator: ",", omittingEmptySubsequences: false) }
        names = lines.first?.map(String.init) ?? []
        var columns: [String: [Double]] = [:]
        for (index, name) in names.enumerated() {
            columns[name] = lines.dropFirst().map { Double(String($0[index])) ?? .nan }
        }
        self.columns = columns
    }

    subscript(name: String) -> [Double] { columns[name] ?? [] }
}

/// Largest relative difference; NaN anywhere counts as infinite.
func largestRelativeDifference(_ a: [Double], _ b: [Double]) -> Double {
    guard a.count == b.count, !a.isEmpty else { return .infinity }
    return zip(a, b).reduce(0) { worst, pair in
        let difference = abs(pair.0 - pair.1) / max(abs(pair.0), abs(pair.1))
        return pair.0 == pair.1 ? worst : (difference.isNaN ? .infinity : max(worst, difference))
    }
}

/// Largest difference in units of the largest absolute value of `b`.
func largestDifferenceOfLargest(_ a: [Double], _ b: [Double]) -> Double {
    guard a.count == b.count, !a.isEmpty else { return .infinity }
    let scale = b.reduce(0) { max($0, abs($1)) }
    return zip(a, b).reduce(0) { worst, pair in
        let difference = abs(pair.0 - pair.1) / scale
        return difference.isNaN ? .infinity : max(worst, difference)
    }
}
