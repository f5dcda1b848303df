/// The bands of a dataset that make a layer.
package enum BandChoice: Sendable, Codable, Hashable {
    /// These, from 1; several are combined.
    case numbers([Int])
    /// Every band of the file, such as the months of a year.
    case all

    /// The first band of the file.
    package static let first = BandChoice.numbers([1])

    /// True when several bands may be meant.
    package var isSeveral: Bool { self == .all || self.numbers.count > 1 }

    /// The numbers; empty for ``all``.
    package var numbers: [Int] {
        if case .numbers(let numbers) = self { return numbers }
        return []
    }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if let number = try? container.decode(Int.self) {
            self = .numbers([number])
        } else if let numbers = try? container.decode([Int].self) {
            self = .numbers(numbers)
        } else {
            self = .all
        }
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .all: try container.encode("all")
        case .numbers(let numbers):
            if let number = numbers.first, numbers.count == 1 {
                try container.encode(number)
            } else {
                try container.encode(numbers)
            }
        }
    }
}

/// Which part of a direction is the layer's value: directions have no mean, their components have.
package enum AngleComponent: String, Sendable, Codable, Hashable, CaseIterable {
    /// The sine: of a compass direction its eastward part.
    case sine
    /// The cosine: of a compass direction its northward part.
    case cosine
}

/// What a cell takes from the classes of its pixels.
package enum ClassStatistic: String, Sendable, Codable, Hashable, CaseIterable {
    /// The fraction of the cell in the classes asked for.
    case fraction
    /// The most frequent class; of several, the smallest.
    case mode
}

/// A layer that is computed, not read as it stands.
package enum DerivationChoice: String, Sendable, Codable, Hashable, CaseIterable {
    /// Steepness of a height in metres, degrees, on the source's pixels.
    case slope
    /// Direction of the steepest descent of a height, on the source's pixels.
    case aspect
    /// Product of prepared layers.
    case product
    /// The first prepared layer over the second.
    case ratio
    /// Sum of prepared layers.
    case sum
    /// The first prepared layer less the second.
    case difference
    /// Distance from a cell's centre to the nearest point or line, km.
    case distance
    /// Number of points, sum of their weights, or length of lines per km².
    case density

    /// True when pixels of a raster are needed.
    package var isOfTerrain: Bool { self == .slope || self == .aspect }
    /// True when points or lines are needed.
    package var isOfFeatures: Bool { self == .distance || self == .density }
    /// True when other layers are needed.
    package var isOfLayers: Bool { !isOfTerrain && !isOfFeatures }
}

/// The datum that a vector file's coordinates are on, where its reference does not say.
package enum VectorDatum: String, Sendable, Codable, Hashable, CaseIterable {
    /// As the file's reference says.
    case wgs84
    /// China's shifted coordinates of web maps, which are undone.
    case gcj02
}

/// How the cells of a zone are weighted in the mean of a layer.
package enum ZoneAggregate: String, Sendable, Codable, Hashable, CaseIterable {
    /// By area.
    case area
    /// By inhabitants.
    case population
}
