/// Who is whose neighbour, and how much each counts.
///
/// Stored by rows: the neighbours of observation i with their weights, ascending. Weights need not be
/// symmetric (nearest neighbours are not). An observation may have none.
package struct SpatialWeights: Hashable, Sendable {
    /// How the neighbours of an observation share its attention.
    package enum Standardisation: String, Hashable, Sendable, Codable {
        /// Every neighbour has weight 1.
        case binary
        /// The weights of an observation's neighbours sum to 1.
        case rows
    }

    /// Number of observations, n.
    package let observationCount: Int
    let starts: [Int]
    let neighbours: [Int]
    let weights: [Double]

    /// Weights from the neighbours of each observation, in any order.
    ///
    /// - Throws: `SpatialStatisticsError` when a neighbour is out of range, its own, or given twice.
    package init(
        neighbours lists: [[Int]],
        standardisation: Standardisation
    ) throws(SpatialStatisticsError) {
        var starts = [0]
        var neighbours: [Int] = []
        var weights: [Double] = []
        for (observation, list) in lists.enumerated() {
            let sorted = list.sorted()
            for (index, neighbour) in sorted.enumerated() {
                guard lists.indices.contains(neighbour), neighbour != observation,
                    index == 0 || sorted[index - 1] != neighbour
                else {
                    throw SpatialStatisticsError(
                        .neighbours,
                        "observation \(observation) has the neighbour \(neighbour); legal are the "
                            + "others of \(lists.count), each once"
                    )
                }
            }
            neighbours += sorted
            let weight = standardisation == .rows ? 1 / Double(sorted.count) : 1
            weights += repeatElement(weight, count: sorted.count)
            starts.append(neighbours.count)
        }
        observationCount = lists.count
        self.starts = starts
        self.neighbours = neighbours
        self.weights = weights
    }

    /// The neighbours of each valid cell of a raster among its valid cells.
    ///
    /// - Parameters:
    ///   - mask: row-major, true where a cell is an observation; observations are numbered in this order.
    ///   - columnCount: cells in a row.
    ///   - isQueen: cells that touch at a corner are neighbours too.
    /// - Returns: for each observation its neighbours, ascending.
    package static func contiguity(mask: [Bool], columnCount: Int, isQueen: Bool) -> [[Int]] {
        precondition(
            columnCount > 0 && mask.count.isMultiple(of: columnCount),
            "whole rows of cells"
        )
        var numbers = [Int](repeating: -1, count: mask.count)
        var count = 0
        for index in mask.indices where mask[index] {
            numbers[index] = count
            count += 1
        }
        let rowCount = mask.count / columnCount
        return mask.indices.filter { mask[$0] }.map { index in
            let (row, column) = (index / columnCount, index % columnCount)
            var list: [Int] = []
            for rowStep in -1...1 {
                for columnStep in -1...1 {
                    let isCorner = rowStep != 0 && columnStep != 0
                    let isSelf = rowStep == 0 && columnStep == 0
                    let (otherRow, otherColumn) = (row + rowStep, column + columnStep)
                    guard !isSelf, isQueen || !isCorner, (0..<rowCount).contains(otherRow),
                        (0..<columnCount).contains(otherColumn)
                    else { continue }
                    let number = numbers[otherRow * columnCount + otherColumn]
                    if number >= 0 { list.append(number) }
                }
            }
            return list
        }
    }

    /// Σ w, S₀.
    var total: Double { weights.reduce(0, +) }

    /// The weight of a pair; 0 where `neighbour` is none.
    func weight(of observation: Int, _ neighbour: Int) -> Double {
        var low = starts[observation]
        var high = starts[observation + 1]
        while low < high {
            let middle = (low + high) / 2
            if neighbours[middle] < neighbour { low = middle + 1 } else { high = middle }
        }
        return low < starts[observation + 1] && neighbours[low] == neighbour ? weights[low] : 0
    }
}
