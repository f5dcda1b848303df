package import CarbonBalance
package import Lattice

/// What a tile of the `prepare` stage contributes: the sums of each layer, and how |E − S| is
/// distributed for each pair.
///
/// Merging is commutative and associative to the last bit.
package struct PreparePartial: Hashable, Sendable {
    /// The sums of one layer.
    private struct LayerSum: Hashable {
        var cellCount = 0
        /// Σ valid fraction, cells.
        var coverage = ExactSum()
        /// Σ valid fraction · value.
        var weighted = ExactSum()
        var minimum = Float.infinity
        var maximum = -Float.infinity
    }

    private var layers: [LayerSum]
    private var deficitSizes: [MedianSketch]
    /// One sum for each layer, by zone.
    private var zones: [Int: [ZoneLayerSums]] = [:]

    private static let version: UInt8 = 2
    private static let maximumZoneIndex = 1 << 24

    /// The contribution of no cell.
    package init(layerCount: Int, pairCount: Int) {
        precondition((0...255).contains(layerCount), "a run has at most 255 layers")
        precondition((0...255).contains(pairCount), "a run has at most 255 pairs")
        layers = Array(repeating: LayerSum(), count: layerCount)
        deficitSizes = Array(repeating: MedianSketch(), count: pairCount)
    }

    /// True when the contribution has the layers and pairs of a model.
    package func isOf(_ model: RunModel) -> Bool {
        layers.count == model.layers.count && deficitSizes.count == model.deficit.pairs.count
    }

    /// Adds the cells of a prepared layer.
    package mutating func add(_ layer: RegriddedLayer, index: Int) {
        for (value, fraction) in zip(layer.value.samples, layer.validFraction.samples)
        where fraction > 0 && value.isFinite {
            layers[index].cellCount += 1
            layers[index].coverage.add(Double(fraction))
            layers[index].weighted.add(product: Double(fraction), Double(value))
            layers[index].minimum = min(layers[index].minimum, value)
            layers[index].maximum = max(layers[index].maximum, value)
        }
    }

    /// Adds the sizes of E − S where both are known.
    package mutating func addDeficits(emission: CellBlock, sink: CellBlock, pair: Int) {
        for (e, s) in zip(emission.samples, sink.samples) where e >= 0 && s.isFinite {
            deficitSizes[pair].add(Float(Double(e) - Double(s)))
        }
    }

    /// The zones touched, ascending.
    package var zoneIndices: [Int] { zones.keys.sorted() }

    /// The sums of each layer over a zone; those of no cell where it was not touched.
    package func zone(_ index: Int) -> [ZoneLayerSums] {
        zones[index] ?? Array(repeating: ZoneLayerSums(), count: layers.count)
    }

    /// Adds a prepared layer to the sums of the zones that cover it.
    ///
    /// - Parameters:
    ///   - layer: the layer.
    ///   - index: its position in the model.
    ///   - coverage: the zones over the layer's window.
    ///   - population: inhabitants per km² of the valid part of a cell, where the layer's mean is weighted by
    ///     them.
    package mutating func addZones(
        _ layer: RegriddedLayer,
        index: Int,
        coverage: [ZoneCells],
        population: RegriddedLayer?
    ) {
        for zone in coverage {
            var sums = self.zone(zone.zoneIndex)
            for cell in zone.cells {
                sums[index].add(
                    fraction: cell.fraction,
                    value: layer.value.samples[cell.index],
                    validFraction: layer.validFraction.samples[cell.index],
                    population: population.map { people in
                        // Inhabitants of the known part of a cell weigh, not those that its density would
                        // give the whole of it.
                        people.value.samples[cell.index] * people.validFraction.samples[cell.index]
                    }
                )
            }
            zones[zone.zoneIndex] = sums
        }
    }

    /// Adds the contribution of another tile of the same model.
    package mutating func merge(_ other: PreparePartial) {
        precondition(
            other.layers.count == layers.count && other.deficitSizes.count == deficitSizes.count,
            "partials of one model"
        )
        for index in layers.indices {
            layers[index].cellCount += other.layers[index].cellCount
            layers[index].coverage.merge(other.layers[index].coverage)
            layers[index].weighted.merge(other.layers[index].weighted)
            layers[index].minimum = min(layers[index].minimum, other.layers[index].minimum)
            layers[index].maximum = max(layers[index].maximum, other.layers[index].maximum)
        }
        for index in deficitSizes.indices { deficitSizes[index].merge(other.deficitSizes[index]) }
        for (zone, others) in other.zones {
            var sums = self.zone(zone)
            for index in sums.indices { sums[index].merge(others[index]) }
            zones[zone] = sums
        }
    }

    /// The constants that follow from the sum over all tiles.
    package func constants(model: RunModel) -> PrepareConstants {
        let cellArea = model.grid.cellAreaKm2
        return PrepareConstants(
            layers: zip(model.layers, layers).map { layer, sums in
                LayerTotals(
                    name: layer.name,
                    cellCount: sums.cellCount,
                    validAreaKm2: sums.coverage.value * cellArea,
                    integral: sums.weighted.value * cellArea,
                    minimum: sums.cellCount > 0 ? Double(sums.minimum) : nil,
                    maximum: sums.cellCount > 0 ? Double(sums.maximum) : nil
                )
            },
            deficitScales: deficitSizes.map(\.median)
        )
    }

    /// The contribution as bytes: equal contributions have equal bytes.
    package var encoded: [UInt8] {
        var bytes = [Self.version, UInt8(layers.count), UInt8(deficitSizes.count)]
        for sums in layers {
            PartialCoding.append(sums.cellCount, to: &bytes)
            PartialCoding.append(Int(sums.minimum.bitPattern), to: &bytes)
            PartialCoding.append(Int(sums.maximum.bitPattern), to: &bytes)
            bytes += sums.coverage.encoded + sums.weighted.encoded
        }
        for sizes in deficitSizes { bytes += sizes.encoded }
        PartialCoding.append(zones.count, to: &bytes)
        for index in zoneIndices {
            PartialCoding.append(index, to: &bytes)
            for sums in zone(index) { bytes += sums.encoded }
        }
        return bytes
    }

    /// The contribution that ``encoded`` gave these bytes; all of them, and nothing else.
    ///
    /// - Throws: `CarbonBalanceError` for bytes that ``encoded`` cannot have made.
    package init(encoded bytes: [UInt8]) throws(CarbonBalanceError) {
        guard bytes.count >= 3, bytes[0] == Self.version else {
            throw PartialCoding.refusal("does not begin with version \(Self.version)")
        }
        self.init(layerCount: Int(bytes[1]), pairCount: Int(bytes[2]))
        var rest = bytes[3...]
        for index in layers.indices {
            layers[index] = try Self.layerSum(from: &rest)
        }
        for index in deficitSizes.indices {
            deficitSizes[index] = try MedianSketch(decodingPrefixOf: &rest)
        }
        zones = try Self.zones(from: &rest, layerCount: layers.count)
        guard rest.isEmpty else {
            throw PartialCoding.refusal("is followed by \(rest.count) bytes")
        }
    }

    private static func layerSum(
        from bytes: inout ArraySlice<UInt8>
    ) throws(CarbonBalanceError) -> LayerSum {
        var sums = LayerSum()
        let largest = Int(UInt32.max)
        sums.cellCount = try PartialCoding.number(
            from: &bytes,
            of: "cell count",
            atMost: 1 << 40
        )
        let minimum = try PartialCoding.number(from: &bytes, of: "minimum", atMost: largest)
        let maximum = try PartialCoding.number(from: &bytes, of: "maximum", atMost: largest)
        sums.minimum = Float(bitPattern: UInt32(minimum))
        sums.maximum = Float(bitPattern: UInt32(maximum))
        guard !sums.minimum.isNaN, !sums.maximum.isNaN else {
            throw PartialCoding.refusal("has a NaN extreme")
        }
        do {
            sums.coverage = try ExactSum(decodingPrefixOf: &bytes)
            sums.weighted = try ExactSum(decodingPrefixOf: &bytes)
        } catch {
            throw PartialCoding.refusal("\(error)")
        }
        return sums
    }

    private static func zones(
        from bytes: inout ArraySlice<UInt8>,
        layerCount: Int
    ) throws(CarbonBalanceError) -> [Int: [ZoneLayerSums]] {
        let count = try PartialCoding.number(
            from: &bytes,
            of: "zone count",
            atMost: maximumZoneIndex
        )
        var zones: [Int: [ZoneLayerSums]] = [:]
        var previous = -1
        for _ in 0..<count {
            let index = try PartialCoding.number(
                from: &bytes,
                of: "zone index",
                atMost: maximumZoneIndex
            )
            guard index > previous else { throw PartialCoding.refusal("has zones out of order") }
            previous = index
            var sums: [ZoneLayerSums] = []
            for _ in 0..<layerCount {
                sums.append(try ZoneLayerSums(decodingPrefixOf: &bytes))
            }
            zones[index] = sums
        }
        return zones
    }
}
