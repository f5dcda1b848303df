package import CarbonBalance
package import Lattice

/// Pairs of observations and how alike they are, by their distance on the lattice: exact sums from which
/// Moran's I and a correlogram follow.
///
/// A pair is counted once, by the observation from which the other lies below, or in the same row to the
/// right. Class c holds the pairs whose distance in steps of the lattice rounds to c + 1.
package struct PairSums: Hashable, Sendable {
    /// One class of distances, or the queen's neighbours.
    package struct Class: Hashable, Sendable {
        /// Number of pairs.
        package var pairCount = 0
        /// Σ z_i z_j.
        package var products = ExactSum()
        /// Σ (z_i + z_j).
        package var sums = ExactSum()

        mutating func add(_ first: Double, _ second: Double) {
            pairCount += 1
            products.add(product: first, second)
            sums.add(first)
            sums.add(second)
        }

        mutating func merge(_ other: Class) {
            pairCount += other.pairCount
            products.merge(other.products)
            sums.merge(other.sums)
        }
    }

    /// Number of classes of distances.
    package static let classCount = 15
    /// Steps of the lattice that a pair is looked for.
    package static let reachSteps = 15

    /// Number of observations.
    package var count = 0
    /// Σ z.
    package var sum = ExactSum()
    /// Σ z².
    package var squares = ExactSum()
    /// Pairs that touch at a side or a corner.
    package var queen = Class()
    /// Σ m², m the number of an observation's queen neighbours.
    package var squaredDegrees = 0
    /// Pairs by distance.
    package var classes = Array(repeating: Class(), count: classCount)

    /// Class of a pair so many steps apart; nil beyond the last, or for no pair.
    package static func distanceClass(down: Int, right: Int) -> Int? {
        let steps = Double(down * down + right * right).squareRoot().rounded()
        let index = Int(steps) - 1
        return (0..<classCount).contains(index) ? index : nil
    }

    /// Adds an observation and the number of its queen neighbours.
    package mutating func add(_ value: Double, degree: Int) {
        count += 1
        sum.add(value)
        squares.add(product: value, value)
        squaredDegrees += degree * degree
    }

    /// Adds a pair, once.
    package mutating func add(_ first: Double, _ second: Double, down: Int, right: Int) {
        if abs(down) <= 1, abs(right) <= 1 { queen.add(first, second) }
        guard let index = Self.distanceClass(down: down, right: right) else { return }
        classes[index].add(first, second)
    }

    mutating func merge(_ other: PairSums) {
        count += other.count
        sum.merge(other.sum)
        squares.merge(other.squares)
        queen.merge(other.queen)
        squaredDegrees += other.squaredDegrees
        for index in classes.indices { classes[index].merge(other.classes[index]) }
    }
}

/// What a tile of the diagnose stage contributes: how alike neighbouring values are.
package struct ResidualPartial: Hashable, Sendable {
    /// Of the local models' residuals.
    package var local = PairSums()
    /// Of the residuals of ordinary least squares.
    package var global = PairSums()
    /// Of the response.
    package var response = PairSums()
    /// How complete the neighbourhoods were.
    package var certificates = CertificateCount()

    private static let version: UInt8 = 1

    /// The contribution of no observation.
    package init() {}

    /// Adds the contribution of another tile.
    package mutating func merge(_ other: ResidualPartial) {
        local.merge(other.local)
        global.merge(other.global)
        response.merge(other.response)
        certificates.merge(other.certificates)
    }

    /// The contribution as bytes: equal contributions have equal bytes.
    package var encoded: [UInt8] {
        [Self.version] + local.encoded + global.encoded + response.encoded + certificates.encoded
    }

    /// The contribution that ``encoded`` gave these bytes; all of them, and nothing else.
    ///
    /// - Throws: `CarbonBalanceError` for bytes that ``encoded`` cannot have made.
    package init(encoded bytes: [UInt8]) throws(CarbonBalanceError) {
        var rest = bytes[...]
        guard rest.popFirst() == Self.version else {
            throw PartialCoding.refusal("does not begin with version \(Self.version)")
        }
        local = try PairSums(decodingPrefixOf: &rest)
        global = try PairSums(decodingPrefixOf: &rest)
        response = try PairSums(decodingPrefixOf: &rest)
        certificates = try CertificateCount(decodingPrefixOf: &rest)
        guard rest.isEmpty else {
            throw PartialCoding.refusal("is followed by \(rest.count) bytes")
        }
    }
}

extension PairSums {
    fileprivate var encoded: [UInt8] {
        var bytes: [UInt8] = []
        PartialCoding.append(count, to: &bytes)
        PartialCoding.append(squaredDegrees, to: &bytes)
        bytes += sum.encoded + squares.encoded
        for item in [queen] + classes {
            PartialCoding.append(item.pairCount, to: &bytes)
            bytes += item.products.encoded + item.sums.encoded
        }
        return bytes
    }

    fileprivate init(decodingPrefixOf bytes: inout ArraySlice<UInt8>) throws(CarbonBalanceError) {
        count = try PartialCoding.number(from: &bytes, of: "count", atMost: 1 << 40)
        squaredDegrees = try PartialCoding.number(from: &bytes, of: "degrees", atMost: 1 << 46)
        do {
            sum = try ExactSum(decodingPrefixOf: &bytes)
            squares = try ExactSum(decodingPrefixOf: &bytes)
            queen = try Class(decodingPrefixOf: &bytes)
            for index in classes.indices { classes[index] = try Class(decodingPrefixOf: &bytes) }
        } catch {
            throw PartialCoding.refusal("\(error)")
        }
    }
}

extension PairSums.Class {
    fileprivate init(decodingPrefixOf bytes: inout ArraySlice<UInt8>) throws {
        pairCount = try PartialCoding.number(from: &bytes, of: "pairs", atMost: 1 << 50)
        products = try ExactSum(decodingPrefixOf: &bytes)
        sums = try ExactSum(decodingPrefixOf: &bytes)
    }
}
