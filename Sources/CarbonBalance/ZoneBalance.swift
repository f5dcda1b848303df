package import Lattice

/// The sums of a zone, or of a tile's part of it: exact, hence the same in whatever order tiles merge.
///
/// For each covered cell with coverage c (the share of the cell inside the zone), emission E, sink S and
/// their valid fractions f: Σc, Σc·f and Σc·f·value. Sums are in cells and in internal units times
/// cells; the area of a cell, the same everywhere, enters when ``BalanceSummary`` is made.
package struct ZoneBalance: Hashable, Sendable {
    /// The sums of one further layer (population, GDP, a covariate).
    package struct LayerSum: Hashable, Sendable {
        /// Σ c·f over the cells where the layer has a value, f its valid fraction.
        package fileprivate(set) var coverage = ExactSum()
        /// Σ c·f·value.
        package fileprivate(set) var weighted = ExactSum()
    }

    /// Cells the zone covers, wholly or in part.
    package private(set) var cellCount = 0
    /// Σ c, cells.
    package private(set) var coverage = ExactSum()
    /// Σ c·f of the emission, cells.
    package private(set) var emissionCoverage = ExactSum()
    /// Σ c·f of the sink, cells.
    package private(set) var sinkCoverage = ExactSum()
    /// Σ c·f·E, tCO2 km⁻² yr⁻¹ times cells.
    package private(set) var emission = ExactSum()
    /// Σ c·f·S, likewise.
    package private(set) var sink = ExactSum()
    /// The sums of further layers, in the order of the model.
    package private(set) var layers: [LayerSum]

    /// The sums of no cell.
    package init(layerCount: Int = 0) {
        precondition((0...255).contains(layerCount), "a zone sums at most 255 further layers")
        layers = Array(repeating: LayerSum(), count: layerCount)
    }

    /// Adds a cell.
    ///
    /// - Parameters:
    ///   - fraction: c, above 0 and at most 1.
    ///   - emission: E as stored; not finite counts as not observed.
    ///   - emissionValid: its valid fraction.
    ///   - sink: S as stored, after the water policy (``BalanceBlock/sink``); likewise.
    ///   - sinkValid: its valid fraction.
    ///   - layers: values of the further layers with their valid fractions; not finite counts as not
    ///     observed.
    package mutating func add(
        fraction: Double,
        emission: Float,
        emissionValid: Float,
        sink: Float,
        sinkValid: Float,
        layers: [(value: Float, valid: Float)] = []
    ) {
        precondition(layers.count == self.layers.count, "one value for each further layer")
        cellCount += 1
        coverage.add(fraction)
        if emission.isFinite, emissionValid > 0 {
            emissionCoverage.add(product: fraction, Double(emissionValid))
            // Two singles multiply exactly in double: the sum is exact in all three factors.
            self.emission.add(product: fraction, Double(emission) * Double(emissionValid))
        }
        if sink.isFinite, sinkValid > 0 {
            sinkCoverage.add(product: fraction, Double(sinkValid))
            self.sink.add(product: fraction, Double(sink) * Double(sinkValid))
        }
        for (index, layer) in layers.enumerated() where layer.value.isFinite && layer.valid > 0 {
            let mass = Double(layer.value) * Double(layer.valid)
            self.layers[index].coverage.add(product: fraction, Double(layer.valid))
            self.layers[index].weighted.add(product: fraction, mass)
        }
    }

    /// Adds all cells of another part of the zone, disjoint from this one.
    package mutating func merge(_ other: ZoneBalance) {
        precondition(other.layers.count == layers.count, "sums of the same layers")
        cellCount += other.cellCount
        coverage.merge(other.coverage)
        emissionCoverage.merge(other.emissionCoverage)
        sinkCoverage.merge(other.sinkCoverage)
        emission.merge(other.emission)
        sink.merge(other.sink)
        for index in layers.indices {
            layers[index].coverage.merge(other.layers[index].coverage)
            layers[index].weighted.merge(other.layers[index].weighted)
        }
    }

    /// What the sums say, with areas in km² and masses in tonnes.
    package func summary(cellAreaKm2: Double) -> BalanceSummary {
        BalanceSummary(
            cellCount: cellCount,
            coveredAreaKm2: coverage.value * cellAreaKm2,
            emissionAreaKm2: emissionCoverage.value * cellAreaKm2,
            sinkAreaKm2: sinkCoverage.value * cellAreaKm2,
            emissionTonnes: emission.value * cellAreaKm2,
            sinkTonnes: sink.value * cellAreaKm2,
            layerTotals: layers.map { $0.weighted.value * cellAreaKm2 }
        )
    }
}

extension ZoneBalance {
    /// The sums as bytes, self-delimiting: equal sums have equal bytes.
    package var encoded: [UInt8] {
        var bytes: [UInt8] = []
        PartialCoding.append(cellCount, to: &bytes)
        PartialCoding.append(layers.count, to: &bytes)
        for sum in [coverage, emissionCoverage, sinkCoverage, emission, sink] {
            bytes += sum.encoded
        }
        for layer in layers { bytes += layer.coverage.encoded + layer.weighted.encoded }
        return bytes
    }

    /// Takes encoded sums off the front of `bytes`.
    ///
    /// - Throws: `CarbonBalanceError` for any bytes that ``encoded`` cannot have made, or sums of
    ///   another number of layers.
    package init(
        decodingPrefixOf bytes: inout ArraySlice<UInt8>,
        layerCount: Int
    ) throws(CarbonBalanceError) {
        self.init(layerCount: layerCount)
        cellCount = try PartialCoding.number(from: &bytes, of: "cell count", atMost: 1 << 40)
        let found = try PartialCoding.number(from: &bytes, of: "layer count", atMost: 255)
        guard found == layerCount else {
            throw PartialCoding.refusal("has sums of \(found) layers, the model has \(layerCount)")
        }
        do {
            coverage = try ExactSum(decodingPrefixOf: &bytes)
            emissionCoverage = try ExactSum(decodingPrefixOf: &bytes)
            sinkCoverage = try ExactSum(decodingPrefixOf: &bytes)
            emission = try ExactSum(decodingPrefixOf: &bytes)
            sink = try ExactSum(decodingPrefixOf: &bytes)
            for index in layers.indices {
                layers[index].coverage = try ExactSum(decodingPrefixOf: &bytes)
                layers[index].weighted = try ExactSum(decodingPrefixOf: &bytes)
            }
        } catch {
            throw PartialCoding.refusal("\(error)")
        }
    }
}
