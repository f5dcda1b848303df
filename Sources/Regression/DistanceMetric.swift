/// How far apart two locations are.
package enum DistanceMetric: String, CaseIterable, Sendable {
    /// Euclidean distance in the coordinates' own unit.
    case planar
    /// Great-circle distance in metres on a sphere of radius ``sphereRadiusMetres``; x is the
    /// longitude and y the latitude, in degrees.
    case greatCircle

    /// Radius of the sphere: 6371.0 km, as mgwr has it.
    package static let sphereRadiusMetres = 6_371_000.0

    /// Number of coordinates that the neighbour index works in.
    ///
    /// On the sphere these are the unit vector's: chords order points as arcs do, and boxes of unit
    /// vectors know nothing of poles and of the date line.
    var dimensions: Int { self == .planar ? 2 : 3 }

    /// Radius handed to the kernels; 0 means planar.
    var kernelRadius: Double { self == .planar ? 0 : Self.sphereRadiusMetres }
}
