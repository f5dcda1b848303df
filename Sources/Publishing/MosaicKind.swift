/// The mosaics that a run publishes.
enum MosaicKind: String, Hashable, Sendable, CaseIterable {
    /// Emission, sink and the forms of the deficit.
    case deficit
    /// Why cells have the values they have.
    case status
    /// The local models.
    case model = "gwr"
    /// The neighbourhoods that the local models see.
    case neighbourhood

    /// The file within the run directory.
    var path: String { "mosaic/\(rawValue).tif" }

    /// What it is, for titles.
    var title: String {
        switch self {
        case .deficit: "Carbon deficit"
        case .status: "Status of the carbon deficit"
        case .model: "Geographically weighted regression of the carbon deficit"
        case .neighbourhood: "Neighbourhoods of the regression"
        }
    }

    /// The type of its samples, as STAC names it.
    var dataType: String {
        switch self {
        case .deficit, .neighbourhood: "float32"
        case .model: "float64"
        case .status: "uint8"
        }
    }

    /// Whether it belongs to the regression of cells.
    var isOfRegression: Bool { self == .model || self == .neighbourhood }
}
