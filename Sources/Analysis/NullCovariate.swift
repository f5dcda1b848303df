import Lattice

/// A field of smooth noise, for finding out how often something meaningless looks significant.
///
/// Value noise: pseudo-random numbers of zero mean at the nodes of a square lattice, in between
/// interpolated by the quintic 6t⁵ − 15t⁴ + 10t³ of each axis (Perlin 2002). Only additions and
/// multiplications: a value is a function of the cell, the number of the field and the wavelength, with
/// the same bits on every machine.
package struct NullCovariate: Sendable {
    /// Number of the field, from 1; part of its seed.
    package let number: Int
    /// Distance between nodes, metres.
    package let wavelengthMetres: Double

    /// A field.
    package init(number: Int, wavelengthMetres: Double) {
        self.number = number
        self.wavelengthMetres = wavelengthMetres
    }

    /// The value at a point given in metres from the grid's origin, both downwards and to the right.
    package func value(down: Double, right: Double) -> Double {
        let y = down / wavelengthMetres
        let x = right / wavelengthMetres
        let row = y.rounded(.down)
        let column = x.rounded(.down)
        let v = Self.smooth(y - row)
        let u = Self.smooth(x - column)
        func node(_ i: Int, _ j: Int) -> Double { noise(Int(row) + i, Int(column) + j) }
        let top = node(0, 0) + u * (node(0, 1) - node(0, 0))
        let bottom = node(1, 0) + u * (node(1, 1) - node(1, 0))
        return top + v * (bottom - top)
    }

    private static func smooth(_ t: Double) -> Double {
        t * t * t * (t * (t * 6 - 15) + 10)
    }

    /// A number in [−1, 1) from the node and the field: SplitMix64 (Steele, Lea & Flood 2014).
    private func noise(_ row: Int, _ column: Int) -> Double {
        var state = UInt64(bitPattern: Int64(number)) &* 0x9e37_79b9_7f4a_7c15
        for part in [row, column] {
            state = Self.mixed(state &+ UInt64(bitPattern: Int64(part)) &+ 0x9e37_79b9_7f4a_7c15)
        }
        return Double(state >> 11) * 0x1p-52 - 1
    }

    private static func mixed(_ state: UInt64) -> UInt64 {
        var z = state
        z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        return z ^ (z >> 31)
    }
}
