internal import RegressionKernels

/// Evaluates one location at every candidate bandwidth; a thread has one of these.
///
/// Polynomial kernels go through running moments, so that one pass over the sorted neighbours gives
/// every candidate; the gaussian and the exponential, which have none, are accumulated candidate by
/// candidate from rows that stay in cache. Who the neighbours are is the caller's business: a
/// k-d tree for tables, an offset walk on grids. Memory grows to the largest neighbourhood met,
/// then nothing is allocated.
@safe package final class NeighbourhoodSweep {
    private let parameterCount: Int
    private let blocks: Int
    private let kernel: SpatialKernel
    private let kernels: KernelSet
    private let candidates: [Bandwidth]
    private let bufferDistance: Double?
    private let reach: Double
    private let largestBandwidth: Double
    /// Number of batches of eight candidates.
    package let batchCount: Int
    private let variances: AlignedBuffer
    private let counts: AlignedBuffer
    private let coefficients: AlignedBuffer
    private let workspace: AlignedBuffer
    private let centre: AlignedBuffer
    private let residualBuffer: AlignedBuffer
    private let leverageBuffer: AlignedBuffer
    private let bufferedBuffer: AlignedBuffer
    /// Neighbours of the location that is evaluated.
    private var available = 0
    private var rowCapacity = 0
    private var rows = AlignedBuffer(scalarCount: 8)
    private var response = AlignedBuffer(scalarCount: 8)
    private var powers = AlignedBuffer(scalarCount: 8)

    /// Residual at every candidate, NaN where the location cannot be evaluated.
    ///
    /// Padded to whole vectors by repeating the last candidate. Valid until the next call of `evaluate`.
    package var residuals: UnsafePointer<Double> { unsafe UnsafePointer(residualBuffer.scalars) }
    /// Leverage s_ii at every candidate, NaN as above.
    package var leverages: UnsafePointer<Double> { unsafe UnsafePointer(leverageBuffer.scalars) }
    /// Error of the buffered prediction (response minus prediction) at every candidate, NaN also
    /// where fewer than 10 p neighbours lie beyond the buffer; nil without a buffer.
    package var bufferedErrors: UnsafePointer<Double>? {
        bufferDistance == nil ? nil : unsafe UnsafePointer(bufferedBuffer.scalars)
    }

    /// Prepares for one set of candidates: ascending, all of one kind, at least one.
    ///
    /// `variances` holds the population variance of each scaled predictor over all observations;
    /// neighbours nearer than `bufferDistance` are left out of the buffered predictions. `reach` cuts a
    /// kernel that is not compact, nil for nowhere; no adaptive bandwidth exceeds
    /// `largestBandwidth`, where a neighbourhood then holds fewer observations than it counts.
    package init(
        parameterCount: Int,
        variances: [Double],
        kernel: SpatialKernel,
        instructionSet: InstructionSet,
        candidates: [Bandwidth],
        bufferDistance: Double?,
        reach: Double? = nil,
        largestBandwidth: Double = .infinity
    ) {
        self.reach = reach ?? kernel.reach
        self.largestBandwidth = largestBandwidth
        self.parameterCount = parameterCount
        blocks = MomentLayout.blockCount(parameterCount: parameterCount)
        self.kernel = kernel
        unsafe kernels = KernelSet.of(instructionSet)
        self.candidates = candidates
        self.bufferDistance = bufferDistance
        self.variances = AlignedBuffer(variances)
        batchCount = (candidates.count + 7) / 8
        let padded = 8 * batchCount
        let sets = max(1, kernel.momentSetCount)
        counts = AlignedBuffer(scalarCount: padded)
        coefficients = AlignedBuffer(scalarCount: sets * padded)
        workspace = AlignedBuffer(
            scalarCount: 8
                * SweepLayout.workspaceVectors(parameterCount: parameterCount, setCount: sets)
        )
        centre = AlignedBuffer(scalarCount: 8 * blocks)
        residualBuffer = AlignedBuffer(scalarCount: padded)
        leverageBuffer = AlignedBuffer(scalarCount: padded)
        bufferedBuffer = AlignedBuffer(scalarCount: padded)
    }

    /// Evaluates a location; its neighbours must reach the largest candidate bandwidth.
    package func evaluate(_ neighbourhood: Neighbourhood) {
        unsafe available = neighbourhood.count
        let inUse =
            unsafe kernel.isCompact
            ? setCompactCandidates(neighbourhood) : neighbourhood.count
        unsafe gather(neighbourhood, count: inUse)
        var buffered = 0
        if let bufferDistance {
            buffered = min(inUse, unsafe neighbourhood.count(within: bufferDistance))
        }
        if kernel.isCompact {
            unsafe sweep(neighbourhood, count: inUse, buffered: buffered)
        } else {
            unsafe accumulateDirectly(neighbourhood, buffered: buffered)
        }
        if bufferDistance != nil { dropThinNeighbourhoods(buffered: buffered) }
    }

    /// Adds the last evaluation to compensated sums, laid out as the kernels' `ScoreLayout`.
    func addScores(to scores: AlignedBuffer.Shared) {
        unsafe kernels.addScores(
            batchCount,
            residualBuffer.vectors,
            leverageBuffer.vectors,
            bufferDistance == nil ? nil : UnsafePointer(bufferedBuffer.vectors),
            scores.buffer.vectors
        )
    }

    private func bandwidth(_ candidate: Int, _ distances: UnsafePointer<Double>) -> Double {
        switch candidates[min(candidate, candidates.count - 1)] {
        case .adaptive(let neighbours):
            neighbours > available
                ? largestBandwidth
                : unsafe min(
                    distances[neighbours - 1] * Bandwidth.adaptiveFactor,
                    largestBandwidth
                )
        case .fixed(let distance): distance
        }
    }

    /// Fills counts and coefficients; returns the number of neighbours of the largest candidate.
    private func setCompactCandidates(_ neighbourhood: Neighbourhood) -> Int {
        let padded = 8 * batchCount
        let distances = unsafe neighbourhood.distances
        var inside = 0
        for candidate in 0..<padded {
            let h = unsafe bandwidth(candidate, distances)
            while unsafe inside < neighbourhood.count && distances[inside] < h { inside += 1 }
            unsafe counts.counts[candidate] = inside
        }
        let unit = unsafe inside > 0 ? distances[inside - 1] : 0
        let factors = unsafe coefficients.scalars
        for candidate in 0..<padded {
            let h = unsafe bandwidth(candidate, distances)
            // A bandwidth of 0 sees nobody: its count is 0 and the factor is immaterial.
            let r = h > 0 ? unit / h : 0
            unsafe factors[candidate] = 1
            switch kernel {
            case .epanechnikov: unsafe factors[padded + candidate] = -(r * r)
            case .bisquare:
                unsafe factors[padded + candidate] = -2 * (r * r)
                unsafe factors[2 * padded + candidate] = (r * r) * (r * r)
            case .tricube:
                let cube = r * r * r
                unsafe factors[padded + candidate] = -3 * cube
                unsafe factors[2 * padded + candidate] = 3 * (cube * cube)
                unsafe factors[3 * padded + candidate] = -(cube * cube * cube)
            case .boxcar, .gaussian, .exponential: break
            }
        }
        return inside
    }

    private func gather(_ neighbourhood: Neighbourhood, count: Int) {
        if count > rowCapacity {
            // Half as much again, so that growth stops after a few locations.
            rowCapacity = count + count / 2
            rows = AlignedBuffer(scalarCount: 8 * blocks * (rowCapacity + 8))
            response = AlignedBuffer(scalarCount: rowCapacity + 8)
            powers = AlignedBuffer(scalarCount: max(1, kernel.momentSetCount) * powerStride)
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
    }

    /// Numbers between the arrays of distance powers: whole vectors, and one to spare.
    private var powerStride: Int { (rowCapacity + 15) / 8 * 8 }

    private func sweep(_ neighbourhood: Neighbourhood, count: Int, buffered: Int) {
        unsafe kernels.distancePowers(
            kernel.code,
            vectors(neighbourhood.distances),
            count,
            count > 0 ? neighbourhood.distances[count - 1] : 0,
            powers.vectors,
            powerStride / 8
        )
        unsafe kernels.sweepCandidates(
            parameterCount,
            kernel.momentSetCount,
            rows.vectors,
            response.scalars,
            powers.scalars,
            powerStride,
            counts.counts,
            coefficients.scalars,
            8 * batchCount,
            variances.scalars,
            buffered,
            workspace.vectors,
            residualBuffer.vectors,
            leverageBuffer.vectors,
            bufferDistance == nil ? nil : bufferedBuffer.vectors
        )
    }

    /// Moments of each candidate with its own weights, then batched solves.
    private func accumulateDirectly(_ neighbourhood: Neighbourhood, buffered: Int) {
        let p = parameterCount
        let set = MomentLayout.vectorsPerSet(parameterCount: p)
        let sets = unsafe workspace.vectors
        let outerSets = unsafe sets + 8 * set
        let matrix = unsafe outerSets + 8 * set
        let scratch = unsafe matrix + (p + 1) * (p + 1)
        for batch in 0..<batchCount {
            for index in 0..<(16 * set) { unsafe sets[index] = .zero }
            for lane in 0..<8 {
                let h = unsafe bandwidth(8 * batch + lane, neighbourhood.distances)
                let count = unsafe h > 0 ? neighbourhood.count(within: h * reach) : 0
                unsafe counts.counts[8 * batch + lane] = count
                unsafe kernels.kernelWeights(
                    kernel.code,
                    vectors(neighbourhood.distances),
                    count,
                    h,
                    powers.vectors
                )
                unsafe accumulate(from: 0, to: count, into: sets + lane * set)
                if bufferDistance != nil, buffered < count {
                    unsafe accumulate(from: buffered, to: count, into: outerSets + lane * set)
                }
            }
            if bufferDistance != nil {
                unsafe kernels.transposeMomentSets(p, outerSets, matrix)
                unsafe kernels.solveBufferedError(
                    p,
                    matrix,
                    variances.scalars,
                    scratch,
                    bufferedBuffer.vectors + batch
                )
            }
            unsafe kernels.transposeMomentSets(p, sets, matrix)
            unsafe kernels.solveLeverage(
                p,
                matrix,
                variances.scalars,
                scratch,
                residualBuffer.vectors + batch,
                leverageBuffer.vectors + batch
            )
        }
    }

    private func accumulate(from: Int, to: Int, into set: UnsafeMutablePointer<SIMD8<Double>>) {
        var bounds = (from, to)
        unsafe withUnsafePointer(to: &bounds) { pair in
            unsafe kernels.accumulateMoments(
                parameterCount,
                rows.vectors,
                response.scalars,
                powers.scalars,
                UnsafeRawPointer(pair).assumingMemoryBound(to: Int.self),
                1,
                set,
                true,
                nil,
                powers.scalars,
                true
            )
        }
    }

    private func vectors(_ scalars: UnsafePointer<Double>) -> UnsafePointer<SIMD8<Double>> {
        unsafe UnsafeRawPointer(scalars).assumingMemoryBound(to: SIMD8<Double>.self)
    }

    /// A buffered prediction needs ten neighbours per coefficient beyond the buffer.
    private func dropThinNeighbourhoods(buffered: Int) {
        for candidate in 0..<(8 * batchCount) {
            let beyond = unsafe counts.counts[candidate] - buffered
            if beyond < 10 * parameterCount { unsafe bufferedBuffer.scalars[candidate] = .nan }
        }
    }
}
