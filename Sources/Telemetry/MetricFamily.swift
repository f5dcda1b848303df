/// A metric with its samples, in the text format that Prometheus reads.
///
///     # HELP sectile_workers Workers by what they may get.
///     # TYPE sectile_workers gauge
///     sectile_workers{state="active"} 3
package struct MetricFamily: Sendable {
    /// How its numbers are to be understood.
    package enum Kind: String, Sendable, CaseIterable {
        /// Only ever grows, from 0 at the start of the process.
        case counter
        /// Goes up and down.
        case gauge
        /// Sum and count of what was observed, as `NAME_sum` and `NAME_count`.
        case summary
    }

    /// A number of the metric.
    package struct Sample: Sendable {
        /// What follows the metric's name, such as `_sum`.
        package var suffix: String
        /// Names and values of the labels, in order.
        package var labels: KeyValuePairs<String, String>
        /// The number, in the metric's unit.
        package var value: Double

        /// A number with its labels.
        package init(
            _ value: Double,
            suffix: String = "",
            _ labels: KeyValuePairs<String, String> = [:]
        ) {
            self.value = value
            self.suffix = suffix
            self.labels = labels
        }
    }

    /// The name, with its unit at the end.
    package var name: String
    /// How its numbers are to be understood.
    package var kind: Kind
    /// What it counts, a sentence.
    package var help: String
    /// The numbers; none where nothing is known.
    package var samples: [Sample]

    /// A metric with its samples.
    package init(_ name: String, _ kind: Kind, _ help: String, _ samples: [Sample]) {
        self.name = name
        self.kind = kind
        self.help = help
        self.samples = samples
    }

    /// Its lines, each with its end; empty without samples.
    package var text: String {
        guard !samples.isEmpty else { return "" }
        let head = "# HELP \(name) \(Self.escaped(help))\n# TYPE \(name) \(kind.rawValue)\n"
        return samples.reduce(into: head) { text, sample in
            let labels = sample.labels.map { "\($0)=\"\(Self.escaped($1, withQuotes: true))\"" }
            let set = labels.isEmpty ? "" : "{\(labels.joined(separator: ","))}"
            text += "\(name)\(sample.suffix)\(set) \(Self.number(sample.value))\n"
        }
    }

    private static func escaped(_ text: String, withQuotes: Bool = false) -> String {
        // By scalars: a line feed behind a carriage return is no character of its own.
        text.unicodeScalars.reduce(into: "") { escaped, scalar in
            switch scalar {
            case "\\": escaped += "\\\\"
            case "\n": escaped += "\\n"
            case "\"" where withQuotes: escaped += "\\\""
            default: escaped.unicodeScalars.append(scalar)
            }
        }
    }

    private static func number(_ value: Double) -> String {
        // Counts without a decimal point, as people write them.
        Int(exactly: value).map(String.init) ?? "\(value)"
    }
}
