/// What a sample of a layer measures, which decides how it is brought to the national grid.
package enum QuantityKind: String, Hashable, Sendable, Codable, CaseIterable {
    /// An amount per source cell (tonnes, persons): divided by the cell's area, then a density.
    case total
    /// An amount per area: area-weighted mean of the valid part.
    case density
    /// A property of the place (height, temperature): area-weighted mean, or bilinear.
    case intensity
    /// A category: the fraction of the cell in the requested classes.
    case category = "class"
    /// A direction, whose sine or cosine is averaged: 359° and 1° have the mean 0°, not 180°.
    case angle

    /// True when a sample is an amount, whose sum over cells has a meaning.
    package var isAmount: Bool { self == .total || self == .density }

    /// The legal names, for messages.
    package static var legalNames: String {
        allCases.map(\.rawValue).joined(separator: ", ")
    }
}
