/// An edge with its upper end first, on the lattice of 2⁻⁴⁴ cells.
struct ZoneEdge: Sendable {
    /// Column of the upper end.
    let x0: Int64
    /// Row of the upper end; smaller than ``y1``.
    let y0: Int64
    /// Column of the lower end.
    let x1: Int64
    /// Row of the lower end.
    let y1: Int64
    /// +1 where the zone lies east of the edge, −1 where it lies west.
    let sign: Int8

    /// Column where the edge crosses a row line within its ends, rounded to the lattice.
    ///
    /// A function of the edge alone: both neighbours of a shared edge, and every window, get the same.
    func column(atRow y: Int64) -> Int64 {
        if y <= y0 { return x0 }
        if y >= y1 { return x1 }
        return Self.interpolated(from: x0, to: x1, part: y - y0, of: y1 - y0)
    }

    /// start + (end − start)·part/whole, rounded to nearest, halves away from `start`.
    ///
    /// Monotone in `part`, and between `start` and `end`; `whole` is positive.
    static func interpolated(from start: Int64, to end: Int64, part: Int64, of whole: Int64)
        -> Int64
    {
        let product = Int128(end - start) * Int128(part)
        let half = Int128(whole) / 2
        // Integer division cuts towards zero; adding half first, signed, rounds to nearest.
        let quotient = (product >= 0 ? product + half : product - half) / Int128(whole)
        return start + Int64(quotient)
    }
}
