import CarbonBalance
import Lattice
import RasterIO

/// The sub-points of one window, shared by the layers that lie on the same source grid.
struct SubpointMaps {
    private struct SourceGrid: Hashable {
        let affine: GeoTransform
        let columns: Int
        let rows: Int
        let reference: CoordinateReference?

        init(_ description: RasterDescription) {
            affine = description.affine
            columns = description.columns
            rows = description.rows
            reference = description.reference
        }
    }

    private struct MapKey: Hashable {
        let source: SourceGrid
        let window: CellWindow
        let subpointsPerAxis: Int
    }

    private var nodesBySource: [SourceGrid: ProjectionNodes] = [:]
    private var mapsByKey: [MapKey: SubpointMap] = [:]
    private var heldSubpoints = 0

    /// Sub-points kept for further layers at most, 16 bytes each.
    private let maximumHeldSubpoints: Int

    /// No maps yet.
    ///
    /// - Parameter budgetBytes: what kept maps may take; 32 MB are enough for any tile.
    init(budgetBytes: Int) { maximumHeldSubpoints = min(32 << 20, budgetBytes) / 16 }

    /// The projected nodes of a source grid, computed on first use.
    mutating func nodes(
        for description: RasterDescription,
        compute: () -> ProjectionNodes
    ) -> ProjectionNodes {
        let key = SourceGrid(description)
        if let known = nodesBySource[key] { return known }
        let computed = compute()
        nodesBySource[key] = computed
        return computed
    }

    /// The sub-points of a part of the window, computed on first use; kept while there is room.
    mutating func map(
        of window: CellWindow,
        for description: RasterDescription,
        _ subpointsPerAxis: Int,
        compute: () -> SubpointMap
    ) -> SubpointMap {
        let key = MapKey(
            source: SourceGrid(description),
            window: window,
            subpointsPerAxis: subpointsPerAxis
        )
        if let known = mapsByKey[key] { return known }
        let computed = compute()
        if heldSubpoints + computed.columns.count <= maximumHeldSubpoints {
            heldSubpoints += computed.columns.count
            mapsByKey[key] = computed
        }
        return computed
    }
}
