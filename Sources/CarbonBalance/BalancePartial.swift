package import Lattice

/// What a tile of the balance stage contributes to the tables: the sums of each zone it touches and of
/// the nation, for each emission and sink pair one.
///
/// Merging is commutative and associative to the last bit.
package struct BalancePartial: Hashable, Sendable {
    /// Further layers that are summed, in the order of the model.
    package let layerCount: Int
    /// The nation's part.
    package var national: NationalBalance
    private var zones: [Int: ZoneBalance] = [:]

    private static let version: UInt8 = 1
    private static let maximumZoneIndex = 1 << 24

    /// The contribution of no cell.
    package init(layerCount: Int = 0) {
        self.layerCount = layerCount
        national = NationalBalance(layerCount: layerCount)
    }

    /// The zones touched, ascending.
    package var zoneIndices: [Int] { zones.keys.sorted() }

    /// The sums of a zone; those of no cell where it was not touched.
    package func zone(_ index: Int) -> ZoneBalance {
        zones[index] ?? ZoneBalance(layerCount: layerCount)
    }

    /// Adds every cell of a decided window: to the nation where its status is not outside, and to the
    /// zones that cover it.
    ///
    /// - Parameters:
    ///   - block: the decided cells.
    ///   - coverage: the zones of the same window.
    ///   - deficit: D of each cell, for the distribution of its size.
    ///   - layers: the further layers, over the same window.
    package mutating func add(
        _ block: BalanceBlock,
        coverage: [ZoneCells],
        deficit: CellBlock,
        layers: [RegriddedLayer] = []
    ) {
        func samples(_ index: Int) -> [(value: Float, valid: Float)] {
            layers.map { ($0.value.samples[index], $0.validFraction.samples[index]) }
        }
        precondition(layers.count == layerCount, "one block for each further layer")
        precondition(
            deficit.window == block.window && layers.allSatisfy { $0.value.window == block.window },
            "the layers of a balance cover one window"
        )
        for index in block.status.indices {
            let status = block.status[index]
            national.count(status, deficit: deficit.samples[index])
            guard status != .outside else { continue }
            national.add(
                emission: block.emission.value.samples[index],
                emissionValid: block.emission.validFraction.samples[index],
                sink: block.sink.value.samples[index],
                sinkValid: block.sink.validFraction.samples[index],
                layers: samples(index)
            )
        }
        for zone in coverage {
            var sums = self.zone(zone.zoneIndex)
            for cell in zone.cells {
                sums.add(
                    fraction: cell.fraction,
                    emission: block.emission.value.samples[cell.index],
                    emissionValid: block.emission.validFraction.samples[cell.index],
                    sink: block.sink.value.samples[cell.index],
                    sinkValid: block.sink.validFraction.samples[cell.index],
                    layers: samples(cell.index)
                )
            }
            zones[zone.zoneIndex] = sums
        }
    }

    /// Adds the contribution of another tile.
    package mutating func merge(_ other: BalancePartial) {
        precondition(other.layerCount == layerCount, "sums of the same layers")
        national.merge(other.national)
        for index in other.zoneIndices {
            var sums = zone(index)
            sums.merge(other.zone(index))
            zones[index] = sums
        }
    }

    /// The contribution as bytes, about 100 for each zone: equal contributions have equal bytes.
    package var encoded: [UInt8] {
        var bytes = [Self.version]
        PartialCoding.append(layerCount, to: &bytes)
        bytes += national.encoded
        PartialCoding.append(zones.count, to: &bytes)
        for index in zoneIndices {
            PartialCoding.append(index, to: &bytes)
            bytes += zone(index).encoded
        }
        return bytes
    }

    /// The contribution that ``encoded`` gave these bytes; all of them, and nothing else.
    ///
    /// - Throws: `CarbonBalanceError` for any bytes that ``encoded`` cannot have made.
    package init(encoded bytes: [UInt8]) throws(CarbonBalanceError) {
        var rest = bytes[...]
        guard rest.popFirst() == Self.version else {
            throw PartialCoding.refusal("does not begin with version \(Self.version)")
        }
        layerCount = try PartialCoding.number(from: &rest, of: "layer count", atMost: 255)
        national = try NationalBalance(decodingPrefixOf: &rest, layerCount: layerCount)
        let count = try PartialCoding.number(
            from: &rest,
            of: "zone count",
            atMost: Self.maximumZoneIndex
        )
        var previous = -1
        for _ in 0..<count {
            let index = try PartialCoding.number(
                from: &rest,
                of: "zone index",
                atMost: Self.maximumZoneIndex
            )
            guard index > previous else { throw PartialCoding.refusal("has zones out of order") }
            previous = index
            zones[index] = try ZoneBalance(decodingPrefixOf: &rest, layerCount: layerCount)
        }
        guard rest.isEmpty else {
            throw PartialCoding.refusal("is followed by \(rest.count) bytes")
        }
    }
}
