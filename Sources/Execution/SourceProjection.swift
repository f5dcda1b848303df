import CarbonBalance
import RasterIO

/// The projection from the national grid to the pixels of one source.
struct SourceProjection: ~Copyable {
    let description: RasterDescription
    let transform: CoordinateTransform

    init(description: RasterDescription, transform: consuming CoordinateTransform) {
        self.description = description
        self.transform = transform
    }

    func project(_ points: [WorldPoint]) -> [SourcePoint] {
        var xs = points.map(\.x)
        var ys = points.map(\.y)
        transform.transform(xs: &xs, ys: &ys)
        return xs.indices.map { index in
            guard xs[index].isFinite else { return SourcePoint(column: .nan, row: .nan) }
            return position(x: xs[index], y: ys[index])
        }
    }

    /// Column and row of a point; for longitudes also a turn of the Earth away, because files run
    /// from −180 to 180 or from 0 to 360.
    private func position(x: Double, y: Double) -> SourcePoint {
        let place = description.affine.position(x: x, y: y)
        let here = SourcePoint(column: place.column, row: place.row)
        guard description.isGeographic, !Self.holds(here.column, description.columns) else {
            return here
        }
        let turn = 2 * Double.pi / description.unitSize
        for shifted in [x + turn, x - turn] {
            let other = description.affine.position(x: shifted, y: y)
            if Self.holds(other.column, description.columns) {
                return SourcePoint(column: other.column, row: other.row)
            }
        }
        return here
    }

    private static func holds(_ column: Double, _ count: Int) -> Bool {
        column >= 0 && column < Double(count)
    }
}
