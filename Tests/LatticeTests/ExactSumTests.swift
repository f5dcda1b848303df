import Lattice
import Testing

struct ExactSumTests {
    /// Terms that cancel over the whole range of doubles.
    private static func terms(seed: UInt64, count: Int) -> [Double] {
        var random = SeededRandom(seed: seed)
        return (0..<count).map { _ in random.anyFinite() }
    }

    @Test(arguments: UInt64(1)...20)
    func `the bytes of a sum depend on neither order nor grouping`(seed: UInt64) throws {
        var random = SeededRandom(seed: seed)
        var terms = Self.terms(seed: seed, count: 300)
        let whole = ExactSum(terms)
        for _ in 0..<5 {
            terms.shuffle(using: &random)
            var merged = ExactSum()
            var rest = terms[...]
            while !rest.isEmpty {
                let size = Int.random(in: 1...60, using: &random)
                var part = ExactSum(rest.prefix(size))
                if Bool.random(using: &random) { part = try ExactSum(encoded: part.encoded) }
                merged.merge(part)
                rest = rest.dropFirst(size)
            }
            #expect(merged.encoded == whole.encoded)
            #expect(merged == whole)
            #expect(merged.value.bitPattern == whole.value.bitPattern)
        }
    }

    @Test(arguments: UInt64(1)...20)
    func `what is added and taken away leaves exactly nothing`(seed: UInt64) {
        let terms = Self.terms(seed: seed, count: 200)
        var sum = ExactSum(terms)
        sum.add(42.5)
        for term in terms.reversed() { sum.add(-term) }
        #expect(sum.value == 42.5)
        sum.add(-42.5)
        #expect(sum.isZero)
        #expect(sum.encoded == [0])
    }

    private static let one = 1.0
    private static let least = Double.leastNonzeroMagnitude
    private static let greatest = Double.greatestFiniteMagnitude

    static let roundings: [([Double], Double)] = [
        ([1.0, 0x1p-53], 1.0), ([1.0, 0x1p-53, least], one.nextUp),
        ([one.nextUp, 0x1p-53], one.nextUp.nextUp), ([1, -0x1p-54], 1),
        ([1, -0x1p-54, -least], one.nextDown), ([1e308, 1e308, -1e308], 1e308),
        ([1e308, 1e308], .infinity), ([-1e308, -1e308], -.infinity),
        ([least, least], 2 * least), ([-least], -least),
        ([.leastNormalMagnitude, -least], Double.leastNormalMagnitude.nextDown), ([], 0),
        ([-0.0], 0), ([1, 1e100, 1, -1e100], 2), ([greatest, 0x1p969], greatest),
        ([greatest, 0x1p970], .infinity),
    ]

    @Test(arguments: roundings)
    func `a sum is rounded once, to nearest, ties to even`(terms: [Double], expected: Double) {
        let value = ExactSum(terms).value
        #expect(value.bitPattern == expected.bitPattern)
    }

    @Test func `a mean of integers is what integers say`() {
        var random = SeededRandom(seed: 7)
        var exact: Int128 = 0
        var sum = ExactSum()
        for _ in 0..<20_000 {
            let integer = Int64(bitPattern: random.next()) >> 11
            exact += Int128(integer) << 20
            sum.add(Double(integer) * 0x1p20)
        }
        #expect(sum.value == Double(exact))
    }

    @Test(arguments: UInt64(1)...50)
    func `a product is added without losing a bit`(seed: UInt64) {
        var random = SeededRandom(seed: seed)
        let x = random.anyFinite()
        let y = random.anyFinite()
        // The same product cut into parts by halving the significands.
        func halves(_ value: Double) -> [Double] {
            let high = Double(bitPattern: value.bitPattern & ~0x3ff_ffff)
            return [high, value - high]
        }
        var whole = ExactSum()
        whole.add(product: x, y)
        var pieces = ExactSum()
        for left in halves(x) { for right in halves(y) { pieces.add(product: left, right) } }
        #expect(whole == pieces)
        let product = x * y
        #expect(whole.value.bitPattern == product.bitPattern)
    }

    @Test func `a product below the smallest double is not lost`() {
        var sum = ExactSum()
        for _ in 0..<1024 { sum.add(product: 0x1p-560, 0x1p-560) }
        #expect(sum.value == 0)
        #expect(!sum.isZero)
        sum.add(product: -0x1p-555, 0x1p-555)
        #expect(sum.isZero)
        sum.add(product: Self.least, Self.least)
        #expect(!sum.isZero)
        #expect(sum.encoded.count == 6)
    }

    @Test func `infinite and undefined terms decide the sum whatever their order`() throws {
        let cases: [([Double], Double)] = [
            ([1, .infinity], .infinity), ([.infinity, -1e308], .infinity),
            ([-.infinity, .infinity], .nan), ([.nan, 1], .nan), ([.infinity, .nan, 2], .nan),
            ([-.infinity, -.infinity], -.infinity),
        ]
        for (terms, expected) in cases {
            for order in [terms, terms.reversed()] {
                let sum = ExactSum(order)
                #expect(sum.value == expected || (sum.value.isNaN && expected.isNaN))
                #expect(sum.encoded == ExactSum([expected]).encoded)
                #expect(try ExactSum(encoded: sum.encoded) == sum)
                var merged = ExactSum([5])
                merged.merge(sum)
                #expect(merged == sum)
            }
        }
        var product = ExactSum()
        product.add(product: 0, .infinity)
        #expect(product.value.isNaN)
    }

    @Test func `a long sum of one sign keeps its carries`() {
        var sum = ExactSum()
        for _ in 0..<100_000 { sum.add(-0.1) }
        var other = ExactSum()
        for _ in 0..<1000 {
            var part = ExactSum()
            for _ in 0..<100 { part.add(0.1) }
            other.merge(part)
        }
        #expect(other.value == -sum.value)
        other.merge(sum)
        #expect(other.isZero)
    }

    @Test(arguments: UInt64(1)...30)
    func `decoding refuses whatever encoding cannot have made`(seed: UInt64) throws {
        var random = SeededRandom(seed: seed)
        let bytes = ExactSum(Self.terms(seed: seed, count: 5)).encoded
        for length in 0..<bytes.count {
            #expect(throws: LatticeError.self) { try ExactSum(encoded: Array(bytes[..<length])) }
        }
        #expect(throws: LatticeError.self) { try ExactSum(encoded: bytes + [0]) }
        for _ in 0..<200 {
            var damaged = bytes
            damaged[Int.random(in: 0..<bytes.count, using: &random)] = UInt8.random(
                in: .min ... .max,
                using: &random
            )
            guard let sum = try? ExactSum(encoded: damaged) else { continue }
            #expect(sum.encoded == damaged)
        }
    }

    @Test func `a record of several sums is read back one by one`() throws {
        let sums = [ExactSum([1.5]), ExactSum(), ExactSum([-1e-300, 7]), ExactSum([.nan])]
        var rest = sums.flatMap(\.encoded)[...]
        for sum in sums { #expect(try ExactSum(decodingPrefixOf: &rest) == sum) }
        #expect(rest.isEmpty)
    }

    @Test(arguments: UInt64(1)...5)
    func `moments merge exactly and centre without cancellation`(seed: UInt64) throws {
        var random = SeededRandom(seed: seed)
        let rows = (0..<400).map { _ in [1e9 + random.unit(), random.unit() * 1e-3] }
        var whole = ExactMoments(columnCount: 2)
        var parts = [ExactMoments(columnCount: 2), ExactMoments(columnCount: 2)]
        for (index, row) in rows.enumerated() {
            whole.add(row)
            parts[index % 2].add(row)
        }
        var rest = parts[1].encoded[...]
        var merged = try ExactMoments(decodingPrefixOf: &rest)
        merged.merge(parts[0])
        #expect(merged == whole)
        #expect(merged.encoded == whole.encoded)
        // Shifting by 1e9 exactly, which doubles of this size allow, must not change the spread.
        let shifted = rows.map { $0[0] - 1e9 }
        let mean = shifted.reduce(0, +) / 400
        let spread = shifted.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
        #expect(abs(whole.centredSum(of: 0, times: 0) / spread - 1) < 1e-12)
    }
}
