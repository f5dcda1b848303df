package import Lattice

/// A layer on the national grid: its mean over the valid part of each cell, and how large that part is.
package struct RegriddedLayer: Sendable, Equatable {
    /// Mean over the valid sub-points in internal units, rounded once; NaN where there is none.
    package var value: CellBlock
    /// Share of the cell's sub-points that are valid, 0…1; never NaN.
    package var validFraction: CellBlock
    /// Share of water among the sub-points that are valid or water, NaN where there is none; nil when
    /// the layer has no code for water.
    package var waterFraction: CellBlock?
    /// Share of the cell's sub-points that are valid or water, 0…1: what ``waterFraction`` is relative to, for
    /// combining files; nil when the layer has no code for water, and in layers that were combined, computed, or
    /// read back from tiles.
    package var knownFraction: CellBlock?

    /// A layer from its bands, which cover one window.
    package init(
        value: CellBlock,
        validFraction: CellBlock,
        waterFraction: CellBlock? = nil,
        knownFraction: CellBlock? = nil
    ) {
        precondition(
            [validFraction, waterFraction ?? validFraction, knownFraction ?? validFraction]
                .allSatisfy { $0.window == value.window },
            "the bands of a layer cover one window"
        )
        self.value = value
        self.validFraction = validFraction
        self.waterFraction = waterFraction
        self.knownFraction = knownFraction
    }

    /// A layer without any valid cell, to be pasted into.
    package init(emptyOver window: CellWindow, hasWater: Bool) {
        value = CellBlock(window: window)
        validFraction = CellBlock(window: window, filledWith: 0)
        waterFraction = hasWater ? CellBlock(window: window) : nil
        knownFraction = hasWater ? CellBlock(window: window, filledWith: 0) : nil
    }

    /// Copies the cells that both layers cover from `other`, which has the same bands.
    package mutating func paste(_ other: RegriddedLayer) {
        precondition(
            (waterFraction == nil) == (other.waterFraction == nil)
                && (knownFraction == nil) == (other.knownFraction == nil),
            "layers with the same bands"
        )
        value.paste(other.value)
        validFraction.paste(other.validFraction)
        Self.paste(other.waterFraction, into: &waterFraction)
        Self.paste(other.knownFraction, into: &knownFraction)
    }

    private static func paste(_ part: CellBlock?, into block: inout CellBlock?) {
        guard var whole = block, let part else { return }
        // One owner, or the samples would be copied.
        block = nil
        whole.paste(part)
        block = whole
    }

    /// The water fraction where a map of water tells, too: in each cell the larger of both.
    ///
    /// - Parameter mapped: the fraction of water over the layer's window, NaN where it is not known; nil
    ///   without such a map.
    /// - Returns: the fraction; NaN where neither tells, nil when there is neither.
    package func waterFraction(with mapped: CellBlock?) -> CellBlock? {
        guard let mapped, let waterFraction else { return mapped ?? waterFraction }
        precondition(mapped.window == value.window, "a map of water over the layer's window")
        return CellBlock(
            window: mapped.window,
            samples: zip(waterFraction.samples, mapped.samples).map { coded, mapped in
                coded.isNaN || mapped > coded ? mapped : coded
            }
        )
    }

    /// Makes a cell one without observation.
    mutating func drop(_ index: Int) {
        value.samples[index] = .nan
        validFraction.samples[index] = 0
    }

    /// The values of the cells whose valid fraction is at least `minimum`, NaN elsewhere.
    ///
    /// For covariates. Emission and sink keep every valid cell, or national totals would not close.
    package func value(whereValidFractionAtLeast minimum: Double) -> CellBlock {
        CellBlock(
            window: value.window,
            samples: value.samples.indices.map { index in
                Double(validFraction.samples[index]) >= minimum ? value.samples[index] : .nan
            }
        )
    }
}
