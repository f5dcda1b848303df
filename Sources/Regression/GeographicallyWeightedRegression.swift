/// Geographically weighted regression of a table: search, fit and predict.
///
/// ```swift
/// let model = try GeographicallyWeightedRegression(table: table, kernel: .bisquare)
/// let profile = try model.searchBandwidth(BandwidthSearchSettings())
/// let result = try model.fit(bandwidth: profile.bandwidth)
/// ```
///
/// Every result depends on the table and the settings only, not on the thread count or the
/// instruction-set level.
package struct GeographicallyWeightedRegression: Sendable {
    /// The observations.
    package let table: RegressionTable
    /// Weights by distance.
    package let kernel: SpatialKernel
    /// How distance is measured.
    package let metric: DistanceMetric
    /// Level of the kernels, for the log.
    package let instructionSet: InstructionSet
    /// Most threads to use at once.
    package let threadCount: Int
    let design: PreparedDesign

    /// Most coefficients: one bit each in the mask of unidentified terms.
    package static let parameterLimit = 52

    /// Number of complete rows, which all results are over.
    package var observationCount: Int { design.count }
    /// Rows of the table that are left out because something in them is not finite, ascending.
    package var incompleteRows: [Int] {
        let complete = Set(design.tableRows)
        return (0..<table.rowCount).filter { !complete.contains($0) }
    }

    /// Prepares a table: drops incomplete rows, scales columns exactly, builds the neighbour index.
    ///
    /// `instructionSet` comes from ``InstructionSet/select(override:)``, nil takes the fastest;
    /// `threadCount` is at least 1.
    ///
    /// - Throws: `tooFewObservations` if no row is complete, `malformedTable` if great-circle
    ///   coordinates are not degrees.
    package init(
        table: RegressionTable,
        kernel: SpatialKernel,
        metric: DistanceMetric = .planar,
        instructionSet: InstructionSet? = nil,
        threadCount: Int = 1
    ) throws(RegressionError) {
        self.table = table
        self.kernel = kernel
        self.metric = metric
        if let instructionSet {
            self.instructionSet = instructionSet
        } else {
            self.instructionSet = try InstructionSet.select(override: nil)
        }
        self.threadCount = max(1, threadCount)
        guard table.parameterCount <= Self.parameterLimit else {
            throw RegressionError(
                .malformedTable,
                "\(table.predictors.count) predictors; legal: up to \(Self.parameterLimit - 1)"
            )
        }
        design = try PreparedDesign(table: table, metric: metric)
    }

    /// Searches the bandwidth over its whole range; see ``BandwidthSearchSettings``.
    ///
    /// - Throws: `illegalSetting` for bounds outside the data, `tooFewObservations`,
    ///   `noAdmissibleBandwidth`.
    package func searchBandwidth(
        _ settings: BandwidthSearchSettings
    ) throws(RegressionError) -> BandwidthProfile {
        try BandwidthSearch(sweep: sweep(buffer: settings.bufferDistance), settings: settings).run()
    }

    /// Scores of given candidates, ascending and all of one kind.
    ///
    /// - Throws: `illegalSetting` if they are not ascending, of two kinds, or out of range.
    package func scores(
        of candidates: [Bandwidth],
        bufferDistance: Double? = nil
    ) throws(RegressionError) -> [CandidateScore] {
        for (index, candidate) in candidates.enumerated() {
            try check(candidate)
            guard index == 0 || candidates[index - 1].isAdaptive == candidate.isAdaptive,
                index == 0 || candidates[index - 1].value <= candidate.value
            else {
                throw RegressionError(
                    .illegalSetting,
                    "candidate \(candidate) follows \(candidates[index - 1]); legal: ascending, "
                        + "of one kind"
                )
            }
        }
        return sweep(buffer: bufferDistance).scores(of: candidates)
    }

    private func sweep(buffer: Double?) -> BandwidthSweep {
        BandwidthSweep(
            design: design,
            kernel: kernel,
            instructionSet: instructionSet,
            threadCount: threadCount,
            bufferDistance: buffer
        )
    }

    func check(_ bandwidth: Bandwidth) throws(RegressionError) {
        switch bandwidth {
        case .adaptive(let neighbours):
            guard (1...design.count).contains(neighbours) else {
                throw RegressionError(
                    .illegalSetting,
                    "bandwidth of \(neighbours) neighbours; legal: 1 to \(design.count)"
                )
            }
        case .fixed(let distance):
            guard distance > 0, distance.isFinite else {
                throw RegressionError(
                    .illegalSetting,
                    "bandwidth of distance \(distance); legal: above 0"
                )
            }
        }
    }
}
