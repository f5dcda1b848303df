package import CarbonBalance
package import Lattice

/// What a tile of the balance stage contributes to the regression: exact moments of its observations and
/// where they lie.
///
/// Merging is commutative and associative to the last bit.
package struct ObservationPartial: Hashable, Sendable {
    /// Moments of the predictors and the response, the response last.
    package private(set) var moments: ExactMoments
    /// Where the observations lie.
    package private(set) var pyramid: CountPyramid
    /// Cells that get a local model.
    package private(set) var locationCount = 0

    private static let version: UInt8 = 1

    /// The contribution of no cell.
    package init(model: RegressionModel, grid: Grid) {
        moments = ExactMoments(columnCount: model.parameterCount)
        pyramid = CountPyramid(grid: grid)
    }

    /// Adds an observation: its predictors, then its response.
    package mutating func add(row: Int, column: Int, values: [Double]) {
        moments.add(values)
        pyramid.add(row: row, column: column)
    }

    /// Counts cells that get a local model.
    package mutating func count(locations: Int) { locationCount += locations }

    /// Adds the contribution of another tile.
    package mutating func merge(_ other: ObservationPartial) {
        moments.merge(other.moments)
        pyramid.merge(other.pyramid)
        locationCount += other.locationCount
    }

    /// The contribution as bytes: only blocks with observations are listed.
    package var encoded: [UInt8] {
        var bytes = [Self.version]
        PartialCoding.append(locationCount, to: &bytes)
        let filled = pyramid.counts.indices.filter { pyramid.counts[$0] > 0 }
        PartialCoding.append(filled.count, to: &bytes)
        var previous = 0
        for index in filled {
            PartialCoding.append(index - previous, to: &bytes)
            PartialCoding.append(Int(pyramid.counts[index]), to: &bytes)
            previous = index
        }
        return bytes + moments.encoded
    }

    /// The contribution that ``encoded`` gave these bytes; all of them, and nothing else.
    ///
    /// - Throws: `CarbonBalanceError` for bytes that ``encoded`` cannot have made for the model.
    package init(
        encoded bytes: [UInt8],
        model: RegressionModel,
        grid: Grid
    ) throws(CarbonBalanceError) {
        self.init(model: model, grid: grid)
        var rest = bytes[...]
        guard rest.popFirst() == Self.version else {
            throw PartialCoding.refusal("does not begin with version \(Self.version)")
        }
        locationCount = try PartialCoding.number(from: &rest, of: "location count", atMost: 1 << 40)
        let blocks = pyramid.counts.count
        let filled = try PartialCoding.number(from: &rest, of: "block count", atMost: blocks)
        var index = 0
        for position in 0..<filled {
            let step = try PartialCoding.number(from: &rest, of: "block", atMost: blocks)
            let largest = pyramid.blockSize * pyramid.blockSize
            let number = try PartialCoding.number(from: &rest, of: "count", atMost: largest)
            index += step
            guard index < blocks, step > 0 || position == 0, number > 0 else {
                throw PartialCoding.refusal("has blocks out of order")
            }
            pyramid.set(Int32(number), at: index)
        }
        do {
            moments = try ExactMoments(decodingPrefixOf: &rest)
        } catch {
            throw PartialCoding.refusal("\(error)")
        }
        guard rest.isEmpty, moments.columnCount == model.parameterCount,
            moments.rowCount == pyramid.total
        else { throw PartialCoding.refusal("has moments of another model") }
    }
}
