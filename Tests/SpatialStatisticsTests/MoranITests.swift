import SpatialStatistics
import Testing

struct MoranITests {
    /// Reference values: PySAL esda 2.9.0, `esda.Moran(values, w, transformation=…)`: I, VI_norm, z_norm.
    struct Reference: Sendable {
        let name: String
        let values: [Double]
        let neighbours: [[Int]]
        let standardisation: SpatialWeights.Standardisation
        let value: Double
        let variance: Double
        let zScore: Double
    }

    private static let latticeValues: [Double] = [
        3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5, 8, 9, 7, 9, 3, 2, 3, 8, 4,
    ]
    private static let lattice = SpatialWeights.contiguity(
        mask: [Bool](repeating: true, count: 20),
        columnCount: 4,
        isQueen: true
    )
    private static let chainValues: [Double] = [1, 2, 4, 3, 7]
    private static let chain = [[1, 2], [2], [0, 3], [4], [0, 1]]

    static let references = [
        Reference(
            name: "queen contiguity on 5 × 4, binary",
            values: latticeValues,
            neighbours: lattice,
            standardisation: .binary,
            value: -0.1201076080181096,
            variance: 0.011873965034378028,
            zScore: -0.6192294941786051
        ),
        Reference(
            name: "queen contiguity on 5 × 4, rows",
            values: latticeValues,
            neighbours: lattice,
            standardisation: .rows,
            value: -0.11809214483339348,
            variance: 0.013821500021984798,
            zScore: -0.5568037684751405
        ),
        Reference(
            name: "asymmetric, binary",
            values: chainValues,
            neighbours: chain,
            standardisation: .binary,
            value: -0.46344339622641506,
            variance: 0.04947916666666667,
            zScore: -0.9595586711110561
        ),
        Reference(
            name: "asymmetric, rows",
            values: chainValues,
            neighbours: chain,
            standardisation: .rows,
            value: -0.4245283018867924,
            variance: 0.058333333333333334,
            zScore: -0.722615821575484
        ),
    ]

    @Test(arguments: references)
    func `Moran's I and its moments are those of PySAL`(reference: Reference) throws {
        let weights = try SpatialWeights(
            neighbours: reference.neighbours,
            standardisation: reference.standardisation
        )
        let moran = try MoranI(values: reference.values, weights: weights)
        #expect(abs(moran.value - reference.value) < 1e-14)
        #expect(abs(moran.variance - reference.variance) < 1e-14)
        #expect(abs(moran.zScore - reference.zScore) < 1e-12)
        #expect(moran.expectation == -1 / Double(reference.values.count - 1))
    }

    @Test func `a chessboard is −1 and two halves are near 1`() throws {
        let mask = [Bool](repeating: true, count: 36)
        let rook = SpatialWeights.contiguity(mask: mask, columnCount: 6, isQueen: false)
        let weights = try SpatialWeights(neighbours: rook, standardisation: .binary)
        let board = (0..<36).map { Double(($0 / 6 + $0 % 6) % 2) }
        #expect(abs(try MoranI(values: board, weights: weights).value + 1) < 1e-14)
        let halves = (0..<36).map { $0 < 18 ? 0.0 : 1.0 }
        // 60 joins, 6 of them between the halves.
        #expect(abs(try MoranI(values: halves, weights: weights).value - 0.8) < 1e-14)
    }

    @Test func `contiguity numbers valid cells only`() {
        let mask = [true, false, true, true, true, false]
        #expect(
            SpatialWeights.contiguity(mask: mask, columnCount: 3, isQueen: true)
                == [[2, 3], [3], [0, 3], [0, 1, 2]]
        )
        #expect(
            SpatialWeights.contiguity(mask: mask, columnCount: 3, isQueen: false)
                == [[2], [], [0, 3], [2]]
        )
    }

    @Test func `permutations follow from their seed and centre on the expectation`() throws {
        let weights = try SpatialWeights(neighbours: Self.lattice, standardisation: .rows)
        let moran = try MoranI(values: Self.latticeValues, weights: weights)
        let first = moran.permutations(999, seed: 12)
        #expect(first == moran.permutations(999, seed: 12))
        #expect(first != moran.permutations(999, seed: 13))
        let error = moran.variance.squareRoot() / 999.0.squareRoot()
        #expect(abs(first.mean - moran.expectation) < 4 * error)
        #expect(abs(first.standardDeviation / moran.variance.squareRoot() - 1) < 0.15)
        #expect(first.pseudoP > 0.1)
        let trend = try MoranI(values: (0..<20).map(Double.init), weights: weights)
        #expect(trend.permutations(999, seed: 1).pseudoP == 0.001)
    }

    @Test func `observations without neighbours count as observations`() throws {
        let weights = try SpatialWeights(neighbours: [[1], [0], []], standardisation: .rows)
        // z = −1, 0, 1 for values 1, 2, 3: the only product is 0.
        #expect(try MoranI(values: [1, 2, 3], weights: weights).value == 0)
        // z = −1, −1, 2: I = (3 / 2)·(2 / 6).
        #expect(abs(try MoranI(values: [0, 0, 3], weights: weights).value - 0.5) < 1e-15)
    }

    @Test func `what cannot be computed is refused with its reason`() throws {
        func code(_ body: () throws -> Void) -> SpatialStatisticsError.Code? {
            do { try body() } catch { return (error as? SpatialStatisticsError)?.code }
            return nil
        }
        for lists in [[[1], [2]], [[0], [0]], [[1, 1], [0]], [[-1], [0]]] {
            #expect(
                code { _ = try SpatialWeights(neighbours: lists, standardisation: .rows) }
                    == .neighbours
            )
        }
        let weights = try SpatialWeights(neighbours: [[1], [0], [1]], standardisation: .binary)
        #expect(code { _ = try MoranI(values: [1, 2], weights: weights) } == .values)
        #expect(code { _ = try MoranI(values: [1, 2, .nan], weights: weights) } == .values)
        #expect(code { _ = try MoranI(values: [0.1, 0.1, 0.1], weights: weights) } == .degenerate)
        let alone = try SpatialWeights(neighbours: [[], [], []], standardisation: .rows)
        #expect(code { _ = try MoranI(values: [1, 2, 3], weights: alone) } == .degenerate)
        let pair = try SpatialWeights(neighbours: [[1], [0]], standardisation: .rows)
        #expect(code { _ = try MoranI(values: [1, 2], weights: pair) } == .degenerate)
    }
}
