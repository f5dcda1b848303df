internal import RegressionKernels

extension GeographicallyWeightedRegression {
    /// Rows of the table that are complete, ascending; all results are over these.
    package var completeRows: [Int] { design.tableRows }

    /// Calls a body with the nearest other observations of every observation.
    ///
    /// Observations are numbered 0 ..< ``observationCount`` in the order of ``completeRows`` and come
    /// in that order. Neighbours are sorted by distance, then row; their distances are in the
    /// metric's unit. The arrays hold up to `count` entries, fewer where there are no more
    /// observations. Cost: O(n · count · log).
    package func forEachObservation(
        nearest count: Int,
        _ body: (_ observation: Int, _ neighbours: [Int], _ distances: [Double]) -> Void
    ) {
        let search = neighbourSearch()
        visit(search) {
            search.findNearest(min(design.count, count + 1))
            return count
        } body: {
            body($0, $1, $2)
        }
    }

    /// Calls a body with all other observations within a distance of every observation, as
    /// ``forEachObservation(nearest:_:)`` does, but neighbours in no particular order that still
    /// depends on the table only.
    package func forEachObservation(
        within distance: Double,
        _ body: (_ observation: Int, _ neighbours: [Int], _ distances: [Double]) -> Void
    ) {
        let search = neighbourSearch()
        visit(search) {
            search.findUnsorted(within: distance)
            return Int.max
        } body: {
            body($0, $1, $2)
        }
    }

    private func neighbourSearch() -> NeighbourSearch {
        unsafe NeighbourSearch(
            index: design.index,
            metric: design.metric,
            kernels: KernelSet.of(instructionSet)
        )
    }

    private func visit(
        _ search: NeighbourSearch,
        find: () -> Int,
        body: (Int, [Int], [Double]) -> Void
    ) {
        var neighbours: [Int] = []
        var distances: [Double] = []
        for observation in 0..<design.count {
            search.restart()
            search.moveTo(position: Int(design.index.positions[observation]))
            let limit = find()
            neighbours.removeAll(keepingCapacity: true)
            distances.removeAll(keepingCapacity: true)
            for entry in 0..<search.count where neighbours.count < limit {
                let position = unsafe Int(search.neighbours[entry])
                let other = Int(design.index.rows[position])
                if other == observation { continue }
                neighbours.append(other)
                unsafe distances.append(search.distances[entry])
            }
            body(observation, neighbours, distances)
        }
    }
}
