/// Singular values of a few unit-length columns, by one-sided Jacobi rotations.
///
/// Accurate to high relative precision even where the ratio of the values is 1e12, which the
/// eigenvalues of the normal matrix are not (Demmel & Veselić 1992). No allocation after `init`.
struct SingularValues {
    private let size: Int
    private var columnCount = 0
    private var terms: [Int]
    /// Column-major, `size` rows.
    private var columns: [Double]
    private var rotations: [Double]
    private var lengths: [Double]

    /// Largest over smallest singular value.
    private(set) var conditionNumber = Double.nan
    private var smallest = 0

    init(size: Int) {
        self.size = size
        terms = Array(repeating: 0, count: size)
        columns = Array(repeating: 0, count: size * size)
        rotations = columns
        lengths = terms.map(Double.init)
    }

    mutating func reset() { columnCount = 0 }

    /// Adds a column for a term and scales it to unit length.
    mutating func appendColumn(term: Int, _ entry: (Int) -> Double) {
        var square = 0.0
        for row in 0..<size {
            let value = entry(row)
            columns[columnCount * size + row] = value
            square += value * value
        }
        let length = square.squareRoot()
        for row in 0..<size { columns[columnCount * size + row] /= length }
        terms[columnCount] = term
        columnCount += 1
    }

    /// Rotates the columns until they are orthogonal; their lengths are the singular values.
    mutating func decompose() {
        for index in rotations.indices { rotations[index] = 0 }
        for j in 0..<columnCount { rotations[j * size + j] = 1 }
        for _ in 0..<30 {
            var isDone = true
            for a in 0..<columnCount {
                for b in (a + 1)..<max(columnCount, a + 1) where rotate(a, b) { isDone = false }
            }
            if isDone { break }
        }
        var largest = 0
        smallest = 0
        for j in 0..<columnCount {
            var square = 0.0
            for row in 0..<size {
                square += columns[j * size + row] * columns[j * size + row]
            }
            lengths[j] = square.squareRoot()
            if lengths[j] > lengths[largest] { largest = j }
            if lengths[j] < lengths[smallest] { smallest = j }
        }
        conditionNumber = lengths[largest] / lengths[smallest]
    }

    private mutating func rotate(_ a: Int, _ b: Int) -> Bool {
        var (aa, bb, ab) = (0.0, 0.0, 0.0)
        for row in 0..<size {
            let (x, y) = (columns[a * size + row], columns[b * size + row])
            aa += x * x
            bb += y * y
            ab += x * y
        }
        guard abs(ab) > 1e-15 * (aa * bb).squareRoot() else { return false }
        let zeta = (bb - aa) / (2 * ab)
        let tangent = (zeta < 0 ? -1 : 1) / (abs(zeta) + (1 + zeta * zeta).squareRoot())
        let cosine = 1 / (1 + tangent * tangent).squareRoot()
        let sine = cosine * tangent
        for row in 0..<size {
            let (x, y) = (columns[a * size + row], columns[b * size + row])
            columns[a * size + row] = cosine * x - sine * y
            columns[b * size + row] = sine * x + cosine * y
            let (u, v) = (rotations[a * size + row], rotations[b * size + row])
            rotations[a * size + row] = cosine * u - sine * v
            rotations[b * size + row] = sine * u + cosine * v
        }
        return true
    }

    /// Share of a term's variance that goes with the smallest singular value; NaN for absent terms.
    func proportion(term: Int) -> Double {
        for k in 0..<columnCount where terms[k] == term {
            var total = 0.0
            var share = 0.0
            for j in 0..<columnCount {
                let ratio = rotations[j * size + k] / lengths[j]
                total += ratio * ratio
                if j == smallest { share = ratio * ratio }
            }
            return share / total
        }
        return .nan
    }
}
