/// First and second moments of a design and its response: all that an OLS fit needs, mergeable.
///
/// Everything is measured from `origin`, one number per predictor and a last one for the response,
/// fixed before the first row. An origin near the means keeps the digits; partial moments of tiles
/// can be merged only if they share it.
package struct DesignMoments: Equatable, Sendable {
    /// Point that all columns are measured from, the response's last.
    package let origin: [Double]
    /// Number of rows.
    package private(set) var count = 0
    /// Σ (x − origin), one per column, the response's last.
    package private(set) var sums: [Double]
    /// Σ (x − origin)(x − origin)ᵀ, row-major, the response last.
    package private(set) var products: [Double]

    /// Number of columns, the response included.
    package var columnCount: Int { origin.count }

    /// Empty moments about an origin.
    package init(origin: [Double]) {
        self.origin = origin
        sums = origin.map { _ in 0 }
        products = Array(repeating: 0, count: origin.count * origin.count)
    }

    /// Moments that were summed elsewhere, for instance exactly; shapes as in the properties.
    package init(origin: [Double], count: Int, sums: [Double], products: [Double]) {
        precondition(
            sums.count == origin.count && products.count == origin.count * origin.count,
            "moments need c sums and c × c products for c columns"
        )
        self.origin = origin
        self.count = count
        self.sums = sums
        self.products = products
    }

    /// Adds a row: the predictors, then the response.
    package mutating func add(_ row: [Double]) {
        precondition(row.count == origin.count, "a row needs one value per column")
        count += 1
        for a in row.indices {
            let x = row[a] - origin[a]
            sums[a] += x
            for b in row.indices { products[a * columnCount + b] += x * (row[b] - origin[b]) }
        }
    }

    /// Adds the moments of other rows about the same origin.
    package mutating func merge(_ other: DesignMoments) {
        precondition(origin == other.origin, "moments about different origins cannot be merged")
        count += other.count
        for index in sums.indices { sums[index] += other.sums[index] }
        for index in products.indices { products[index] += other.products[index] }
    }

    /// Mean of a column.
    package func mean(_ column: Int) -> Double { origin[column] + sums[column] / Double(count) }

    /// Σ (x − x̄)(z − z̄) of two columns.
    package func centredProduct(_ a: Int, _ b: Int) -> Double {
        products[a * columnCount + b] - sums[a] * sums[b] / Double(count)
    }
}
