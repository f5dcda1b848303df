// swift-tools-version: 6.2
import PackageDescription

/// True while `scripts/fuzz` builds: with the coverage of libFuzzer, in a directory of its own.
let isFuzzing = Context.environment["SECTILE_FUZZ"] != nil

/// What every target of the house is compiled with.
let house: [SwiftSetting] =
    (isFuzzing ? [.unsafeFlags(["-sanitize=fuzzer"])] : []) + [
        .swiftLanguageMode(.v6),
        .enableUpcomingFeature("ExistentialAny"),
        .enableUpcomingFeature("InternalImportsByDefault"),
        .enableUpcomingFeature("MemberImportVisibility"),
        .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
        .strictMemorySafety(),
        .treatAllWarnings(as: .error),
    ]

/// A Swift target of the house; the arrows of the plan are its dependencies.
///
/// Tests see the internals of a testable target in release builds too, the only configuration there
/// is.
func target(
    _ name: String,
    _ dependencies: [Target.Dependency] = [],
    isTestable: Bool = false
) -> Target {
    .target(
        name: name,
        dependencies: dependencies,
        swiftSettings: house + (isTestable ? [.unsafeFlags(["-enable-testing"])] : [])
    )
}

/// The tests of a target.
func tests(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .testTarget(name: name, dependencies: dependencies, swiftSettings: house)
}

/// The regression kernels for a level of the instruction set.
///
/// The folders of the levels are symbolic links to the one set of sources. A debug build optimises
/// them too: without inlining each vector operation is a call.
func kernels(_ level: String = "", march: String? = nil) -> Target {
    .target(
        name: "RegressionKernels\(level)",
        swiftSettings: house + [.unsafeFlags(["-O"], .when(configuration: .debug))]
            + (march.map { [.unsafeFlags(["-Xcc", "-march=\($0)"])] } ?? []),
        linkerSettings: [.linkedLibrary("m")]
    )
}

#if arch(x86_64)
    let kernelLevels = [
        kernels(),
        kernels("V3", march: "x86-64-v3"),
        kernels("V4", march: "x86-64-v4"),
    ]
#else
    let kernelLevels = [kernels()]
#endif

/// The tag or commit that is built, as the program's version shows it.
let describe =
    Context.gitInformation.map { git in
        (git.currentTag ?? String(git.currentCommit.prefix(12)))
            + (git.hasUncommittedChanges ? "-dirty" : "")
    } ?? "unknown"

let argumentParser = Target.Dependency.product(
    name: "ArgumentParser",
    package: "swift-argument-parser"
)
let grdb = Target.Dependency.product(name: "GRDB", package: "GRDB.swift")
let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let protobuf = Target.Dependency.product(name: "SwiftProtobuf", package: "swift-protobuf")
let yams = Target.Dependency.product(name: "Yams", package: "Yams")

/// libFuzzer's program, which only a build with its coverage can link.
///
/// Swift's own entry point and the linker's gold are not made for libFuzzer; lld is.
let fuzzer: [Target] =
    isFuzzing
    ? [
        .systemLibrary(name: "CFuzzer", path: "Tests/CFuzzer"),
        .executableTarget(
            name: "fuzz",
            dependencies: ["FuzzKit", "CFuzzer"],
            path: "Tests/FuzzProgram",
            swiftSettings: house + [.unsafeFlags(["-parse-as-library"])],
            linkerSettings: [.unsafeFlags(["-sanitize=fuzzer", "-use-ld=lld"])]
        ),
    ] : []

let package = Package(
    name: "sectile",
    products: [.executable(name: "sectile", targets: ["sectile"])],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-protobuf", from: "1.39.0"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
    ],
    targets: [
        .systemLibrary(name: "CCairo", providers: [.apt(["libcairo2-dev"]), .brew(["cairo"])]),
        .systemLibrary(name: "CGDAL", providers: [.apt(["libgdal-dev"]), .brew(["gdal"])]),
        .systemLibrary(name: "CLinux"),
        .systemLibrary(name: "CSodium", providers: [.apt(["libsodium-dev"])]),
        .systemLibrary(name: "CZeroMQ", providers: [.apt(["libzmq3-dev"]), .brew(["zeromq"])]),

        .target(
            name: "CBuildVersion",
            cSettings: [.define("SECTILE_DESCRIBE", to: "\"\(describe)\"")]
        ),

        .target(name: "CPosix"),

        target("Lattice"),
        target("ContentDigest", ["CSodium"]),
        target("Tiling", ["Lattice", "ContentDigest"]),
        target("CarbonBalance", ["Lattice"]),
        target("SpatialStatistics", ["Lattice"]),
        .target(name: "CInstructionSet"),
        target(
            "Regression",
            ["CInstructionSet"] + kernelLevels.map { .init(stringLiteral: $0.name) }
        ),
        target("RasterIO", ["CGDAL", "Lattice", "ContentDigest"]),
        target("Messaging", ["CZeroMQ", "CLinux"], isTestable: true),
        .target(
            name: "WireProtocol",
            dependencies: ["Tiling", "Lattice", "ContentDigest", protobuf],
            exclude: ["sectile.proto"],
            swiftSettings: house
        ),
        target("RunStore", ["Tiling", "Lattice", "ContentDigest", grdb]),
        target("Telemetry", [logging]),
        target("Settings", ["CarbonBalance", "Tiling", "Lattice", "ContentDigest", yams]),
        target(
            "Analysis",
            [
                "CarbonBalance", "Regression", "SpatialStatistics", "Tiling", "Lattice",
                "ContentDigest",
            ]
        ),
        target(
            "Coordination",
            [
                "RunStore", "WireProtocol", "Messaging", "Tiling", "Lattice", "ContentDigest",
                "Telemetry",
            ]
        ),
        target(
            "Execution",
            [
                "Analysis", "CarbonBalance", "Regression", "RasterIO", "WireProtocol",
                "Messaging", "Tiling", "Lattice", "ContentDigest", "Telemetry", "CLinux", "CPosix",
            ]
        ),
        target(
            "Publishing",
            [
                "Analysis", "RasterIO", "RunStore", "CarbonBalance", "Regression",
                "SpatialStatistics", "Tiling", "Lattice", "ContentDigest", "CCairo",
            ],
            isTestable: true
        ),
        .executableTarget(
            name: "sectile",
            dependencies: [
                "Analysis", "CarbonBalance", "Coordination", "Execution", "Lattice", "Messaging",
                "Publishing", "RasterIO", "Regression", "RunStore", "Settings",
                "SpatialStatistics", "Telemetry", "Tiling",
                "WireProtocol", "ContentDigest", "CBuildVersion", "CLinux", "CPosix",
                argumentParser,
                logging,
            ],
            exclude: ["Documentation.docc"],
            swiftSettings: house
        ),
        .executableTarget(
            name: "Benchmarks",
            dependencies: [
                "ContentDigest", "Coordination", "Execution", "Lattice", "Messaging", "Regression",
                "RunStore", "Telemetry", "Tiling", "WireProtocol", argumentParser, logging,
            ],
            swiftSettings: house
        ),

        tests("LatticeTests", ["Lattice"]),
        tests("ContentDigestTests", ["ContentDigest"]),
        tests("TelemetryTests", ["Telemetry", logging]),
        tests("TilingTests", ["Tiling", "Lattice", "ContentDigest"]),
        tests("CarbonBalanceTests", ["CarbonBalance", "Lattice"]),
        tests("SpatialStatisticsTests", ["SpatialStatistics", "Lattice"]),
        .testTarget(
            name: "RegressionTests",
            dependencies: ["Regression"],
            resources: [.copy("Fixtures")],
            swiftSettings: house
        ),
        tests("RegressCommandTests", []),
        tests("RasterIOTests", ["RasterIO", "Lattice", "ContentDigest"]),
        tests("MessagingTests", ["Messaging", "CZeroMQ", "CLinux"]),
        tests("WireProtocolTests", ["WireProtocol", "Tiling", "Lattice", "ContentDigest"]),
        tests("RunStoreTests", ["RunStore", "Tiling", "Lattice", "ContentDigest", grdb]),
        tests("SettingsTests", ["Settings", "CarbonBalance", "Tiling", "Lattice"]),
        tests(
            "AnalysisTests",
            ["Analysis", "CarbonBalance", "Regression", "Tiling", "Lattice", "ContentDigest"]
        ),
        tests(
            "CoordinationTests",
            [
                "SimulationKit",
                "Coordination", "Execution", "RunStore", "WireProtocol", "Messaging", "Tiling",
                "Lattice", "ContentDigest",
            ]
        ),
        .target(
            name: "SimulationKit",
            dependencies: [
                "Coordination", "Execution", "RunStore", "WireProtocol", "Messaging", "Tiling",
                "Lattice",
                "ContentDigest",
            ],
            path: "Tests/SimulationKit",
            swiftSettings: house
        ),
        .executableTarget(
            name: "simulate",
            dependencies: ["SimulationKit", "Coordination", argumentParser],
            path: "Tests/SimulationProgram",
            swiftSettings: house
        ),
        tests(
            "SimulationTests",
            [
                "SimulationKit", "Coordination", "RunStore", "WireProtocol", "Messaging", "Tiling",
                "Lattice", "ContentDigest",
            ]
        ),
        .target(
            name: "FuzzKit",
            dependencies: [
                "SimulationKit", "Coordination", "Execution", "Analysis", "CarbonBalance",
                "Regression", "RunStore", "Settings", "WireProtocol", "Messaging", "Tiling",
                "Lattice", "ContentDigest",
            ],
            path: "Tests/FuzzKit",
            swiftSettings: house
        ),
        tests("FuzzTests", ["FuzzKit"]),
        tests(
            "ExecutionTests",
            [
                "Execution", "Analysis", "CarbonBalance", "Regression", "RasterIO", "Messaging",
                "WireProtocol",
                "Tiling", "Lattice", "ContentDigest",
            ]
        ),
        tests(
            "PublishingTests",
            [
                "Publishing", "Analysis", "RasterIO", "RunStore", "CarbonBalance", "Regression",
                "Tiling", "Lattice", "ContentDigest",
            ]
        ),
        tests(
            "EndToEndTests",
            [
                "Messaging", "WireProtocol", "RasterIO", "Regression", "RunStore", "Tiling",
                "Lattice", "ContentDigest",
            ]
        ),
    ] + kernelLevels + fuzzer
)
