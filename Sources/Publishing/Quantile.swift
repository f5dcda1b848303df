/// Quantiles of samples.
enum Quantile {
    /// The quantile at a share of ascending samples, linear between neighbours.
    ///
    /// Hyndman and Fan (1996), *The American Statistician* 50(4), definition 7. The samples are not
    /// empty.
    static func of(sorted samples: [Double], share: Double) -> Double {
        precondition(!samples.isEmpty, "a quantile of something")
        let place = max(0, min(1, share)) * Double(samples.count - 1)
        let lower = Int(place)
        guard lower + 1 < samples.count else { return samples[samples.count - 1] }
        return samples[lower] + (samples[lower + 1] - samples[lower]) * (place - Double(lower))
    }
}
