import Regression
import Testing

/// Models whose rows fill more than one vector of eight, against the definitions by plain loops.
struct WideModelTests {
    @Test(arguments: [7, 8, 9, 15, 16], InstructionSet.available)
    func `any number of coefficients agrees with an orthogonalisation of the weighted rows`(
        predictorCount: Int,
        level: InstructionSet
    ) throws {
        let table = SyntheticTable(count: 120, predictorCount: predictorCount, seed: 41)
        let result = try table.model(instructionSet: level).fit(
            bandwidth: .adaptive(neighbours: 80)
        )
        let sigma = result.diagnostics.sigmaSquared.squareRoot()
        for location in stride(from: 0, to: 120, by: 17) {
            let expected = PlainFit(table, location: location, neighbours: 80)
            for term in 0...predictorCount {
                let scale = expected.coefficients.map(abs).max() ?? 1
                let beta = result.coefficients[term][location]
                #expect(abs(beta - expected.coefficients[term]) <= 1e-10 * scale)
                let error = result.standardErrors[term][location]
                let unit = expected.squaredWeights[term].squareRoot() * sigma
                #expect(abs(error - unit) <= 1e-10 * unit)
            }
            #expect(abs(result.influence[location] - expected.leverage) <= 1e-12)
        }
    }
}

/// C = R⁻¹Qᵀ√W of one location, so that β = C y and the errors are the lengths of its rows.
private struct PlainFit {
    private(set) var coefficients: [Double] = []
    private(set) var squaredWeights: [Double] = []
    private(set) var leverage = 0.0

    init(_ table: SyntheticTable, location: Int, neighbours: Int) {
        let distances = table.x.indices.map { row in
            let (dx, dy) = (table.x[row] - table.x[location], table.y[row] - table.y[location])
            return (dx * dx + dy * dy).squareRoot()
        }
        let h = distances.sorted()[neighbours - 1] * 1.0000001
        let roots = distances.map { d in d < h ? 1 - d / h * (d / h) : 0 }
        let columns = [table.x.map { _ in 1.0 }] + table.predictors
        var q = columns.map { column in zip(column, roots).map { $0 * $1 } }
        var r = q.map { _ in [Double](repeating: 0, count: q.count) }
        for j in q.indices {
            for _ in 0..<2 {
                for i in 0..<j {
                    let overlap = zip(q[i], q[j]).reduce(0) { $0 + $1.0 * $1.1 }
                    r[i][j] += overlap
                    q[j] = zip(q[j], q[i]).map { $0 - overlap * $1 }
                }
            }
            r[j][j] = q[j].reduce(0) { $0 + $1 * $1 }.squareRoot()
            q[j] = q[j].map { $0 / r[j][j] }
        }
        var rows = q.map { column in zip(column, roots).map { $0 * $1 } }
        for j in rows.indices.reversed() {
            for k in (j + 1)..<max(rows.count, j + 1) {
                rows[j] = zip(rows[j], rows[k]).map { $0 - r[j][k] * $1 }
            }
            rows[j] = rows[j].map { $0 / r[j][j] }
        }
        coefficients = rows.map { row in zip(row, table.response).reduce(0) { $0 + $1.0 * $1.1 } }
        squaredWeights = rows.map { row in row.reduce(0) { $0 + $1 * $1 } }
        leverage = zip(rows, columns).reduce(0) { $0 + $1.0[location] * $1.1[location] }
    }
}
