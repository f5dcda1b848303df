/// How far a run's sums are from sums over the source rasters themselves.
///
/// Both weigh every source sample with the area it stands for; what differs is that the run went
/// through the national grid. Differences are relative: run over source, less 1.
package struct ClosureReport: Hashable, Sendable, Codable {
    /// The closure of one layer.
    package struct Layer: Hashable, Sendable, Codable {
        /// The layer's name.
        package var name: String
        /// Why it was not computed; nil when it was.
        package var skipped: String?
        /// Pixels of the source within the grid's extent.
        package var sourcePixels: Int
        /// Σ value · area over the source within the grid, tCO2 yr⁻¹.
        package var sourceTotal: Double?
        /// Σ value · valid fraction · area over the run's cells, tCO2 yr⁻¹.
        package var runTotal: Double?
        /// The differences of all zones.
        package var zones: Zones?
        /// The differences of zones larger than 10 000 km².
        package var largeZones: Zones?

        /// The closure of a layer.
        package init(
            name: String,
            skipped: String? = nil,
            sourcePixels: Int = 0,
            sourceTotal: Double? = nil,
            runTotal: Double? = nil,
            zones: Zones? = nil,
            largeZones: Zones? = nil
        ) {
            self.name = name
            self.skipped = skipped
            self.sourcePixels = sourcePixels
            self.sourceTotal = sourceTotal
            self.runTotal = runTotal
            self.zones = zones
            self.largeZones = largeZones
        }

        /// The relative difference of the totals; nil when it was not computed.
        package var difference: Double? {
            guard let sourceTotal, let runTotal, sourceTotal != 0 else { return nil }
            return runTotal / sourceTotal - 1
        }
    }

    /// The spread of the zones' relative differences, without sign.
    package struct Zones: Hashable, Sendable, Codable {
        /// Zones compared: those with a source total other than zero.
        package var count: Int
        /// Median of the differences.
        package var median: Double
        /// 95th percentile.
        package var percentile95: Double
        /// Largest difference.
        package var worst: Double
        /// Identity of the zone with the largest difference.
        package var worstZone: String
        /// Zones that differ by more than 0.1 %.
        package var countAbove1e3: Int
        /// Zones that differ by more than 1 %.
        package var countAbove1e2: Int

        /// A spread of differences.
        package init(
            count: Int,
            median: Double,
            percentile95: Double,
            worst: Double,
            worstZone: String,
            countAbove1e3: Int,
            countAbove1e2: Int
        ) {
            self.count = count
            self.median = median
            self.percentile95 = percentile95
            self.worst = worst
            self.worstZone = worstZone
            self.countAbove1e3 = countAbove1e3
            self.countAbove1e2 = countAbove1e2
        }

        /// The spread of differences; nil when there are none.
        ///
        /// - Parameter differences: identity and relative difference of each zone.
        package init?(_ differences: [(zone: String, difference: Double)]) {
            let sizes = differences.map { (zone: $0.zone, size: abs($0.difference)) }
                .filter { !$0.size.isNaN }
                .sorted { ($0.size, $0.zone) < ($1.size, $1.zone) }
            guard let last = sizes.last else { return nil }
            let ordered = sizes.map(\.size)
            self.init(
                count: ordered.count,
                median: Quantile.of(sorted: ordered, share: 0.5),
                percentile95: Quantile.of(sorted: ordered, share: 0.95),
                worst: last.size,
                worstZone: last.zone,
                countAbove1e3: ordered.count { $0 > 1e-3 },
                countAbove1e2: ordered.count { $0 > 1e-2 }
            )
        }
    }

    /// Edge beyond which a zone counts as large, km².
    package static let largeZoneKm2 = 10_000.0

    /// One for each emission and sink layer, in the model's order.
    package var layers: [Layer]

    /// A closure of layers.
    package init(layers: [Layer]) {
        self.layers = layers
    }
}
