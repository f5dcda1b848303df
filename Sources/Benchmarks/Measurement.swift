import Foundation

/// Seconds that a body takes, several times over.
struct Measurement {
    /// Seconds of each run, in order.
    private(set) var seconds: [Double] = []

    /// Runs a body `count` times.
    init(runs count: Int, _ body: () throws -> Void) rethrows {
        let clock = ContinuousClock()
        for _ in 0..<max(1, count) {
            let start = clock.now
            try body()
            let elapsed = (clock.now - start).components
            seconds.append(Double(elapsed.seconds) + Double(elapsed.attoseconds) * 1e-18)
        }
    }

    /// Middle run.
    var median: Double { seconds.sorted()[seconds.count / 2] }
    /// Fastest run.
    var least: Double { seconds.min() ?? .nan }
}

/// Most memory that this process ever held, in MiB of 2²⁰ bytes.
func peakMemoryMebibytes() -> Double {
    var usage = rusage()
    #if os(Linux)
        guard unsafe getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage) == 0 else {
            return .nan
        }
        return Double(usage.ru_maxrss) / 1024
    #else
        guard unsafe getrusage(RUSAGE_SELF, &usage) == 0 else { return .nan }
        return Double(usage.ru_maxrss) / 1_048_576
    #endif
}

/// Prints a value as one line of JSON with sorted keys.
func report(_ value: some Encodable) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    encoder.nonConformingFloatEncodingStrategy = .convertToString(
        positiveInfinity: "inf",
        negativeInfinity: "-inf",
        nan: "nan"
    )
    print(String(decoding: try encoder.encode(value), as: UTF8.self))
}
