package import CarbonBalance
package import Lattice

/// What a tile of the fit stage contributes to the model's summary, exact.
package struct FitPartial: Hashable, Sendable {
    /// One term over all fitted cells.
    package struct Term: Hashable, Sendable {
        /// Cells where it has a coefficient.
        package var identifiedCount = 0
        /// Fitted cells where it has none.
        package var unidentifiedCount = 0
        /// First cell without it in row-major order, as row and column; nil where there is none.
        package var firstUnidentified: [Int]?
        /// Cells where |t| exceeds the corrected critical value.
        package var significantCount = 0
        /// Cells where the sign changes between half, once and twice the bandwidth.
        package var unstableCount = 0
        /// Σ β.
        package var sum = ExactSum()
        /// Σ β².
        package var squares = ExactSum()
    }

    /// The terms in the model's order.
    package var terms: [Term]
    /// Number of cells by regression status, ascending by code.
    package var statusCounts: [UInt8: Int] = [:]
    /// Observations that were fitted.
    package var observationCount = 0
    /// Σ e² over the observations.
    package var squaredResiduals = ExactSum()
    /// Σ s_ii over the observations.
    package var leverages = ExactSum()
    /// Σ s_ij² over the observations: tr(SᵀS).
    package var squaredHatRows = ExactSum()
    /// Σ (e / (1 − s))² over the observations.
    package var squaredLeaveOneOutErrors = ExactSum()
    /// Σ (y − ȳ) over the observations, ȳ the mean of all observations, fitted or not.
    package var deviations = ExactSum()
    /// Σ (y − ȳ)² over the same.
    package var squaredDeviations = ExactSum()
    /// Observations with leverage 1.
    package var saturationCount = 0
    /// How complete the neighbourhoods were.
    package var certificates = CertificateCount()

    private static let version: UInt8 = 2

    /// The contribution of no cell.
    package init(termCount: Int) {
        terms = Array(repeating: Term(), count: termCount)
    }

    /// Adds a fitted observation; `deviation` is that of its response from the mean of all observations.
    package mutating func add(
        residual e: Double,
        leverage s: Double,
        squaredHatRow: Double,
        deviation: Double
    ) {
        observationCount += 1
        deviations.add(deviation)
        squaredDeviations.add(product: deviation, deviation)
        squaredResiduals.add(product: e, e)
        leverages.add(s)
        squaredHatRows.add(squaredHatRow)
        if 1 - s < CandidateSum.smallestFreedom {
            saturationCount += 1
        } else {
            let left = e / (1 - s)
            squaredLeaveOneOutErrors.add(product: left, left)
        }
    }

    /// Counts a cell with a status.
    package mutating func count(_ status: RegressionStatus) {
        statusCounts[status.rawValue, default: 0] += 1
    }

    /// Adds the contribution of another tile.
    package mutating func merge(_ other: FitPartial) {
        precondition(other.terms.count == terms.count, "partials of one model")
        for index in terms.indices {
            terms[index].identifiedCount += other.terms[index].identifiedCount
            terms[index].unidentifiedCount += other.terms[index].unidentifiedCount
            terms[index].significantCount += other.terms[index].significantCount
            terms[index].unstableCount += other.terms[index].unstableCount
            terms[index].sum.merge(other.terms[index].sum)
            terms[index].squares.merge(other.terms[index].squares)
            if let cell = other.terms[index].firstUnidentified {
                terms[index].note(unidentified: cell)
            }
        }
        for (code, count) in other.statusCounts { statusCounts[code, default: 0] += count }
        observationCount += other.observationCount
        squaredResiduals.merge(other.squaredResiduals)
        leverages.merge(other.leverages)
        squaredHatRows.merge(other.squaredHatRows)
        squaredLeaveOneOutErrors.merge(other.squaredLeaveOneOutErrors)
        deviations.merge(other.deviations)
        squaredDeviations.merge(other.squaredDeviations)
        saturationCount += other.saturationCount
        certificates.merge(other.certificates)
    }
}

extension FitPartial.Term {
    /// Keeps the first cell without the term.
    package mutating func note(unidentified cell: [Int]) {
        guard let first = firstUnidentified else {
            firstUnidentified = cell
            return
        }
        if (cell[0], cell[1]) < (first[0], first[1]) { firstUnidentified = cell }
    }
}

extension FitPartial {
    /// The contribution as bytes: equal contributions have equal bytes.
    package var encoded: [UInt8] {
        var bytes = [Self.version]
        PartialCoding.append(terms.count, to: &bytes)
        for term in terms {
            for count in [
                term.identifiedCount, term.unidentifiedCount, term.significantCount,
                term.unstableCount,
            ] { PartialCoding.append(count, to: &bytes) }
            // Row and column from 1, so that 0 is none.
            for place in term.firstUnidentified ?? [-1, -1] {
                PartialCoding.append(place + 1, to: &bytes)
            }
            bytes += term.sum.encoded + term.squares.encoded
        }
        PartialCoding.append(statusCounts.count, to: &bytes)
        for (code, count) in statusCounts.sorted(by: { $0.key < $1.key }) {
            bytes.append(code)
            PartialCoding.append(count, to: &bytes)
        }
        PartialCoding.append(observationCount, to: &bytes)
        PartialCoding.append(saturationCount, to: &bytes)
        for sum in [
            squaredResiduals, leverages, squaredHatRows, squaredLeaveOneOutErrors, deviations,
            squaredDeviations,
        ] { bytes += sum.encoded }
        return bytes + certificates.encoded
    }

    /// The contribution that ``encoded`` gave these bytes; all of them, and nothing else.
    ///
    /// - Throws: `CarbonBalanceError` for bytes that ``encoded`` cannot have made.
    package init(encoded bytes: [UInt8]) throws(CarbonBalanceError) {
        var rest = bytes[...]
        guard rest.popFirst() == Self.version else {
            throw PartialCoding.refusal("does not begin with version \(Self.version)")
        }
        self.init(
            termCount: try PartialCoding.number(from: &rest, of: "term count", atMost: 64)
        )
        for index in terms.indices { terms[index] = try Term(decodingPrefixOf: &rest) }
        let codes = try PartialCoding.number(from: &rest, of: "status count", atMost: 256)
        var previous = -1
        for _ in 0..<codes {
            guard let code = rest.popFirst(), Int(code) > previous else {
                throw PartialCoding.refusal("has statuses out of order")
            }
            previous = Int(code)
            statusCounts[code] = try PartialCoding.number(
                from: &rest,
                of: "status' count",
                atMost: 1 << 40
            )
        }
        observationCount = try PartialCoding.number(
            from: &rest,
            of: "observation count",
            atMost: 1 << 40
        )
        saturationCount = try PartialCoding.number(
            from: &rest,
            of: "saturation count",
            atMost: 1 << 40
        )
        squaredResiduals = try Self.sum(from: &rest)
        leverages = try Self.sum(from: &rest)
        squaredHatRows = try Self.sum(from: &rest)
        squaredLeaveOneOutErrors = try Self.sum(from: &rest)
        deviations = try Self.sum(from: &rest)
        squaredDeviations = try Self.sum(from: &rest)
        certificates = try CertificateCount(decodingPrefixOf: &rest)
        guard rest.isEmpty else {
            throw PartialCoding.refusal("is followed by \(rest.count) bytes")
        }
    }

    fileprivate static func sum(
        from bytes: inout ArraySlice<UInt8>
    ) throws(CarbonBalanceError) -> ExactSum {
        do { return try ExactSum(decodingPrefixOf: &bytes) } catch {
            throw PartialCoding.refusal("\(error)")
        }
    }
}

extension FitPartial.Term {
    fileprivate init(decodingPrefixOf bytes: inout ArraySlice<UInt8>) throws(CarbonBalanceError) {
        self.init()
        func count(_ noun: String) throws(CarbonBalanceError) -> Int {
            try PartialCoding.number(from: &bytes, of: noun, atMost: 1 << 40)
        }
        identifiedCount = try count("identified count")
        unidentifiedCount = try count("unidentified count")
        significantCount = try count("significant count")
        unstableCount = try count("unstable count")
        let row = try count("row") - 1
        let column = try count("column") - 1
        firstUnidentified = row >= 0 && column >= 0 ? [row, column] : nil
        sum = try FitPartial.sum(from: &bytes)
        squares = try FitPartial.sum(from: &bytes)
    }
}
