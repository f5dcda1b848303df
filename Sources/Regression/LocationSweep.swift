/// Evaluates the observations of a table one by one; a thread has one of these.
final class LocationSweep {
    private let design: PreparedDesign
    private let isCompact: Bool
    private let largest: Bandwidth
    private let search: NeighbourSearch
    private let sweep: NeighbourhoodSweep

    /// Number of batches of eight candidates.
    var batchCount: Int { sweep.batchCount }

    /// Prepares for one set of candidates: ascending, all of one kind, at least one.
    init(
        design: PreparedDesign,
        kernel: SpatialKernel,
        instructionSet: InstructionSet,
        candidates: [Bandwidth],
        bufferDistance: Double?
    ) {
        self.design = design
        isCompact = kernel.isCompact
        largest = candidates[candidates.count - 1]
        search = unsafe NeighbourSearch(
            index: design.index,
            metric: design.metric,
            kernels: KernelSet.of(instructionSet)
        )
        sweep = NeighbourhoodSweep(
            parameterCount: design.parameterCount,
            variances: design.variances,
            kernel: kernel,
            instructionSet: instructionSet,
            candidates: candidates,
            bufferDistance: bufferDistance
        )
    }

    /// Forgets where the last location was; call at the start of every chunk.
    func restart() { search.restart() }

    /// Evaluates the location at a tree position and adds it to the scores.
    func addLocation(at position: Int, to scores: AlignedBuffer.Shared) {
        search.moveTo(position: position)
        if !isCompact {
            search.findNearest(design.count)
        } else {
            switch largest {
            case .adaptive(let neighbours): search.findNearest(neighbours)
            case .fixed(let distance): search.findWithin(distance)
            }
        }
        unsafe sweep.evaluate(design.neighbourhood(of: position, search))
        sweep.addScores(to: scores)
    }
}

extension PreparedDesign {
    /// What the last query found, centred on an observation.
    func neighbourhood(of centre: Int, _ search: NeighbourSearch) -> Neighbourhood {
        unsafe Neighbourhood(
            design: design,
            response: response,
            centre: centre,
            neighbours: search.neighbours,
            distances: search.distances,
            count: search.count
        )
    }
}
