/// The balance of the whole study area, or of a tile's part of it.
package struct NationalBalance: Hashable, Sendable {
    /// The sums, as of a zone.
    package private(set) var sums: ZoneBalance
    /// Cells of each status, in the order of `BalanceStatus.allCases`.
    private var statusCounts = [Int](repeating: 0, count: BalanceStatus.allCases.count)
    /// The distribution of |D| over cells with a deficit: θ of the asinh variant is its median.
    package private(set) var deficitSizes = MedianSketch()

    /// The balance of no cell.
    package init(layerCount: Int = 0) {
        sums = ZoneBalance(layerCount: layerCount)
    }

    /// Number of cells with a status.
    package func count(of status: BalanceStatus) -> Int {
        BalanceStatus.allCases.firstIndex(of: status).map { statusCounts[$0] } ?? 0
    }

    /// Counts a cell's status and its deficit, which may be NaN.
    package mutating func count(_ status: BalanceStatus, deficit: Float) {
        guard let index = BalanceStatus.allCases.firstIndex(of: status) else { return }
        statusCounts[index] += 1
        deficitSizes.add(deficit)
    }

    /// Adds a cell of the study area to the sums, as ``ZoneBalance/add(fraction:emission:emissionValid:sink:sinkValid:layers:)``.
    package mutating func add(
        fraction: Double = 1,
        emission: Float,
        emissionValid: Float,
        sink: Float,
        sinkValid: Float,
        layers: [(value: Float, valid: Float)] = []
    ) {
        sums.add(
            fraction: fraction,
            emission: emission,
            emissionValid: emissionValid,
            sink: sink,
            sinkValid: sinkValid,
            layers: layers
        )
    }

    /// Adds all cells of another part, disjoint from this one.
    package mutating func merge(_ other: NationalBalance) {
        sums.merge(other.sums)
        for index in statusCounts.indices { statusCounts[index] += other.statusCounts[index] }
        deficitSizes.merge(other.deficitSizes)
    }

    /// The balance as bytes, self-delimiting.
    package var encoded: [UInt8] {
        var bytes = sums.encoded
        for (status, count) in zip(BalanceStatus.allCases, statusCounts) {
            bytes.append(status.rawValue)
            PartialCoding.append(count, to: &bytes)
        }
        return bytes + deficitSizes.encoded
    }

    /// Takes an encoded balance off the front of `bytes`.
    ///
    /// - Throws: `CarbonBalanceError` for any bytes that ``encoded`` cannot have made.
    package init(
        decodingPrefixOf bytes: inout ArraySlice<UInt8>,
        layerCount: Int
    ) throws(CarbonBalanceError) {
        sums = try ZoneBalance(decodingPrefixOf: &bytes, layerCount: layerCount)
        for (index, status) in BalanceStatus.allCases.enumerated() {
            guard bytes.popFirst() == status.rawValue else {
                throw PartialCoding.refusal(
                    "has no count of status \(status.rawValue) in its place"
                )
            }
            statusCounts[index] = try PartialCoding.number(
                from: &bytes,
                of: "status count",
                atMost: 1 << 40
            )
        }
        deficitSizes = try MedianSketch(decodingPrefixOf: &bytes)
    }
}
