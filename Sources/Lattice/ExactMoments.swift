/// Exact first and second moments of the columns of a table, mergeable in any order.
///
/// Serves standardisation constants, ordinary least squares and correlation: with Σx, Σxy and n exact,
/// the only rounding is the caller's. A row with a value that is not finite is refused, not absorbed:
/// it would make every moment NaN.
package struct ExactMoments: Hashable, Sendable {
    /// Number of columns, p.
    package let columnCount: Int
    /// Number of rows added.
    package private(set) var rowCount = 0
    private var sums: [ExactSum]
    private var products: [ExactSum]

    /// Moments of no rows; storage is (p + p(p + 1)/2) sums, so p is a few dozen at most.
    package init(columnCount: Int) {
        precondition((0...255).contains(columnCount), "a table of moments has at most 255 columns")
        self.columnCount = columnCount
        sums = Array(repeating: ExactSum(), count: columnCount)
        products = Array(repeating: ExactSum(), count: columnCount * (columnCount + 1) / 2)
    }

    /// Adds a row of p finite values.
    package mutating func add(_ row: [Double]) {
        precondition(row.count == columnCount, "a row has one value for each column")
        precondition(row.allSatisfy(\.isFinite), "moments take finite rows")
        rowCount += 1
        for column in 0..<columnCount {
            sums[column].add(row[column])
            for other in 0...column {
                products[Self.index(column, other)].add(product: row[column], row[other])
            }
        }
    }

    /// Adds all rows of other moments with the same columns.
    package mutating func merge(_ other: ExactMoments) {
        precondition(other.columnCount == columnCount, "moments of the same columns")
        rowCount += other.rowCount
        for index in sums.indices { sums[index].merge(other.sums[index]) }
        for index in products.indices { products[index].merge(other.products[index]) }
    }

    /// Σ x of a column.
    package func sum(_ column: Int) -> Double { sums[column].value }

    /// Σ x·y of two columns, rounded once.
    package func sum(of first: Int, times second: Int) -> Double {
        products[Self.index(max(first, second), min(first, second))].value
    }

    /// Mean of a column; NaN without rows.
    package func mean(_ column: Int) -> Double { sum(column) / Double(rowCount) }

    /// Σ (x − x̄)(y − ȳ) of two columns without cancellation: n·Σxy − Σx·Σy is exact before it is rounded.
    ///
    /// NaN without rows.
    package func centredSum(of first: Int, times second: Int) -> Double {
        guard rowCount > 0 else { return .nan }
        let product = products[Self.index(max(first, second), min(first, second))]
        // Each exact sum is split into doubles whose sum it is; their products are exact again.
        var total = ExactSum()
        for part in product.parts { total.add(product: part, Double(rowCount)) }
        let rightParts = sums[second].parts
        for left in sums[first].parts {
            for right in rightParts { total.add(product: -left, right) }
        }
        return total.value / Double(rowCount)
    }

    /// The standard deviation of a column, with n − `freedom` in the denominator.
    package func standardDeviation(_ column: Int, freedom: Int = 0) -> Double {
        (centredSum(of: column, times: column) / Double(rowCount - freedom)).squareRoot()
    }

    private static func index(_ row: Int, _ column: Int) -> Int { row * (row + 1) / 2 + column }
}

extension ExactMoments {
    /// The moments as bytes: p, n (eight bytes, little-endian), then the sums and products.
    package var encoded: [UInt8] {
        var bytes = [UInt8(columnCount)]
        for shift in stride(from: 0, to: 64, by: 8) {
            bytes.append(UInt8(truncatingIfNeeded: rowCount >> shift))
        }
        for sum in sums + products { bytes += sum.encoded }
        return bytes
    }

    /// Takes encoded moments off the front of `bytes`.
    ///
    /// - Throws: `LatticeError` for any bytes that ``encoded`` cannot have made.
    package init(decodingPrefixOf bytes: inout ArraySlice<UInt8>) throws(LatticeError) {
        guard bytes.count >= 9, let columns = bytes.popFirst() else {
            throw LatticeError(.malformedSum, "moments end in their header")
        }
        self.init(columnCount: Int(columns))
        var count: UInt64 = 0
        for shift in stride(from: UInt64(0), to: 64, by: 8) {
            count |= UInt64(bytes.removeFirst()) << shift
        }
        guard let rows = Int(exactly: count) else {
            throw LatticeError(.malformedSum, "moments claim \(count) rows")
        }
        rowCount = rows
        for index in sums.indices { sums[index] = try ExactSum(decodingPrefixOf: &bytes) }
        for index in products.indices { products[index] = try ExactSum(decodingPrefixOf: &bytes) }
    }
}

extension ExactSum {
    /// Doubles whose exact sum this is, largest first; empty for zero.
    ///
    /// Defined for finite sums within the range of doubles. Parts below 2⁻¹⁰⁷⁴, which only products
    /// have, are dropped.
    package var parts: [Double] {
        var rest = self
        var parts: [Double] = []
        while parts.count < 64 {
            let part = rest.value
            guard part != 0 else { break }
            parts.append(part)
            guard part.isFinite else { break }
            rest.add(-part)
        }
        return parts
    }
}
