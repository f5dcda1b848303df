/// The distribution of a quantity's size, exact to merge, for medians of national bands.
///
/// Counts values by the upper 20 bits of |value| in single precision: sign (always 0), exponent, and 11
/// bits of the significand. Counts are integers, so tiles merge in any order; a median is known to the
/// bin, whose width is 2⁻¹¹ of its value (0.05 %), and is given as the bin's middle: within 0.025 %.
package struct MedianSketch: Hashable, Sendable {
    private var counts: [UInt32: Int] = [:]
    /// Number of values.
    package private(set) var count = 0

    private static let droppedBits: UInt32 = 12

    /// The distribution of no values.
    package init() {}

    /// Counts |value|; values that are not finite are left out.
    package mutating func add(_ value: Float) {
        guard value.isFinite else { return }
        counts[value.magnitude.bitPattern >> Self.droppedBits, default: 0] += 1
        count += 1
    }

    /// Counts all values of another sketch.
    package mutating func merge(_ other: MedianSketch) {
        for (bin, number) in other.counts { counts[bin, default: 0] += number }
        count += other.count
    }

    /// The median of |value|: the lower one of an even number; nil without values.
    ///
    /// A median in the lowest bin (below 1.2e-41 in size) is 0.
    package var median: Double? {
        guard count > 0 else { return nil }
        var rest = (count - 1) / 2
        for (bin, number) in counts.sorted(by: { $0.key < $1.key }) {
            if rest < number {
                guard bin > 0 else { return 0 }
                let middle = bin << Self.droppedBits | 1 << (Self.droppedBits - 1)
                return Double(Float(bitPattern: middle))
            }
            rest -= number
        }
        return nil
    }

    /// The counts as bytes, self-delimiting: the number of bins, then steps and counts, ascending.
    package var encoded: [UInt8] {
        var bytes: [UInt8] = []
        PartialCoding.append(counts.count, to: &bytes)
        var previous: UInt32 = 0
        for (bin, number) in counts.sorted(by: { $0.key < $1.key }) {
            PartialCoding.append(Int(bin - previous), to: &bytes)
            PartialCoding.append(number, to: &bytes)
            previous = bin
        }
        return bytes
    }

    /// Takes an encoded sketch off the front of `bytes`.
    ///
    /// - Throws: `CarbonBalanceError` for any bytes that ``encoded`` cannot have made.
    package init(decodingPrefixOf bytes: inout ArraySlice<UInt8>) throws(CarbonBalanceError) {
        // The bin of infinity, which no value reaches.
        let end = Int(Float.infinity.bitPattern >> Self.droppedBits)
        let bins = try PartialCoding.number(from: &bytes, of: "bin count", atMost: end)
        var bin = 0
        for index in 0..<bins {
            let step = try PartialCoding.number(from: &bytes, of: "bin", atMost: end)
            let number = try PartialCoding.number(from: &bytes, of: "bin's count", atMost: 1 << 40)
            bin += step
            guard bin < end, step > 0 || index == 0, number > 0 else {
                throw PartialCoding.refusal("has bins out of order")
            }
            counts[UInt32(bin)] = number
            count += number
        }
    }
}
