internal import CGDAL

/// One item of a raster's metadata.
package struct MetadataItem: Hashable, Sendable, Codable {
    /// The domain; empty for the default one, `DEFICIT` for formulas and provenance.
    package var domain: String
    /// The key, without `=`.
    package var key: String
    /// The value.
    package var value: String

    /// An item of a domain.
    package init(domain: String = "", key: String, value: String) {
        self.domain = domain
        self.key = key
        self.value = value
    }

    /// The domain of formulas, parameters and provenance.
    package static let deficitDomain = "DEFICIT"
}

/// How overviews and decimated reads make one sample of several.
package enum OverviewResampling: String, Hashable, Sendable, Codable, CaseIterable {
    /// The mean of the valid samples: quantities.
    case average = "AVERAGE"
    /// The most frequent sample: classes.
    case mode = "MODE"
    /// The sample nearest to the middle.
    case nearest = "NEAREST"

    var rasterIOAlgorithm: GDALRIOResampleAlg {
        switch self {
        case .average: GRIORA_Average
        case .mode: GRIORA_Mode
        case .nearest: GRIORA_NearestNeighbour
        }
    }
}

/// Sets items on a dataset or band of the library.
func setMetadata(_ items: [MetadataItem], on object: GDALMajorObjectH?) {
    for item in items {
        unsafe GDALSetMetadataItem(object, item.key, item.value, item.domain)
    }
}
