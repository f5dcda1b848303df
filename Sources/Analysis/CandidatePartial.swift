package import CarbonBalance
package import Lattice

/// The scores of one candidate bandwidth over the observations of a tile, exact.
package struct CandidateSum: Hashable, Sendable {
    /// Σ e².
    package var squaredResiduals = ExactSum()
    /// Σ s_ii.
    package var leverages = ExactSum()
    /// Σ (e / (1 − s))².
    package var squaredLeaveOneOutErrors = ExactSum()
    /// Σ of squared errors of the buffered predictions.
    package var squaredBufferedErrors = ExactSum()
    /// Observations that cannot be evaluated.
    package var failureCount = 0
    /// Observations with leverage 1.
    package var saturationCount = 0
    /// Observations without a buffered prediction.
    package var bufferedFailureCount = 0

    /// A leverage closer to 1 than this leaves no digits in 1 − s.
    package static let smallestFreedom = 1e-9

    /// The scores of no observation.
    package init() {}

    /// Adds an observation's residual, leverage and buffered error; NaN where there is none.
    package mutating func add(residual e: Double, leverage s: Double, bufferedError b: Double?) {
        if (e * s).isFinite {
            squaredResiduals.add(product: e, e)
            leverages.add(s)
            let freedom = 1 - s
            if freedom < Self.smallestFreedom {
                saturationCount += 1
            } else {
                let left = e / freedom
                squaredLeaveOneOutErrors.add(product: left, left)
            }
        } else {
            failureCount += 1
        }
        if let b, b.isFinite {
            squaredBufferedErrors.add(product: b, b)
        } else {
            bufferedFailureCount += 1
        }
    }

    /// Adds the scores of other observations.
    package mutating func merge(_ other: CandidateSum) {
        squaredResiduals.merge(other.squaredResiduals)
        leverages.merge(other.leverages)
        squaredLeaveOneOutErrors.merge(other.squaredLeaveOneOutErrors)
        squaredBufferedErrors.merge(other.squaredBufferedErrors)
        failureCount += other.failureCount
        saturationCount += other.saturationCount
        bufferedFailureCount += other.bufferedFailureCount
    }

    var encoded: [UInt8] {
        var bytes: [UInt8] = []
        for count in [failureCount, saturationCount, bufferedFailureCount] {
            PartialCoding.append(count, to: &bytes)
        }
        for sum in [
            squaredResiduals, leverages, squaredLeaveOneOutErrors, squaredBufferedErrors,
        ] {
            bytes += sum.encoded
        }
        return bytes
    }

    init(decodingPrefixOf bytes: inout ArraySlice<UInt8>) throws(CarbonBalanceError) {
        func count(_ noun: String) throws(CarbonBalanceError) -> Int {
            try PartialCoding.number(from: &bytes, of: noun, atMost: 1 << 40)
        }
        failureCount = try count("failure count")
        saturationCount = try count("saturation count")
        bufferedFailureCount = try count("buffered failure count")
        do {
            squaredResiduals = try ExactSum(decodingPrefixOf: &bytes)
            leverages = try ExactSum(decodingPrefixOf: &bytes)
            squaredLeaveOneOutErrors = try ExactSum(decodingPrefixOf: &bytes)
            squaredBufferedErrors = try ExactSum(decodingPrefixOf: &bytes)
        } catch {
            throw PartialCoding.refusal("\(error)")
        }
    }
}

/// How the neighbourhoods of a tile were made sure to be complete.
package struct CertificateCount: Hashable, Sendable, Codable {
    /// Cells whose neighbourhood surely is that of the whole grid.
    package var certified = 0
    /// Cells whose neighbourhood may lack somebody: a defect, so never in a result.
    package var uncertified = 0
    /// Times that a window was read again with a wider halo.
    package var growths = 0

    /// No cell.
    package init() {}

    /// Compares with the number of neighbourhoods that a tile has, counted from its cells.
    package mutating func expect(_ count: Int) { uncertified += max(0, count - certified) }

    /// Adds the counts of another tile.
    package mutating func merge(_ other: CertificateCount) {
        certified += other.certified
        uncertified += other.uncertified
        growths += other.growths
    }

    var encoded: [UInt8] {
        var bytes: [UInt8] = []
        for count in [certified, uncertified, growths] { PartialCoding.append(count, to: &bytes) }
        return bytes
    }

    init(decodingPrefixOf bytes: inout ArraySlice<UInt8>) throws(CarbonBalanceError) {
        certified = try PartialCoding.number(from: &bytes, of: "certified", atMost: 1 << 40)
        uncertified = try PartialCoding.number(from: &bytes, of: "uncertified", atMost: 1 << 40)
        growths = try PartialCoding.number(from: &bytes, of: "growths", atMost: 1 << 40)
    }
}

/// What a tile of a round of the bandwidth stage contributes: the scores of each candidate.
package struct CandidatePartial: Hashable, Sendable {
    /// Scores in the order of the round's candidates.
    package var candidates: [CandidateSum]
    /// Number of observations that were evaluated.
    package var locationCount = 0
    /// How complete the neighbourhoods were.
    package var certificates = CertificateCount()

    private static let version: UInt8 = 1

    /// The contribution of no observation.
    package init(candidateCount: Int) {
        candidates = Array(repeating: CandidateSum(), count: candidateCount)
    }

    /// Adds the contribution of another tile of the same round.
    package mutating func merge(_ other: CandidatePartial) {
        precondition(other.candidates.count == candidates.count, "partials of one round")
        for index in candidates.indices { candidates[index].merge(other.candidates[index]) }
        locationCount += other.locationCount
        certificates.merge(other.certificates)
    }

    /// The contribution as bytes: equal contributions have equal bytes.
    package var encoded: [UInt8] {
        var bytes = [Self.version]
        PartialCoding.append(candidates.count, to: &bytes)
        PartialCoding.append(locationCount, to: &bytes)
        bytes += certificates.encoded
        for candidate in candidates { bytes += candidate.encoded }
        return bytes
    }

    /// The contribution that ``encoded`` gave these bytes; all of them, and nothing else.
    ///
    /// - Throws: `CarbonBalanceError` for bytes that ``encoded`` cannot have made.
    package init(encoded bytes: [UInt8]) throws(CarbonBalanceError) {
        var rest = bytes[...]
        guard rest.popFirst() == Self.version else {
            throw PartialCoding.refusal("does not begin with version \(Self.version)")
        }
        let count = try PartialCoding.number(
            from: &rest,
            of: "candidate count",
            atMost: BandwidthConstants.candidateLimit
        )
        self.init(candidateCount: count)
        locationCount = try PartialCoding.number(from: &rest, of: "location count", atMost: 1 << 40)
        certificates = try CertificateCount(decodingPrefixOf: &rest)
        for index in candidates.indices {
            candidates[index] = try CandidateSum(decodingPrefixOf: &rest)
        }
        guard rest.isEmpty else {
            throw PartialCoding.refusal("is followed by \(rest.count) bytes")
        }
    }
}
