import Lattice

/// The sums of one layer over one zone, or a tile's part of it: exact, hence the same in whatever order
/// tiles merge.
///
/// With c the share of a cell inside the zone and v its value: Σc, Σcv, Σcv², the extremes, and with an
/// amount's valid fraction f also Σcf and Σcfv; with inhabitants p per km² Σcp and Σcpv. Cells without a
/// value count nowhere.
package struct ZoneLayerSums: Hashable, Sendable {
    /// Cells with a value that the zone covers, wholly or in part.
    package private(set) var cellCount = 0
    private var coverage = ExactSum()
    private var sum = ExactSum()
    private var squares = ExactSum()
    private var validCoverage = ExactSum()
    private var mass = ExactSum()
    private var people = ExactSum()
    private var peopleSum = ExactSum()
    private var minimum = Float.infinity
    private var maximum = -Float.infinity

    /// The sums of no cell.
    package init() {}

    /// Adds a cell.
    ///
    /// - Parameters:
    ///   - fraction: c, above 0 and at most 1.
    ///   - value: v; not finite counts as not observed.
    ///   - validFraction: f.
    ///   - population: p, inhabitants per km² of the whole cell; not finite or 0 gives the cell no weight. nil: no
    ///     weights are wanted.
    package mutating func add(
        fraction: Double,
        value: Float,
        validFraction: Float,
        population: Float?
    ) {
        guard value.isFinite, validFraction > 0 else { return }
        let v = Double(value)
        let f = Double(validFraction)
        cellCount += 1
        minimum = min(minimum, value)
        maximum = max(maximum, value)
        coverage.add(fraction)
        sum.add(product: fraction, v)
        // Products of two singles are exact in double.
        squares.add(product: fraction, v * v)
        validCoverage.add(product: fraction, f)
        mass.add(product: fraction, v * f)
        if let population, population.isFinite, population > 0 {
            let p = Double(population)
            people.add(product: fraction, p)
            peopleSum.add(product: fraction, p * v)
        }
    }

    /// Adds all cells of another part of the zone, disjoint from this one.
    package mutating func merge(_ other: ZoneLayerSums) {
        cellCount += other.cellCount
        minimum = min(minimum, other.minimum)
        maximum = max(maximum, other.maximum)
        coverage.merge(other.coverage)
        sum.merge(other.sum)
        squares.merge(other.squares)
        validCoverage.merge(other.validCoverage)
        mass.merge(other.mass)
        people.merge(other.people)
        peopleSum.merge(other.peopleSum)
    }

    /// What the sums say.
    package func figures(cellAreaKm2: Double) -> ZoneLayerFigures {
        guard cellCount > 0 else { return ZoneLayerFigures() }
        let weight = coverage.value
        let mean = sum.value / weight
        // Σcv² − (Σcv)²/Σc loses digits where the spread is small against the mean; never below zero.
        let variance = max(0, (squares.value - sum.value * mean) / weight)
        let inhabitants = people.value
        return ZoneLayerFigures(
            cellCount: cellCount,
            coverageCells: weight,
            validAreaKm2: validCoverage.value * cellAreaKm2,
            sum: sum.value,
            mean: mean,
            variance: variance,
            minimum: Double(minimum),
            maximum: Double(maximum),
            integral: mass.value * cellAreaKm2,
            populationMean: inhabitants > 0 ? peopleSum.value / inhabitants : nil
        )
    }

    /// The sums as bytes, self-delimiting, about 150: equal sums have equal bytes.
    package var encoded: [UInt8] {
        var bytes: [UInt8] = []
        PartialCoding.append(cellCount, to: &bytes)
        guard cellCount > 0 else { return bytes }
        PartialCoding.append(Int(minimum.bitPattern), to: &bytes)
        PartialCoding.append(Int(maximum.bitPattern), to: &bytes)
        for part in [coverage, sum, squares, validCoverage, mass, people, peopleSum] {
            bytes += part.encoded
        }
        return bytes
    }

    /// Takes encoded sums off the front of `bytes`.
    ///
    /// - Throws: `CarbonBalanceError` for any bytes that ``encoded`` cannot have made.
    package init(decodingPrefixOf bytes: inout ArraySlice<UInt8>) throws(CarbonBalanceError) {
        cellCount = try PartialCoding.number(from: &bytes, of: "cell count", atMost: 1 << 40)
        guard cellCount > 0 else { return }
        let largest = Int(UInt32.max)
        let low = try PartialCoding.number(from: &bytes, of: "minimum", atMost: largest)
        let high = try PartialCoding.number(from: &bytes, of: "maximum", atMost: largest)
        minimum = Float(bitPattern: UInt32(low))
        maximum = Float(bitPattern: UInt32(high))
        guard minimum <= maximum, minimum.isFinite, maximum.isFinite else {
            throw PartialCoding.refusal("has extremes out of order")
        }
        do {
            coverage = try ExactSum(decodingPrefixOf: &bytes)
            sum = try ExactSum(decodingPrefixOf: &bytes)
            squares = try ExactSum(decodingPrefixOf: &bytes)
            validCoverage = try ExactSum(decodingPrefixOf: &bytes)
            mass = try ExactSum(decodingPrefixOf: &bytes)
            people = try ExactSum(decodingPrefixOf: &bytes)
            peopleSum = try ExactSum(decodingPrefixOf: &bytes)
        } catch {
            throw PartialCoding.refusal("\(error)")
        }
    }
}

/// The statistics of a layer over a zone, weighted by the share of each cell inside it.
package struct ZoneLayerFigures: Hashable, Sendable, Codable {
    /// Cells with a value.
    package var cellCount = 0
    /// Σ c over cells with a value, cells.
    package var coverageCells = 0.0
    /// Area with a value, km²: Σ c · valid fraction · cell area.
    package var validAreaKm2 = 0.0
    /// Σ c · v.
    package var sum = 0.0
    /// Σ c · v / Σ c; nil without cells.
    package var mean: Double?
    /// Σ c · (v − mean)² / Σ c; nil without cells.
    package var variance: Double?
    /// Smallest value; nil without cells.
    package var minimum: Double?
    /// Largest value; nil without cells.
    package var maximum: Double?
    /// Σ c · valid fraction · v · cell area: the zone's amount, where the layer is one.
    package var integral = 0.0
    /// Mean weighted by inhabitants; nil where none was asked for, or nobody lives.
    package var populationMean: Double?

    /// The figures of a zone without cells.
    package init() {}

    /// Figures from their parts.
    package init(
        cellCount: Int,
        coverageCells: Double,
        validAreaKm2: Double,
        sum: Double,
        mean: Double?,
        variance: Double?,
        minimum: Double?,
        maximum: Double?,
        integral: Double,
        populationMean: Double?
    ) {
        self.cellCount = cellCount
        self.coverageCells = coverageCells
        self.validAreaKm2 = validAreaKm2
        self.sum = sum
        self.mean = mean
        self.variance = variance
        self.minimum = minimum
        self.maximum = maximum
        self.integral = integral
        self.populationMean = populationMean
    }
}
