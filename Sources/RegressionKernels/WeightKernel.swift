/// Codes of the spatial kernels, shared with the callers as plain integers.
///
/// Plain `Int`s, because the same sources are built once per instruction-set level and a type
/// declared here would be a different type in each.
package enum KernelCode {
    /// 1 for u < 1.
    package static let boxcar = 0
    /// 1 − u² for u < 1.
    package static let epanechnikov = 1
    /// (1 − u²)² for u < 1.
    package static let bisquare = 2
    /// (1 − u³)³ for u < 1.
    package static let tricube = 3
    /// exp(−u² / 2).
    package static let gaussian = 4
    /// exp(−u).
    package static let exponential = 5
}

/// Kernel weights of `count` distances for bandwidth h: `weights[j]` = K(`distances[j]` / h).
///
/// Both buffers are read and written in whole vectors of eight: they hold ⌈count / 8⌉ · 8 numbers.
/// `bandwidth` > 0, distances ≥ 0 in the same unit. The exponential is computed here, not by
/// the C library, so that the weights are the same on every processor.
package func kernelWeights(
    kernel: Int,
    distances: UnsafePointer<SIMD8<Double>>,
    count: Int,
    bandwidth: Double,
    weights: UnsafeMutablePointer<SIMD8<Double>>
) {
    let one = SIMD8<Double>(repeating: 1)
    for vector in 0..<((count + 7) / 8) {
        let u = unsafe distances[vector] / bandwidth
        var w = one
        switch kernel {
        case KernelCode.boxcar: break
        case KernelCode.epanechnikov: w = one - u * u
        case KernelCode.bisquare:
            let v = one - u * u
            w = v * v
        case KernelCode.tricube:
            let v = one - u * u * u
            w = v * v * v
        case KernelCode.gaussian: w = exponential(u * u * -0.5)
        default: w = exponential(SIMD8<Double>.zero - u)
        }
        if kernel < KernelCode.gaussian {
            w = w.replacing(with: 0, where: u .>= one)
        }
        unsafe weights[vector] = w
    }
}

/// Distance powers whose running sums give every bandwidth of a polynomial kernel.
///
/// With δ = d / `unit`: set 0 is all ones; Epanechnikov adds δ²; bisquare δ², δ⁴; tricube δ³, δ⁶,
/// δ⁹. Set s starts at `powers + s · stride` (in vectors). Buffers are in whole vectors of eight.
package func distancePowers(
    kernel: Int,
    distances: UnsafePointer<SIMD8<Double>>,
    count: Int,
    unit: Double,
    powers: UnsafeMutablePointer<SIMD8<Double>>,
    stride: Int
) {
    let scale = unit > 0 ? 1 / unit : 0
    let one = SIMD8<Double>(repeating: 1)
    for vector in 0..<((count + 7) / 8) {
        unsafe powers[vector] = one
        if kernel == KernelCode.boxcar { continue }
        let d = unsafe distances[vector] * scale
        let square = d * d
        let first = kernel == KernelCode.tricube ? square * d : square
        unsafe powers[stride + vector] = first
        if kernel == KernelCode.epanechnikov { continue }
        unsafe powers[2 * stride + vector] = first * first
        if kernel == KernelCode.bisquare { continue }
        unsafe powers[3 * stride + vector] = first * first * first
    }
}

/// exp(x) for x ≤ 0, to about one unit in the last place; 0 below −708.
///
/// Cody–Waite reduction to |r| ≤ ln 2 / 2 and a Taylor polynomial of degree 13 (remainder below
/// 2⁻⁵⁷), all in fused multiply-adds.
@inline(__always)
private func exponential(_ x: SIMD8<Double>) -> SIMD8<Double> {
    // Adding 1.5 · 2⁵² rounds to an integer and leaves it in the low bits of the sum.
    let shifter = SIMD8<Double>(repeating: 6_755_399_441_055_744)
    let clamped = x.replacing(with: -708, where: x .< -708)
    let shifted = shifter.addingProduct(1.442_695_040_888_963_4, clamped)
    let n = shifted - shifter
    var r = clamped.addingProduct(-0x1.62e42fefa39efp-1, n)
    r = r.addingProduct(-0x1.abc9e3b39803fp-56, n)
    var p = SIMD8<Double>(repeating: 1 / 6_227_020_800)
    p = SIMD8<Double>(repeating: 1 / 479_001_600).addingProduct(p, r)
    p = SIMD8<Double>(repeating: 1 / 39_916_800).addingProduct(p, r)
    p = SIMD8<Double>(repeating: 1 / 3_628_800).addingProduct(p, r)
    p = SIMD8<Double>(repeating: 1 / 362_880).addingProduct(p, r)
    p = SIMD8<Double>(repeating: 1 / 40_320).addingProduct(p, r)
    p = SIMD8<Double>(repeating: 1 / 5_040).addingProduct(p, r)
    p = SIMD8<Double>(repeating: 1 / 720).addingProduct(p, r)
    p = SIMD8<Double>(repeating: 1 / 120).addingProduct(p, r)
    p = SIMD8<Double>(repeating: 1 / 24).addingProduct(p, r)
    p = SIMD8<Double>(repeating: 1 / 6).addingProduct(p, r)
    p = SIMD8<Double>(repeating: 0.5).addingProduct(p, r)
    p = SIMD8<Double>(repeating: 1).addingProduct(p, r)
    p = SIMD8<Double>(repeating: 1).addingProduct(p, r)
    let bits = unsafe unsafeBitCast(shifted, to: SIMD8<Int64>.self)
    let exponent = (bits &+ 1023) &<< SIMD8<Int64>(repeating: 52)
    let scale = unsafe unsafeBitCast(exponent, to: SIMD8<Double>.self)
    return (p * scale).replacing(with: 0, where: x .< -708)
}
