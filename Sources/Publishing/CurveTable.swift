package import Regression

/// The table of a bandwidth search: every evaluated bandwidth with its scores, ascending.
package struct CurveTable: Sendable {
    /// The scores, ascending.
    package let curve: [CandidateScore]
    /// From the unit of the distances to metres; 1 where they are metres, or counts.
    package let metresPerUnit: Double

    /// The table of a curve.
    package init(_ curve: [CandidateScore], metresPerUnit: Double = 1) {
        self.curve = curve
        self.metresPerUnit = metresPerUnit
    }

    /// Whether bandwidths are neighbour counts.
    package var isAdaptive: Bool { curve.first?.bandwidth.isAdaptive ?? true }

    /// Bandwidths as they are shown: neighbour counts or metres.
    package var bandwidths: [Double] {
        curve.map {
            $0.bandwidth.isAdaptive ? $0.bandwidth.value : $0.bandwidth.value * metresPerUnit
        }
    }

    /// The table as CSV; numbers keep every digit, what is not admissible is empty.
    package var csv: String {
        let head = isAdaptive ? "neighbours" : "bandwidth_m"
        var lines = ["\(head),rss,tr_s,aicc,aic,bic,cv,bcv"]
        for (score, bandwidth) in zip(curve, bandwidths) {
            let first = isAdaptive ? "\(Int(bandwidth))" : "\(bandwidth)"
            let numbers = [
                score.rss, score.traceS, score.aicc, score.aic, score.bic, score.cv,
                score.bcv ?? .nan,
            ]
            lines.append(
                ([first] + numbers.map { $0.isFinite ? "\($0)" : "" }).joined(separator: ",")
            )
        }
        return lines.joined(separator: "\n") + "\n"
    }
}
