internal import RegressionKernels

/// Evaluates candidate bandwidths over all locations, in parallel, with one fixed result.
struct BandwidthSweep {
    let design: PreparedDesign
    let kernel: SpatialKernel
    let instructionSet: InstructionSet
    let threadCount: Int
    let bufferDistance: Double?

    /// Scores of the candidates (ascending, all of one kind), in their order.
    ///
    /// Locations are cut into chunks whose size depends on n only; each chunk is summed in tree
    /// order and the chunks are merged in order, so the result is the same for any thread count.
    func scores(of candidates: [Bandwidth]) -> [CandidateScore] {
        guard !candidates.isEmpty else { return [] }
        let kernels = unsafe KernelSet.of(instructionSet)
        let n = design.count
        let chunkSize = max(32, (n + 255) / 256)
        let chunkCount = (n + chunkSize - 1) / chunkSize
        let sweeps = (0..<min(threadCount, chunkCount)).map { _ in
            LocationSweep(
                design: design,
                kernel: kernel,
                instructionSet: instructionSet,
                candidates: candidates,
                bufferDistance: bufferDistance
            )
        }
        let batchCount = sweeps[0].batchCount
        let size = 8 * batchCount * ScoreLayout.vectorsPerBatch
        let partials = (0..<chunkCount).map { _ in AlignedBuffer.Shared(scalarCount: size) }
        forEachChunk(chunkCount: chunkCount, threadCount: threadCount) { chunk, lane in
            let sweep = sweeps[lane]
            sweep.restart()
            for position in (chunk * chunkSize)..<min(n, (chunk + 1) * chunkSize) {
                sweep.addLocation(at: position, to: partials[chunk])
            }
        }
        for partial in partials.dropFirst() {
            unsafe kernels.mergeScores(
                batchCount,
                partial.buffer.vectors,
                partials[0].buffer.vectors
            )
        }
        return candidates.indices.map { score(candidates[$0], $0, partials[0]) }
    }

    private func score(
        _ bandwidth: Bandwidth,
        _ candidate: Int,
        _ total: AlignedBuffer.Shared
    ) -> CandidateScore {
        let base = candidate / 8 * ScoreLayout.vectorsPerBatch
        let lane = candidate % 8
        func sum(_ part: Int) -> Double {
            unsafe total.buffer.vectors[base + part][lane]
                + total.buffer.vectors[base + part + 1][lane]
        }
        func count(_ part: Int) -> Int { unsafe Int(total.buffer.vectors[base + part][lane]) }
        let buffered = count(ScoreLayout.bufferedFailures) == 0
        return CandidateScore(
            bandwidth: bandwidth,
            locationCount: design.count,
            rss: sum(ScoreLayout.rss),
            traceS: sum(ScoreLayout.trace),
            squaredLeaveOneOutErrors: count(ScoreLayout.saturations) == 0
                ? sum(ScoreLayout.crossValidation) : nil,
            squaredBufferedErrors: buffered ? sum(ScoreLayout.bufferedValidation) : nil,
            hasBuffer: bufferDistance != nil,
            failureCount: count(ScoreLayout.failures)
        )
    }
}
