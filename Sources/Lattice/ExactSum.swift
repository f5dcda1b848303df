/// A sum of doubles, and of products of doubles, that depends on neither order nor grouping.
///
/// Every term is an integer multiple of 2⁻²¹⁴⁸, so a long enough integer holds any sum exactly. Partial
/// sums of tiles therefore merge in any order to the same bits, and ``value`` is the true sum rounded
/// once. The integer is kept in limbs of 32 bits with room for deferred carries (Neal 2015, "Fast exact
/// summation using small and large superaccumulators", arXiv:1505.05571; Kulisch 2008). Only the limbs
/// in use are stored: typically under 100 bytes.
///
/// Edge cases:
/// - A NaN term, or infinities of both signs, or 0·∞, make the sum NaN for good; one infinity makes it
///   that infinity.
/// - Finite sums cannot overflow on the way: 1e308 + 1e308 − 1e308 is 1e308. A final sum beyond the range
///   of doubles has the value ±∞, and is still exact inside.
/// - The sum of nothing, and of zeros of any sign, is +0.
///
/// Cost: a few nanoseconds a term.
package struct ExactSum: Sendable {
    /// What infinite or undefined terms have made of the sum.
    enum Special: UInt8, Sendable {
        case finite = 0
        case positiveInfinity = 3
        case negativeInfinity = 4
        case notANumber = 5
    }

    /// Exponent of two of the lowest bit of limb 0.
    static let lowestExponent = -2176
    /// Limbs that any sum of 2⁶³ terms fits into: (2 · 1024 + 64 + 2176) / 32, and one for the sign.
    static let maximumLimbs = 136
    /// Each addition changes a limb by less than 2³², so that many cannot overflow 63 bits.
    private static let maximumPending = 1 << 29

    private(set) var special = Special.finite
    /// Signed limbs, low to high; limb i counts multiples of 2^(lowestExponent + 32 (firstLimb + i)).
    private var limbs: [Int64] = []
    private var firstLimb = 0
    private var pending = 0

    /// The sum of no terms.
    package init() {}

    /// The sum of a sequence.
    package init(_ terms: some Sequence<Double>) {
        for term in terms { add(term) }
    }

    /// Adds a term.
    package mutating func add(_ term: Double) {
        let bits = term.bitPattern
        let biased = Int((bits >> 52) & 0x7ff)
        guard biased != 0x7ff else { return addSpecial(term) }
        var significand = bits & 0x000f_ffff_ffff_ffff
        guard biased != 0 || significand != 0 else { return }
        if biased != 0 { significand |= 0x0010_0000_0000_0000 }
        addInteger(significand, exponent: max(biased, 1) - 1075, isNegative: term.sign == .minus)
    }

    /// Adds the exact product of two doubles, which may have twice the digits of a double.
    ///
    /// The significands are multiplied as integers: unlike a fused multiply-add this cannot underflow.
    package mutating func add(product x: Double, _ y: Double) {
        guard x.isFinite && y.isFinite else { return addSpecial(x * y) }
        guard x != 0 && y != 0 else { return }
        let (left, leftExponent) = Self.integerParts(x)
        let (right, rightExponent) = Self.integerParts(y)
        let product = left.multipliedFullWidth(by: right)
        let exponent = leftExponent + rightExponent
        let isNegative = x.sign != y.sign
        if product.low != 0 {
            addInteger(product.low, exponent: exponent, isNegative: isNegative)
        }
        if product.high != 0 {
            addInteger(product.high, exponent: exponent + 64, isNegative: isNegative)
        }
    }

    /// Adds all terms of another sum.
    package mutating func merge(_ other: ExactSum) {
        if other.special != .finite || special != .finite {
            combineSpecial(other.special)
            return
        }
        guard !other.limbs.isEmpty else { return }
        var carried = other
        carried.normalise()
        guard !carried.limbs.isEmpty else { return }
        reserve(carried.firstLimb, through: carried.firstLimb + carried.limbs.count - 1)
        for (index, limb) in carried.limbs.enumerated() {
            limbs[carried.firstLimb - firstLimb + index] += limb
        }
        countAddition()
    }

    /// The true sum, rounded to the nearest double, ties to even.
    package var value: Double {
        switch special {
        case .notANumber: return .nan
        case .positiveInfinity: return .infinity
        case .negativeInfinity: return -.infinity
        case .finite: break
        }
        let (isNegative, magnitude, first) = signedMagnitude()
        let rounded = Self.rounded(
            magnitude,
            lowestExponent: Self.lowestExponent + 32 * first
        )
        return isNegative ? -rounded : rounded
    }

    /// True when no term other than zero was added, or the terms cancel exactly.
    package var isZero: Bool { special == .finite && signedMagnitude().magnitude.isEmpty }

    private static func integerParts(_ x: Double) -> (significand: UInt64, exponent: Int) {
        let bits = x.bitPattern
        let biased = Int((bits >> 52) & 0x7ff)
        let fraction = bits & 0x000f_ffff_ffff_ffff
        return biased == 0 ? (fraction, -1074) : (fraction | 0x0010_0000_0000_0000, biased - 1075)
    }

    private mutating func addInteger(_ integer: UInt64, exponent: Int, isNegative: Bool) {
        let offset = exponent - Self.lowestExponent
        let limb = offset >> 5
        let shift = UInt64(offset & 31)
        let low = (integer & 0xffff_ffff) << shift
        let high = (integer >> 32) << shift
        var part0 = Int64(truncatingIfNeeded: low & 0xffff_ffff)
        var part1 = Int64(truncatingIfNeeded: (low >> 32) &+ (high & 0xffff_ffff))
        var part2 = Int64(truncatingIfNeeded: high >> 32)
        if isNegative {
            part0 = -part0
            part1 = -part1
            part2 = -part2
        }
        var index = limb &- firstLimb
        if index < 0 || index &+ 2 >= limbs.count {
            reserve(limb, through: limb + 2)
            index = limb - firstLimb
        }
        limbs[index] &+= part0
        limbs[index &+ 1] &+= part1
        limbs[index &+ 2] &+= part2
        countAddition()
    }

    private mutating func countAddition() {
        pending &+= 1
        if pending >= Self.maximumPending { normalise() }
    }

    /// Grows the stored limbs so that they hold `first` to `last`.
    private mutating func reserve(_ first: Int, through last: Int) {
        guard !limbs.isEmpty else {
            firstLimb = first
            limbs = [Int64](repeating: 0, count: last - first + 1)
            return
        }
        if first < firstLimb {
            limbs.insert(contentsOf: repeatElement(0, count: firstLimb - first), at: 0)
            firstLimb = first
        }
        let missing = last - (firstLimb + limbs.count - 1)
        if missing > 0 { limbs.append(contentsOf: repeatElement(0, count: missing)) }
    }

    /// Carries, so that every limb but the highest lies in 0..<2³² and the highest within ±2³².
    ///
    /// The sign lives in the highest limb alone.
    private mutating func normalise() {
        guard let last = limbs.indices.last else { return }
        pending = 1
        var carry: Int64 = 0
        for index in 0..<last {
            let limb = limbs[index] + carry
            carry = limb >> 32
            limbs[index] = limb & 0xffff_ffff
        }
        let highest = limbs[last] + carry
        if highest.magnitude <= 0xffff_ffff {
            limbs[last] = highest
        } else {
            limbs[last] = highest & 0xffff_ffff
            limbs.append(highest >> 32)
        }
    }

    private mutating func addSpecial(_ term: Double) {
        let kind: Special =
            if term.isNaN {
                .notANumber
            } else {
                term > 0 ? .positiveInfinity : .negativeInfinity
            }
        combineSpecial(kind)
    }

    private mutating func combineSpecial(_ other: Special) {
        if special == .finite {
            special = other
        } else if other != .finite, other != special {
            special = .notANumber
        }
        // The finite part no longer matters, and equal sums have equal bytes.
        limbs = []
        firstLimb = 0
        pending = 0
    }
}

extension ExactSum {
    /// The finite part as sign and magnitude; empty for zero.
    ///
    /// The magnitude has 32-bit limbs, low to high, without zeros at either end; `firstLimb` is the index
    /// of the lowest.
    func signedMagnitude() -> (isNegative: Bool, magnitude: [UInt32], firstLimb: Int) {
        var carried = self
        carried.normalise()
        var signed = carried.limbs
        let isNegative = (signed.last ?? 0) < 0
        if isNegative {
            var carry: Int64 = 0
            for index in signed.indices {
                let limb = carry - signed[index]
                carry = limb >> 32
                signed[index] = limb & 0xffff_ffff
            }
            precondition(carry == 0, "the magnitude of a negative sum is positive")
        }
        precondition(signed.allSatisfy { (0...0xffff_ffff).contains($0) }, "limb out of range")
        guard let lowest = signed.firstIndex(where: { $0 != 0 }),
            let highest = signed.lastIndex(where: { $0 != 0 })
        else { return (false, [], 0) }
        let magnitude = signed[lowest...highest].map { UInt32(truncatingIfNeeded: $0) }
        return (isNegative, magnitude, carried.firstLimb + lowest)
    }

    /// A sum from its sign and magnitude.
    init(isNegative: Bool, magnitude: [UInt32], firstLimb: Int) {
        limbs = magnitude.map { isNegative ? -Int64($0) : Int64($0) }
        self.firstLimb = limbs.isEmpty ? 0 : firstLimb
        pending = limbs.isEmpty ? 0 : 1
    }

    /// A sum that is infinite or undefined.
    init(special: Special) {
        self.special = special
    }

    private static func rounded(_ magnitude: [UInt32], lowestExponent: Int) -> Double {
        guard let highest = magnitude.last else { return 0 }
        let bitCount = 32 * magnitude.count - highest.leadingZeroBitCount
        let topExponent = lowestExponent + bitCount - 1
        guard topExponent <= 1023 else { return .infinity }
        // The lowest bit a double of this size has; below 2⁻¹⁰²² it is 2⁻¹⁰⁷⁴.
        let keptExponent = max(topExponent - 52, -1074)
        let dropped = keptExponent - lowestExponent
        guard dropped > 0 else {
            let kept = bits(of: magnitude, from: 0)
            return Double(sign: .plus, exponent: lowestExponent, significand: Double(kept))
        }
        guard dropped <= bitCount else { return 0 }
        var kept = bits(of: magnitude, from: dropped)
        let isHalf = bit(of: magnitude, at: dropped - 1)
        let hasRest =
            isHalf && (0..<(dropped - 1)).contains { bit(of: magnitude, at: $0) }
        if isHalf, hasRest || kept & 1 == 1 { kept += 1 }
        return Double(sign: .plus, exponent: keptExponent, significand: Double(kept))
    }

    private static func bit(of magnitude: [UInt32], at position: Int) -> Bool {
        magnitude[position >> 5] >> UInt32(position & 31) & 1 == 1
    }

    /// The bits from `position` up; at most 53 remain.
    private static func bits(of magnitude: [UInt32], from position: Int) -> UInt64 {
        var result: UInt64 = 0
        let limb = position >> 5
        for (offset, index) in (limb..<magnitude.count).enumerated() where offset < 3 {
            let shift = 32 * offset - (position & 31)
            let part = UInt64(magnitude[index])
            result |= shift >= 0 ? part << UInt64(shift) : part >> UInt64(-shift)
        }
        return result
    }
}

extension ExactSum: Hashable {
    package static func == (lhs: Self, rhs: Self) -> Bool { lhs.encoded == rhs.encoded }

    package func hash(into hasher: inout Hasher) { hasher.combine(encoded) }
}
