import Foundation

/// The program under test, as its users run it.
enum Program {
    /// Path of the binary; nil when it was not built.
    ///
    /// `scripts/test` names it; otherwise it is the release build of this repository.
    static let path: String? = {
        let named = ProcessInfo.processInfo.environment["SECTILE_BINARY"]
        let built = repository.appendingPathComponent(".build/release/sectile").path
        return [named, built].compactMap(\.self)
            .first { FileManager.default.isExecutableFile(atPath: $0) }
    }()

    /// True when there is a program to test.
    static var isBuilt: Bool { path != nil }

    /// True when there are a program and the evaluation data.
    static var canEvaluate: Bool { isBuilt && evaluationData != nil }

    /// True when long tests are wanted in full (`scripts/test --all`): more kills, more shapes.
    static let isThorough = ProcessInfo.processInfo.environment["SECTILE_TEST_THOROUGH"] == "1"

    /// All cases of a claim where there is time for them, otherwise the first so many.
    static func tried<Case>(_ cases: [Case], atLeast count: Int = 1) -> [Case] {
        isThorough ? cases : Array(cases.prefix(count))
    }

    /// The repository.
    static let repository = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    /// The evaluation data; nil when they are absent.
    static let evaluationData: URL? = {
        let place = repository.deletingLastPathComponent()
            .appendingPathComponent("shared/data/china")
        return FileManager.default.fileExists(atPath: place.path) ? place : nil
    }()

    /// The environment of this process without the variables that configure the program.
    static let environment = ProcessInfo.processInfo.environment.filter {
        !$0.key.hasPrefix("SECTILE_")
    }

    /// A program of the system that some tests need; nil where it is not installed.
    static func tool(_ name: String) -> String? {
        let places = (environment["PATH"] ?? "/usr/bin:/bin").split(separator: ":")
        return (places.map(String.init) + ["/usr/sbin", "/sbin"]).map { "\($0)/\(name)" }
            .first { FileManager.default.isExecutableFile(atPath: $0) }
    }
}
