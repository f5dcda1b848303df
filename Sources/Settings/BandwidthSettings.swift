/// How wide neighbourhoods are, or how that is found.
package enum BandwidthSettings: Sendable, Hashable {
    /// Adaptive: the distance to this nearest observation.
    case neighbours(Int)
    /// Fixed: this distance, metres.
    case metres(Double)
    /// Chosen by a criterion.
    case search(BandwidthSearch)
}

/// The search for a bandwidth.
package struct BandwidthSearch: Sendable, Hashable {
    /// What is searched, and between which bounds.
    package var range: BandwidthRange
    /// What the best bandwidth minimises.
    package var criterion: CriterionChoice
    /// Radius left out around a location by buffered cross-validation, metres; automatic: the
    /// largest support of response and covariates.
    package var bufferMetres: Automatic<Double>

    /// A search; by default adaptive with automatic bounds by buffered cross-validation.
    package init(
        range: BandwidthRange = .adaptive(minimum: .automatic, maximum: .automatic),
        criterion: CriterionChoice = .bcv,
        bufferMetres: Automatic<Double> = .automatic
    ) {
        self.range = range
        self.criterion = criterion
        self.bufferMetres = bufferMetres
    }
}

/// The bandwidths that are searched; automatic bounds follow the observations.
package enum BandwidthRange: Sendable, Hashable {
    /// Numbers of neighbours.
    case adaptive(minimum: Automatic<Int>, maximum: Automatic<Int>)
    /// Distances, metres.
    case fixed(minimumMetres: Automatic<Double>, maximumMetres: Automatic<Double>)
}

/// The two kinds of bandwidth.
package enum BandwidthType: String, Sendable, Codable, Hashable, CaseIterable {
    /// A number of neighbours.
    case adaptive
    /// A distance.
    case fixed
}

extension BandwidthSettings: Codable {
    private enum CodingKeys: String, CodingKey {
        case type, neighbours, metres, criterion, minimum, maximum
        case minimumMetres, maximumMetres, bufferMetres
    }

    /// Adaptive or fixed.
    package var type: BandwidthType {
        switch self {
        case .neighbours: .adaptive
        case .metres: .fixed
        case .search(let search):
            switch search.range {
            case .adaptive: .adaptive
            case .fixed: .fixed
            }
        }
    }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        if let neighbours = try container.decodeIfPresent(Int.self, forKey: .neighbours) {
            self = .neighbours(neighbours)
            return
        }
        if let metres = try container.decodeIfPresent(Double.self, forKey: .metres) {
            self = .metres(metres)
            return
        }
        let range: BandwidthRange =
            switch try container.decode(BandwidthType.self, forKey: .type) {
            case .adaptive:
                .adaptive(
                    minimum: try container.decode(Automatic<Int>.self, forKey: .minimum),
                    maximum: try container.decode(Automatic<Int>.self, forKey: .maximum)
                )
            case .fixed:
                .fixed(
                    minimumMetres: try container.decode(
                        Automatic<Double>.self,
                        forKey: .minimumMetres
                    ),
                    maximumMetres: try container.decode(
                        Automatic<Double>.self,
                        forKey: .maximumMetres
                    )
                )
            }
        self = .search(
            BandwidthSearch(
                range: range,
                criterion: try container.decode(CriterionChoice.self, forKey: .criterion),
                bufferMetres: try container.decode(Automatic<Double>.self, forKey: .bufferMetres)
            )
        )
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(type, forKey: .type)
        switch self {
        case .neighbours(let neighbours): try container.encode(neighbours, forKey: .neighbours)
        case .metres(let metres): try container.encode(metres, forKey: .metres)
        case .search(let search):
            try container.encode(search.criterion, forKey: .criterion)
            try container.encode(search.bufferMetres, forKey: .bufferMetres)
            switch search.range {
            case .adaptive(let minimum, let maximum):
                try container.encode(minimum, forKey: .minimum)
                try container.encode(maximum, forKey: .maximum)
            case .fixed(let minimum, let maximum):
                try container.encode(minimum, forKey: .minimumMetres)
                try container.encode(maximum, forKey: .maximumMetres)
            }
        }
    }
}
