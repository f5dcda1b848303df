import Analysis
import CarbonBalance
import Lattice
import Testing

/// The partial sums of the regression's stages: exact, mergeable in any order, decoded totally.
struct RegressionPartialTests {
    private static func candidates(seed: UInt64) -> CandidatePartial {
        var random = SeededGenerator(seed: seed)
        var partial = CandidatePartial(candidateCount: 3)
        for _ in 0..<20 {
            for index in 0..<3 {
                let isBad = Int.random(in: 0..<9, using: &random) == 0
                partial.candidates[index].add(
                    residual: isBad ? .nan : Double.random(in: -3...3, using: &random),
                    leverage: Double.random(in: 0...1, using: &random),
                    bufferedError: isBad ? nil : Double.random(in: -5...5, using: &random)
                )
            }
            partial.locationCount += 1
            partial.certificates.certified += 1
        }
        return partial
    }

    private static func fit(seed: UInt64) -> FitPartial {
        var random = SeededGenerator(seed: seed)
        var partial = FitPartial(termCount: 2)
        for row in 0..<20 {
            partial.add(
                residual: Double.random(in: -3...3, using: &random),
                leverage: Double.random(in: 0...1, using: &random),
                squaredHatRow: Double.random(in: 0...1, using: &random),
                deviation: Double.random(in: -5...5, using: &random)
            )
            partial.count(row % 3 == 0 ? .termsUnidentified : .fitted)
            partial.terms[1].sum.add(Double.random(in: -9...9, using: &random))
            if row % 3 == 0 {
                partial.terms[1].unidentifiedCount += 1
                partial.terms[1].note(unidentified: [row + Int(seed % 3), 40 - row])
            }
        }
        return partial
    }

    private static func residuals(seed: UInt64) -> ResidualPartial {
        var random = SeededGenerator(seed: seed)
        var partial = ResidualPartial()
        for _ in 0..<30 {
            let values = (0..<2).map { _ in Double.random(in: -2...2, using: &random) }
            partial.local.add(values[0], degree: 3)
            partial.local.add(values[0], values[1], down: 1, right: -1)
            partial.global.add(values[1], values[0], down: 0, right: 7)
            partial.response.add(values[1], degree: 8)
        }
        return partial
    }

    @Test
    func `partials survive their bytes, and bytes with anything missing or added are refused`()
        throws
    {
        let candidates = Self.candidates(seed: 1)
        let fit = Self.fit(seed: 2)
        let residuals = Self.residuals(seed: 3)
        #expect(try CandidatePartial(encoded: candidates.encoded) == candidates)
        #expect(try FitPartial(encoded: fit.encoded) == fit)
        #expect(try ResidualPartial(encoded: residuals.encoded) == residuals)
        for cut in 0..<candidates.encoded.count {
            #expect(throws: CarbonBalanceError.self) {
                try CandidatePartial(encoded: Array(candidates.encoded.prefix(cut)))
            }
        }
        for cut in 0..<fit.encoded.count {
            #expect(throws: CarbonBalanceError.self) {
                try FitPartial(encoded: Array(fit.encoded.prefix(cut)))
            }
        }
        #expect(throws: CarbonBalanceError.self) {
            try ResidualPartial(encoded: residuals.encoded + [0])
        }
    }

    @Test func `the order of merging leaves no trace`() {
        let seeds = [1, 2, 3, 4, 5] as [UInt64]
        var forwards = CandidatePartial(candidateCount: 3)
        var backwards = forwards
        var fits = (FitPartial(termCount: 2), FitPartial(termCount: 2))
        for seed in seeds { forwards.merge(Self.candidates(seed: seed)) }
        for seed in seeds.reversed() { backwards.merge(Self.candidates(seed: seed)) }
        for seed in seeds { fits.0.merge(Self.fit(seed: seed)) }
        for seed in seeds.reversed() { fits.1.merge(Self.fit(seed: seed)) }
        #expect(forwards.encoded == backwards.encoded)
        #expect(fits.0.encoded == fits.1.encoded)
        #expect(fits.0.terms[1].firstUnidentified == [0, 40])
    }

    @Test func `Moran's I from pair sums is that of its definition`() {
        var random = SeededGenerator(seed: 7)
        let size = 12
        var values: [[Double?]] = []
        for row in 0..<size {
            values.append(
                (0..<size).map { column in
                    Int.random(in: 0..<5, using: &random) == 0
                        ? nil
                        : Double(row) * 0.3 + Double.random(in: -1...1, using: &random)
                            + Double(column % 3)
                }
            )
        }
        var partial = ResidualPartial()
        for row in 0..<size {
            for column in 0..<size {
                guard let own = values[row][column] else { continue }
                var degree = 0
                for down in -1...1 {
                    for right in -1...1 where (down, right) != (0, 0) {
                        let (r, c) = (row + down, column + right)
                        guard (0..<size).contains(r), (0..<size).contains(c),
                            let other = values[r][c]
                        else { continue }
                        degree += 1
                        if down > 0 || (down == 0 && right > 0) {
                            partial.local.add(own, other, down: down, right: right)
                        }
                    }
                }
                partial.local.add(own, degree: degree)
            }
        }
        let known = values.flatMap { $0.compactMap(\.self) }
        let mean = known.reduce(0, +) / Double(known.count)
        var cross = 0.0
        var weights = 0.0
        for row in 0..<size {
            for column in 0..<size {
                guard let own = values[row][column] else { continue }
                for r in max(0, row - 1)...min(size - 1, row + 1) {
                    for c in max(0, column - 1)...min(size - 1, column + 1)
                    where (r, c) != (row, column) {
                        guard let other = values[r][c] else { continue }
                        cross += (own - mean) * (other - mean)
                        weights += 1
                    }
                }
            }
        }
        let square = known.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
        let expected = Double(known.count) / weights * cross / square
        let pattern = ResidualConstants(partial, stepMetres: 1000).local
        #expect(abs((pattern.moranI ?? 0) - expected) < 1e-12)
        #expect((pattern.zScore ?? 0) > 3)
    }

    @Test func `a field of noise is smooth, of its seed, and the same in any window`() {
        let field = NullCovariate(number: 1, wavelengthMetres: 100_000)
        let other = NullCovariate(number: 2, wavelengthMetres: 100_000)
        var largestStep = 0.0
        var spread: [Double] = []
        for step in 0..<400 {
            let here = field.value(down: Double(step) * 10_000, right: 5_000)
            let next = field.value(down: Double(step) * 10_000 + 1_000, right: 5_000)
            largestStep = max(largestStep, abs(here - next))
            spread.append(here)
            #expect(abs(here) <= 1)
        }
        #expect(largestStep < 0.05)
        #expect((spread.max() ?? 0) > 0.5 && (spread.min() ?? 0) < -0.5)
        #expect(field.value(down: 1, right: 2) != other.value(down: 1, right: 2))
    }
}
