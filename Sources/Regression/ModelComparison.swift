/// How much a geographically weighted fit improves on ordinary least squares.
///
/// Analysis of variance of Brunsdon, Fotheringham & Charlton (1999): the improvement's mean square
/// over the local model's, with the local model's n − 2 tr S + tr SᵀS degrees of freedom.
package struct ModelComparison: Equatable, Sendable {
    /// Degrees of freedom of the OLS residuals.
    package let globalFreedom: Double
    /// Degrees of freedom of the local residuals.
    package let localFreedom: Double
    /// RSS of OLS minus RSS of the local model.
    package let improvement: Double
    /// Ratio of mean squares.
    package let fStatistic: Double
    /// P(F > f); NaN where a degree of freedom is not positive.
    package let pValue: Double
    /// AICc of OLS minus AICc of the local model; above 3 is taken as decisive in practice.
    package let aiccGain: Double
    /// Local R² (global of the local model) minus that of OLS.
    package let rSquaredGain: Double

    /// Compares fits of the same rows.
    package init(global: GlobalRegression, local: FitDiagnostics) {
        globalFreedom = Double(global.observationCount - global.parameterCount)
        localFreedom = Double(local.observationCount) - 2 * local.traceS + local.traceSTS
        improvement = global.rss - local.rss
        let freedom = globalFreedom - localFreedom
        fStatistic = improvement / freedom / (local.rss / localFreedom)
        if freedom > 0, localFreedom > 0, fStatistic >= 0 {
            let scaled = freedom * fStatistic
            pValue = regularisedIncompleteBeta(
                x: localFreedom / (localFreedom + scaled),
                complement: scaled / (localFreedom + scaled),
                a: localFreedom / 2,
                b: freedom / 2
            )
        } else {
            pValue = .nan
        }
        aiccGain = global.criteria.aicc - local.criteria.aicc
        rSquaredGain = local.rSquared - global.rSquared
    }
}
