/// What a fit computes beyond coefficients and errors.
package struct FitOptions: OptionSet, Sendable {
    /// The options as bits.
    package let rawValue: Int

    /// Options from their bits.
    package init(rawValue: Int) { self.rawValue = rawValue }

    /// Local condition numbers, variance inflation and variance-decomposition proportions.
    package static let collinearity = FitOptions(rawValue: 1)
    /// Local R², a second pass over the neighbours.
    package static let localRSquared = FitOptions(rawValue: 2)
    /// Everything.
    package static let all: FitOptions = [.collinearity, .localRSquared]
}

/// Fits every observation of a table and collects the columns, in table order.
final class LocalFitPass {
    private let design: PreparedDesign
    private let kernel: SpatialKernel
    private let bandwidth: Bandwidth
    private let instructionSet: InstructionSet
    private let threadCount: Int
    private let options: FitOptions

    /// Columns of one location's numbers, see `Column`.
    private let columnCount: Int
    private let values: AlignedBuffer

    /// Positions of the single columns; coefficient columns follow.
    private enum Column {
        static let fitted = 0
        static let residual = 1
        static let leverage = 2
        static let squaredHatRow = 3
        static let conditionNumber = 4
        static let bandwidth = 5
        static let neighbourCount = 6
        static let unidentified = 7
        static let failure = 8
        static let localRSquared = 9
        static let terms = 10
    }

    init(
        design: PreparedDesign,
        kernel: SpatialKernel,
        bandwidth: Bandwidth,
        instructionSet: InstructionSet,
        threadCount: Int,
        options: FitOptions
    ) {
        self.design = design
        self.kernel = kernel
        self.bandwidth = bandwidth
        self.instructionSet = instructionSet
        self.threadCount = threadCount
        self.options = options
        columnCount =
            Column.terms
            + design.parameterCount * (options.contains(.collinearity) ? 4 : 2)
        values = AlignedBuffer(scalarCount: columnCount * design.count)
    }

    /// Runs both passes.
    func run() {
        let chunkSize = max(32, (design.count + 255) / 256)
        let chunkCount = (design.count + chunkSize - 1) / chunkSize
        let lanes = (0..<min(threadCount, chunkCount)).map { _ in
            unsafe (
                NeighbourSearch(
                    index: design.index,
                    metric: design.metric,
                    kernels: KernelSet.of(instructionSet)
                ),
                NeighbourhoodFit(
                    parameterCount: design.parameterCount,
                    variances: design.variances,
                    scales: design.scales,
                    kernel: kernel,
                    instructionSet: instructionSet
                )
            )
        }
        let count = design.count
        forEachChunk(chunkCount: chunkCount, threadCount: threadCount) { chunk, lane in
            let (search, fit) = lanes[lane]
            search.restart()
            for position in (chunk * chunkSize)..<min(count, (chunk + 1) * chunkSize) {
                self.fitLocation(position, search, fit)
            }
        }
        guard options.contains(.localRSquared) else { return }
        forEachChunk(chunkCount: chunkCount, threadCount: threadCount) { chunk, lane in
            for position in (chunk * chunkSize)..<min(count, (chunk + 1) * chunkSize) {
                self.explainLocation(position, lanes[lane].0)
            }
        }
    }

    private func set(_ column: Int, _ position: Int, _ value: Double) {
        unsafe values.scalars[position * columnCount + column] = value
    }

    private func get(_ column: Int, _ position: Int) -> Double {
        unsafe values.scalars[position * columnCount + column]
    }

    private func fitLocation(_ position: Int, _ search: NeighbourSearch, _ fit: NeighbourhoodFit) {
        search.moveTo(position: position)
        let h = search.findNeighbours(for: bandwidth, kernel: kernel)
        let failure = unsafe fit.fit(
            design.neighbourhood(of: position, search),
            bandwidth: h,
            includesCollinearity: options.contains(.collinearity)
        )
        set(Column.bandwidth, position, h)
        set(Column.neighbourCount, position, Double(fit.neighbourCount))
        set(
            Column.failure,
            position,
            Double(failure.flatMap { FitFailure.allCases.firstIndex(of: $0) } ?? -1)
        )
        guard failure == nil else { return }
        set(Column.fitted, position, fit.fitted)
        set(Column.residual, position, fit.residual)
        set(Column.leverage, position, fit.leverage)
        set(Column.squaredHatRow, position, fit.squaredHatRow)
        set(Column.unidentified, position, Double(bitPattern: fit.unidentifiedTerms))
        let p = design.parameterCount
        for term in 0..<p {
            set(Column.terms + term, position, fit.coefficients[term])
            set(Column.terms + p + term, position, fit.unitStandardErrors[term])
        }
        guard options.contains(.collinearity) else { return }
        set(Column.conditionNumber, position, fit.conditionNumber)
        for term in 0..<p {
            set(Column.terms + 2 * p + term, position, fit.varianceProportions[term])
            if term > 0 {
                set(Column.terms + 3 * p + term, position, fit.varianceInflation[term - 1])
            }
        }
    }

    /// Local R², from the residuals of the first pass.
    private func explainLocation(_ position: Int, _ search: NeighbourSearch) {
        set(Column.localRSquared, position, .nan)
        guard get(Column.failure, position) < 0 else { return }
        let h = get(Column.bandwidth, position)
        search.moveTo(position: position)
        search.findUnsorted(within: h * kernel.reach)
        let weights = unsafe search.weights(kernel: kernel, bandwidth: h)
        let own = unsafe design.response[position]
        var (total, first, errors) = (0.0, 0.0, 0.0)
        for j in 0..<search.count {
            let index = unsafe Int(search.neighbours[j])
            let e = get(Column.residual, index)
            // A neighbour without a model of its own explains nothing and is left out.
            let w = unsafe get(Column.failure, index) < 0 ? weights[j] : 0
            total += w
            first += unsafe w * (design.response[index] - own)
            errors += w * e * e
        }
        let mean = own + first / total
        var spread = 0.0
        for j in 0..<search.count {
            let index = unsafe Int(search.neighbours[j])
            let deviation = unsafe design.response[index] - mean
            spread += unsafe get(Column.failure, index) < 0 ? weights[j] * deviation * deviation : 0
        }
        set(Column.localRSquared, position, 1 - errors / spread)
    }

    // MARK: Columns in table order

    private func column(_ column: Int, rowCount: Int) -> [Double] {
        var result = [Double](repeating: .nan, count: rowCount)
        for row in 0..<design.count {
            let position = Int(design.index.positions[row])
            if get(Column.failure, position) < 0 {
                result[design.tableRows[row]] = get(column, position)
            }
        }
        return result
    }

    private func failures(rowCount: Int) -> [FitFailure?] {
        var result = [FitFailure?](repeating: .incompleteRow, count: rowCount)
        for row in 0..<design.count {
            let code = get(Column.failure, Int(design.index.positions[row]))
            result[design.tableRows[row]] = code < 0 ? nil : FitFailure.allCases[Int(code)]
        }
        return result
    }

    /// Builds the result of the passes.
    func result(table: RegressionTable) -> RegressionResult {
        let rowCount = table.rowCount
        let p = design.parameterCount
        let failures = failures(rowCount: rowCount)
        func all(_ index: Int) -> [Double] { column(index, rowCount: rowCount) }
        let residuals = all(Column.residual)
        let leverages = all(Column.leverage)
        let fittedRows = (0..<rowCount).filter { failures[$0] == nil }
        let squaredHatRows = all(Column.squaredHatRow)
        let diagnostics = FitDiagnostics(
            parameterCount: p,
            response: fittedRows.map { table.response[$0] },
            residuals: fittedRows.map { residuals[$0] },
            leverages: fittedRows.map { leverages[$0] },
            squaredHatRows: fittedRows.map { squaredHatRows[$0] }
        )
        let sigma = diagnostics.sigmaSquared.squareRoot()
        let coefficients = (0..<p).map { all(Column.terms + $0) }
        let errors = (0..<p).map { all(Column.terms + p + $0).map { $0 * sigma } }
        let standardised = (0..<rowCount).map {
            residuals[$0] / (sigma * (1 - leverages[$0]).squareRoot())
        }
        let masks = zip(failures, all(Column.unidentified)).map { failure, value in
            failure == nil ? value.bitPattern : 0
        }
        let hasCollinearity = options.contains(.collinearity)
        return RegressionResult(
            termNames: table.termNames,
            bandwidth: bandwidth,
            failures: failures,
            unidentifiedTerms: masks,
            coefficients: coefficients,
            standardErrors: errors,
            tValues: (0..<p).map { term in
                zip(coefficients[term], errors[term]).map { $0 / $1 }
            },
            fitted: all(Column.fitted),
            residuals: residuals,
            standardisedResiduals: standardised,
            influence: leverages,
            cooksDistance: (0..<rowCount).map {
                standardised[$0] * standardised[$0] * leverages[$0]
                    / (diagnostics.traceS * (1 - leverages[$0]))
            },
            localRSquared: options.contains(.localRSquared) ? all(Column.localRSquared) : [],
            conditionNumber: hasCollinearity ? all(Column.conditionNumber) : [],
            varianceInflation: hasCollinearity
                ? (1..<max(p, 1)).map { all(Column.terms + 3 * p + $0) } : [],
            varianceProportions: hasCollinearity
                ? (0..<p).map { all(Column.terms + 2 * p + $0) } : [],
            bandwidthDistance: all(Column.bandwidth),
            neighbourCount: all(Column.neighbourCount).map { $0.isNaN ? 0 : Int($0) },
            diagnostics: diagnostics,
            coefficientSummaries: (0..<p).map {
                CoefficientSummary(termName: table.termNames[$0], values: coefficients[$0])
            },
            identificationGaps: gaps(masks, fittedRows, table.termNames),
            failureCounts: FitFailure.allCases.compactMap { failure in
                let rows = failures.indices.filter { failures[$0] == failure }
                return rows.first.map {
                    FailureCount(failure: failure, count: rows.count, firstRow: $0)
                }
            }
        )
    }

    private func gaps(
        _ masks: [UInt64],
        _ fittedRows: [Int],
        _ termNames: [String]
    ) -> [IdentificationGap] {
        termNames.indices.compactMap { term in
            let rows = fittedRows.filter { masks[$0] & (1 << UInt64(term)) != 0 }
            return rows.first.map {
                IdentificationGap(
                    termName: termNames[term],
                    count: rows.count,
                    firstRow: $0,
                    share: Double(rows.count) / Double(fittedRows.count)
                )
            }
        }
    }
}
