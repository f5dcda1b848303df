package import Lattice

/// True areas of a source raster's pixels on its own ellipsoid, km²; belongs to one thread.
///
/// Totals per pixel become densities by division with these. Aligned geographic rasters: exact, by
/// the authalic formula, one area per row. Equal-area projections: one area for all. Other
/// projections and rotated rasters: by the Jacobian of the inverse projection at each pixel.
package struct SourceCellArea: ~Copyable {
    private enum Rule: ~Copyable {
        case uniform(Double)
        case byRow(Ellipsoid, degreesPerUnit: Double)
        case local(LocalAreaScale)
        case localGeographic(Ellipsoid, degreesPerUnit: Double)
    }

    private let rule: Rule
    private let description: RasterDescription

    /// Chooses the rule for a raster.
    ///
    /// - Throws: ``RasterError/Code/noReference`` when the raster has no reference system.
    package init(_ description: RasterDescription) throws(RasterError) {
        guard let reference = description.reference else {
            throw RasterError(
                .noReference,
                path: description.path,
                detail: "it names no coordinate reference system; state one with 'crs'"
            )
        }
        let chosen = try Self.rule(for: description, reference: reference)
        rule = chosen
        self.description = description
    }

    private static func rule(
        for description: RasterDescription,
        reference: CoordinateReference
    ) throws(RasterError) -> Rule {
        let system = try SpatialReference(reference)
        if system.isGeographic {
            let degrees = system.unitSize * 180 / .pi
            return description.affine.isAligned
                ? .byRow(system.ellipsoid, degreesPerUnit: degrees)
                : .localGeographic(system.ellipsoid, degreesPerUnit: degrees)
        }
        if let check = try? EqualAreaCheck(reference, over: description.extent), check.passes {
            return .uniform(abs(description.affine.determinant) / 1e6)
        }
        return .local(try LocalAreaScale(of: system))
    }

    /// True when all pixels of a row have the same area, so that ``areaKm2(row:)`` may be used.
    package var dependsOnRowOnly: Bool {
        switch rule {
        case .uniform: true
        case .byRow: true
        case .local: false
        case .localGeographic: false
        }
    }

    /// The area of each pixel of a row, km².
    ///
    /// Only where ``dependsOnRowOnly``.
    package func areaKm2(row: Int) -> Double {
        switch rule {
        case .uniform(let area):
            return area
        case .byRow(let ellipsoid, let degrees):
            let a = description.affine.coefficients
            // Both edges are measured from the origin: adding up heights would drift.
            return ellipsoid.areaKm2(
                latitudes: (
                    (a[3] + Double(row) * a[5]) * degrees,
                    (a[3] + Double(row + 1) * a[5]) * degrees
                ),
                longitudeWidth: a[1] * degrees
            )
        case .local:
            preconditionFailure("the pixel areas of \(description.path) vary within a row")
        case .localGeographic:
            preconditionFailure("the pixel areas of \(description.path) vary within a row")
        }
    }

    /// The areas of the pixels of a window, km², row-major; NaN outside the projection.
    package func areasKm2(window: CellWindow) -> [Double] {
        var areas: [Double] = []
        areas.reserveCapacity(window.cellCount)
        for row in window.rows {
            switch rule {
            case .uniform(let area):
                areas.append(contentsOf: repeatElement(area, count: window.columnCount))
            case .byRow:
                let area = areaKm2(row: row)
                areas.append(contentsOf: repeatElement(area, count: window.columnCount))
            case .local(let scale):
                let a = description.affine.coefficients
                areas += scale.areasKm2(
                    around: centres(row: row, columns: window.columns),
                    stepX: (a[1] / 2, a[4] / 2),
                    stepY: (a[2] / 2, a[5] / 2)
                )
            case .localGeographic(let ellipsoid, let degrees):
                let determinant = abs(description.affine.determinant) * degrees * degrees
                let radians = Double.pi / 180
                areas += centres(row: row, columns: window.columns).map { centre in
                    determinant * radians * radians
                        * ellipsoid.areaElementKm2(latitude: centre.y * degrees)
                }
            }
        }
        return areas
    }

    private func centres(row: Int, columns: Range<Int>) -> [(x: Double, y: Double)] {
        columns.map { column in
            description.affine.world(column: Double(column) + 0.5, row: Double(row) + 0.5)
        }
    }
}
