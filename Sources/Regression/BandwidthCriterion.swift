/// What a bandwidth is chosen by; smaller is better.
package enum BandwidthCriterion: String, CaseIterable, Codable, Sendable {
    /// Corrected Akaike criterion (Hurvich, Simonoff & Tsai 1998).
    case aicc
    /// Akaike criterion.
    case aic
    /// Bayesian (Schwarz) criterion.
    case bic
    /// Leave-one-out cross-validation: the mean squared error e / (1 − s).
    case cv
    /// Cross-validation with a buffer: the mean squared error of predictions from the observations at
    /// least the buffer away (Le Rest et al. 2014).
    case bcv
}
