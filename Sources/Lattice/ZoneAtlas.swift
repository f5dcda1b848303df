/// The fraction of each cell inside each zone, in exact integer arithmetic.
///
/// Vertices are rounded once to 2⁻⁴⁴ of a cell. Where an edge crosses a grid line, the crossing is computed
/// from the edge with its ends in a fixed order and rounded to the same lattice; from there on areas are
/// integers. It follows that
/// - a cell's fraction depends on the zone and the cell alone, not on the window asked for;
/// - an edge shared by two zones (same two vertices) gives and takes the same integer, so zones that
///   partition the plane add up to 1 in every cell, but for the final rounding of each fraction;
/// - the cells of a zone add up to the area of its polygon within a few 2⁻⁴⁴ for each crossing.
///
/// The method is the scan-line accumulation of signed area and cover known from font rasterisers
/// (the exact-area form of libart and FreeType's "smooth" raster).
///
/// An atlas is made once for a grid and a list of zones; a window then visits only the zones whose
/// boxes it meets, and of these only the edges in its rows.
package struct ZoneAtlas: Sendable {
    /// The grid whose cells are covered.
    package let grid: Grid
    private let zones: [ZoneEdges]

    /// Prepares zones for a grid.
    ///
    /// - Throws: `LatticeError` when a vertex is not finite or lies more than 200,000 cells from the
    ///   grid's origin; the message names the zone by its index.
    package init(grid: Grid, zones: [ZonePolygon]) throws(LatticeError) {
        precondition(
            grid.columns <= 1 << 17 && grid.rows <= 1 << 17,
            "an atlas covers at most 131072 columns and rows"
        )
        self.grid = grid
        var prepared: [ZoneEdges] = []
        prepared.reserveCapacity(zones.count)
        for (index, zone) in zones.enumerated() {
            prepared.append(try ZoneEdges(zone, zoneIndex: index, grid: grid))
        }
        self.zones = prepared
    }

    /// Number of zones.
    package var zoneCount: Int { zones.count }

    /// Area of a zone's polygon, in cells, inside and outside the grid; 0 when all its rings are
    /// degenerate.
    package func areaInCells(ofZone index: Int) -> Double {
        ZoneEdges.cells(fromDoubledArea: zones[index].doubledArea)
    }

    /// Area of a zone's polygon, km², inside and outside the grid.
    package func areaKm2(ofZone index: Int) -> Double {
        areaInCells(ofZone: index) * grid.cellAreaKm2
    }

    /// Share of a zone's area outside the grid, 0…1; 0 for a zone without area.
    ///
    /// Costs a coverage of the zone's whole box when the box leaves the grid, nothing otherwise.
    package func shareOutsideGrid(ofZone index: Int) -> Double {
        let zone = zones[index]
        guard zone.doubledArea > 0, let box = zone.box, !grid.window.contains(box) else { return 0 }
        var inside: Int128 = 0
        if let common = box.intersection(grid.window) {
            zone.accumulate(over: common) { _, doubledArea in inside += doubledArea }
        }
        let outside = max(0, zone.doubledArea - inside)
        return Double(outside) / Double(zone.doubledArea)
    }

    /// The cells that a zone's box meets, reaching outside the grid; nil for a zone without area.
    package func box(ofZone index: Int) -> CellWindow? { zones[index].box }

    /// The coverage of a window's cells, by ascending zone; zones without a covered cell are left out.
    ///
    /// The window may reach outside the grid; only cells of the grid are covered.
    ///
    /// Cost: the cells of each zone's box within the window, and its edges in those rows.
    package func coverage(of window: CellWindow) -> [ZoneCells] {
        guard let inside = window.intersection(grid.window) else { return [] }
        var result: [ZoneCells] = []
        for (zoneIndex, zone) in zones.enumerated() {
            guard let box = zone.box, let common = box.intersection(inside) else { continue }
            var cells: [CellFraction] = []
            zone.accumulate(over: common) { place, doubledArea in
                // A sliver thinner than the lattice may come out as a negative area.
                guard doubledArea > 0 else { return }
                cells.append(
                    CellFraction(
                        index: window.index(row: place.row, column: place.column),
                        fraction: doubledArea >= ZoneEdges.wholeCell
                            ? 1 : ZoneEdges.cells(fromDoubledArea: doubledArea)
                    )
                )
            }
            if !cells.isEmpty { result.append(ZoneCells(zoneIndex: zoneIndex, cells: cells)) }
        }
        return result
    }
}
