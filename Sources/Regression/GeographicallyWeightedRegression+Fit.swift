extension GeographicallyWeightedRegression {
    /// Fits a local model at every complete row.
    ///
    /// Two passes over the neighbours: coefficients, errors and leverages; then, for local R², the
    /// residuals of the neighbours' own models. Memory O(n p).
    ///
    /// - Throws: `illegalSetting` for a bandwidth outside the data.
    package func fit(
        bandwidth: Bandwidth,
        options: FitOptions = .all
    ) throws(RegressionError) -> RegressionResult {
        try check(bandwidth)
        let pass = LocalFitPass(
            design: design,
            kernel: kernel,
            bandwidth: bandwidth,
            instructionSet: instructionSet,
            threadCount: threadCount,
            options: options
        )
        pass.run()
        return pass.result(table: table)
    }
}
