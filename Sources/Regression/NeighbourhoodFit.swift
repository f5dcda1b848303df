internal import RegressionKernels

/// Fits one local model after another; a thread has one of these.
///
/// Normal equations of rows centred on the location, solved by Cholesky in the order of the terms
/// with the intercept last. Where a pivot is below ``qrPivotRatio`` of its column's sum of squares the
/// normal equations may lose more than ten digits, and an orthogonal factorisation of the weighted
/// rows takes over. Terms that the neighbourhood does not determine leave the model (see
/// `Identification` in the kernels): a weighted variance below 1e-10 of the global one, or a pivot
/// (squared length of what is left of the centred column, in units of its own) below 1e-8.
///
/// Sources: Fotheringham, Brunsdon & Charlton (2002), eqs 2.11–2.15 for coefficients, hat matrix and
/// errors; Belsley, Kuh & Welsch (1980), ch. 3 for collinearity, on √W X (mgwr weighs by W).
@safe package final class NeighbourhoodFit {
    /// Pivot ratio below which Cholesky's result is not used.
    package static let qrPivotRatio = 1e-5

    private let parameterCount: Int
    private let blocks: Int
    private let kernel: SpatialKernel
    private let reach: Double
    private let kernels: KernelSet
    private let scales: [Double]
    private let centre: AlignedBuffer
    private let sets: AlignedBuffer
    private var rowCapacity = 0
    private var rows = AlignedBuffer(scalarCount: 8)
    private var response = AlignedBuffer(scalarCount: 8)
    private var weights = AlignedBuffer(scalarCount: 8)
    private var squaredWeights = AlignedBuffer(scalarCount: 8)
    private var orthogonal = AlignedBuffer(scalarCount: 8)
    private let factor: LocalFactor
    private var singularValues: SingularValues

    /// Number of observations with weight.
    package private(set) var neighbourCount = 0
    /// Bit j is set where coefficient j (0 the intercept, then the predictors) is unidentified.
    package private(set) var unidentifiedTerms: UInt64 = 0
    /// Coefficients on the scale of the input, the intercept first; NaN where unidentified.
    package private(set) var coefficients: [Double]
    /// Standard errors divided by σ, in the same order.
    package private(set) var unitStandardErrors: [Double]
    /// Fitted value at the centre.
    package private(set) var fitted = Double.nan
    /// Response minus fitted value at the centre.
    package private(set) var residual = Double.nan
    /// Leverage s_ii of the centre: the derivative of its fitted value by its response.
    package private(set) var leverage = Double.nan
    /// Σ_j s_ij², this location's part of tr(SᵀS).
    package private(set) var squaredHatRow = Double.nan
    /// Condition number of √W X, identified columns, scaled to unit length.
    package private(set) var conditionNumber = Double.nan
    /// Variance inflation of each predictor among the weighted neighbours.
    package private(set) var varianceInflation: [Double]
    /// Share of each coefficient's variance with the smallest singular value, the intercept first.
    package private(set) var varianceProportions: [Double]

    /// Prepares for one design.
    ///
    /// `variances` holds the population variance of each scaled predictor over all observations,
    /// `scales` the factors that scaled the predictors; `reach` cuts a kernel that is not compact, nil
    /// for nowhere.
    package init(
        parameterCount: Int,
        variances: [Double],
        scales: [Double],
        kernel: SpatialKernel,
        instructionSet: InstructionSet,
        reach: Double? = nil
    ) {
        self.reach = reach ?? kernel.reach
        self.parameterCount = parameterCount
        blocks = MomentLayout.blockCount(parameterCount: parameterCount)
        self.kernel = kernel
        unsafe kernels = KernelSet.of(instructionSet)
        self.scales = scales
        centre = AlignedBuffer(scalarCount: 8 * blocks)
        sets = AlignedBuffer(
            scalarCount: 16 * MomentLayout.vectorsPerSet(parameterCount: parameterCount)
        )
        factor = unsafe LocalFactor(
            parameterCount: parameterCount,
            variances: variances,
            kernels: kernels
        )
        singularValues = SingularValues(size: parameterCount)
        coefficients = Array(repeating: .nan, count: parameterCount)
        unitStandardErrors = coefficients
        varianceProportions = coefficients
        varianceInflation = Array(repeating: .nan, count: parameterCount - 1)
    }

    /// Fits the model with bandwidth `h`, in the unit of the distances; nil on success.
    ///
    /// `includesCollinearity` adds condition number, variance inflation and proportions, at the cost
    /// of a small singular value decomposition.
    package func fit(
        _ neighbourhood: Neighbourhood,
        bandwidth h: Double,
        includesCollinearity: Bool
    ) -> FitFailure? {
        guard h > 0 else { return .zeroBandwidth }
        let count = unsafe neighbourhood.count(within: h * reach)
        neighbourCount = count
        guard count > 0 else { return .noNeighbours }
        unsafe weigh(neighbourhood, bandwidth: h, count: count)
        accumulate(count)
        let isSafe = unsafe factor.factorise(
            moments: sets.vectors,
            squared: squaredSet,
            safePivotRatio: Self.qrPivotRatio
        )
        if !isSafe { orthogonalise(count) }
        guard factor.solve() else { return .notFinite }
        unsafe report(neighbourhood)
        guard residual.isFinite, leverage.isFinite else { return .notFinite }
        if includesCollinearity { reportCollinearity() }
        return nil
    }

    // MARK: Moments

    private func weigh(_ neighbourhood: Neighbourhood, bandwidth h: Double, count: Int) {
        if count > rowCapacity {
            rowCapacity = count + count / 2
            rows = AlignedBuffer(scalarCount: 8 * blocks * (rowCapacity + 8))
            response = AlignedBuffer(scalarCount: rowCapacity + 8)
            weights = AlignedBuffer(scalarCount: rowCapacity + 8)
            squaredWeights = AlignedBuffer(scalarCount: rowCapacity + 8)
        }
        for block in 0..<blocks {
            unsafe centre.vectors[block] =
                neighbourhood.design[neighbourhood.centre * blocks + block]
        }
        unsafe centre.scalars[parameterCount - 1] = 0
        unsafe kernels.gatherCentredRows(
            blocks,
            neighbourhood.design,
            neighbourhood.response,
            neighbourhood.neighbours,
            count,
            centre.vectors,
            neighbourhood.response[neighbourhood.centre],
            rows.vectors,
            response.scalars
        )
        unsafe kernels.kernelWeights(
            kernel.code,
            UnsafeRawPointer(neighbourhood.distances).assumingMemoryBound(to: SIMD8<Double>.self),
            count,
            h,
            weights.vectors
        )
        for vector in 0..<((count + 7) / 8) {
            let w = unsafe weights.vectors[vector]
            unsafe squaredWeights.vectors[vector] = w * w
        }
    }

    private func accumulate(_ count: Int) {
        sets.clear()
        var bounds = (0, count)
        unsafe withUnsafePointer(to: &bounds) { pair in
            let list = unsafe UnsafeRawPointer(pair).assumingMemoryBound(to: Int.self)
            unsafe kernels.accumulateMoments(
                parameterCount,
                rows.vectors,
                response.scalars,
                weights.scalars,
                list,
                1,
                sets.vectors,
                true,
                nil,
                weights.scalars,
                true
            )
            unsafe kernels.accumulateMoments(
                parameterCount,
                rows.vectors,
                response.scalars,
                squaredWeights.scalars,
                list,
                1,
                squaredSet,
                false,
                nil,
                weights.scalars,
                true
            )
        }
        if blocks > 1 { mirrorSquaredSet() }
    }

    /// Moments with squared weights.
    private var squaredSet: UnsafeMutablePointer<SIMD8<Double>> {
        unsafe sets.vectors + MomentLayout.vectorsPerSet(parameterCount: parameterCount)
    }

    /// The blocks below the diagonal, which the moment kernel leaves out.
    private func mirrorSquaredSet() {
        let width = 8 * blocks
        let entries =
            unsafe sets.scalars + 8
            * MomentLayout.vectorsPerSet(
                parameterCount: parameterCount
            )
        for row in 8..<max(8, parameterCount) {
            for column in 0..<(row / 8 * 8) {
                unsafe entries[row * width + column] = entries[column * width + row]
            }
        }
    }

    /// Entry of XᵀWX, a ≤ b.
    private func moment(_ a: Int, _ b: Int) -> Double {
        unsafe sets.scalars[a * 8 * blocks + b]
    }

    /// Gram–Schmidt, each column twice, on the rows times √w; hands R, Qᵀ√W y and QᵀWQ over.
    private func orthogonalise(_ count: Int) {
        let p = parameterCount
        let width = 8 * blocks
        if orthogonal.scalarCount < p * count {
            orthogonal = AlignedBuffer(scalarCount: p * rowCapacity)
        }
        let q = unsafe orthogonal.scalars
        for column in 0..<p {
            for row in 0..<count {
                unsafe q[column * count + row] =
                    rows.scalars[row * width + column] * weights.scalars[row].squareRoot()
            }
        }
        unsafe factor.orthogonalise(
            columns: q,
            count: count,
            moments: sets.scalars,
            weights: weights.scalars,
            response: response.scalars
        )
    }

    // MARK: Results

    private func report(_ neighbourhood: Neighbourhood) {
        let last = parameterCount - 1
        let y = unsafe neighbourhood.response[neighbourhood.centre]
        let offset = factor.solution(last)
        fitted = y + offset
        residual = -offset
        leverage = factor.inverse(last, last)
        squaredHatRow = factor.covariance(last, last)
        unidentifiedTerms = 0
        var intercept = fitted
        var interceptVariance = factor.covariance(last, last)
        let origin = unsafe neighbourhood.design + neighbourhood.centre * blocks
        let x = unsafe UnsafeRawPointer(origin).assumingMemoryBound(to: Double.self)
        for j in 0..<last {
            guard factor.isIdentified(j) else {
                unidentifiedTerms |= 1 << UInt64(j + 1)
                coefficients[j + 1] = .nan
                unitStandardErrors[j + 1] = .nan
                continue
            }
            let slope = factor.solution(j)
            coefficients[j + 1] = slope * scales[j]
            unitStandardErrors[j + 1] = factor.covariance(j, j).squareRoot() * scales[j]
            intercept -= unsafe slope * x[j]
            var inner = 0.0
            for k in 0..<last where factor.isIdentified(k) {
                inner += unsafe factor.covariance(j, k) * x[k]
            }
            interceptVariance += unsafe x[j] * (inner - 2 * factor.covariance(j, last))
        }
        coefficients[0] = intercept
        unitStandardErrors[0] = interceptVariance.squareRoot()
    }

    /// Prediction at the last fit for other predictor values, and Σ_j s_j² of its hat row.
    ///
    /// Unidentified terms contribute nothing.
    package func predict(_ predictors: [Double]) -> (predicted: Double, squaredHatRow: Double) {
        let last = parameterCount - 1
        var value = fitted
        var square = factor.covariance(last, last)
        let origin = unsafe centre.scalars
        for j in 0..<last where factor.isIdentified(j) {
            let x = unsafe predictors[j] * scales[j] - origin[j]
            value += x * factor.solution(j)
            var inner = 2 * factor.covariance(j, last)
            for k in 0..<last where factor.isIdentified(k) {
                inner += unsafe factor.covariance(j, k) * (predictors[k] * scales[k] - origin[k])
            }
            square += x * inner
        }
        return (value, square)
    }

    private func reportCollinearity() {
        let last = parameterCount - 1
        let total = moment(last, last)
        for j in 0..<last {
            let mean = moment(j, last)
            varianceInflation[j] =
                factor.isIdentified(j)
                ? factor.inverse(j, j) * (moment(j, j) - mean * mean / total) : .nan
        }
        // R of the columns as they came in: x = (x − x_i) + x_i · 1, column by column.
        singularValues.reset()
        let x = unsafe centre.scalars
        for j in 0..<parameterCount {
            guard factor.isIdentified(j) else { continue }
            let shift = unsafe j < last ? x[j] : 0
            singularValues.appendColumn(term: j) { row in
                factor.triangle(row, j) + shift * factor.triangle(row, last)
            }
        }
        singularValues.decompose()
        conditionNumber = singularValues.conditionNumber
        for j in 0..<parameterCount {
            varianceProportions[j == last ? 0 : j + 1] = singularValues.proportion(term: j)
        }
    }
}
