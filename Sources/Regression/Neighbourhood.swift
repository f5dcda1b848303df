/// One location's neighbours, as the sweep and the fit read them.
///
/// The caller owns the memory. `design` holds `blocks` vectors per observation, scaled globally: the
/// terms, then the constant 1, then zeros; `response` one number each. `neighbours[0 ..< count]`
/// are observation numbers in order of distance; `distances` are in the bandwidth's unit, padded
/// with zeros to whole vectors of eight.
@unsafe package struct Neighbourhood {
    /// Design rows, interleaved.
    package var design: UnsafePointer<SIMD8<Double>>
    /// Responses.
    package var response: UnsafePointer<Double>
    /// The observation that everything is centred on: the location itself, if it is one.
    package var centre: Int
    /// Observation numbers, nearest first.
    package var neighbours: UnsafePointer<Int32>
    /// Their distances.
    package var distances: UnsafePointer<Double>
    /// Number of neighbours.
    package var count: Int

    /// Groups the arrays.
    package init(
        design: UnsafePointer<SIMD8<Double>>,
        response: UnsafePointer<Double>,
        centre: Int,
        neighbours: UnsafePointer<Int32>,
        distances: UnsafePointer<Double>,
        count: Int
    ) {
        unsafe self.design = design
        unsafe self.response = response
        unsafe self.centre = centre
        unsafe self.neighbours = neighbours
        unsafe self.distances = distances
        unsafe self.count = count
    }

    /// Number of neighbours closer than a distance, by bisection.
    func count(within distance: Double) -> Int {
        var low = 0
        var high = unsafe count
        while low < high {
            let middle = (low + high) / 2
            if unsafe distances[middle] < distance { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
