/// Chains of dependent fused multiply-adds that ``multiplyAddChains`` runs side by side.
package enum PeakLayout {
    /// Chains that fit sixteen registers of half a vector.
    package static let narrowChains = 6
    /// Chains that fill two units of latency four and more, where a vector is one register.
    package static let wideChains = 12
}

/// Nothing but fused multiply-adds in registers: what the machine can do at most.
///
/// Each of the chains does `iterations` steps x ← x · factors[0] + factors[1]; start values and results
/// are `chains`, one vector each. For benchmarks: the yardstick of the other kernels.
package func multiplyAddChains(
    isWide: Bool,
    iterations: Int,
    factors: UnsafePointer<SIMD8<Double>>,
    chains: UnsafeMutablePointer<SIMD8<Double>>
) {
    let a = unsafe factors[0]
    let b = unsafe factors[1]
    var x0 = unsafe chains[0]
    var x1 = unsafe chains[1]
    var x2 = unsafe chains[2]
    var x3 = unsafe chains[3]
    var x4 = unsafe chains[4]
    var x5 = unsafe chains[5]
    if !isWide {
        for _ in 0..<iterations {
            x0 = b.addingProduct(x0, a)
            x1 = b.addingProduct(x1, a)
            x2 = b.addingProduct(x2, a)
            x3 = b.addingProduct(x3, a)
            x4 = b.addingProduct(x4, a)
            x5 = b.addingProduct(x5, a)
        }
    } else {
        var x6 = unsafe chains[6]
        var x7 = unsafe chains[7]
        var x8 = unsafe chains[8]
        var x9 = unsafe chains[9]
        var x10 = unsafe chains[10]
        var x11 = unsafe chains[11]
        for _ in 0..<iterations {
            x0 = b.addingProduct(x0, a)
            x1 = b.addingProduct(x1, a)
            x2 = b.addingProduct(x2, a)
            x3 = b.addingProduct(x3, a)
            x4 = b.addingProduct(x4, a)
            x5 = b.addingProduct(x5, a)
            x6 = b.addingProduct(x6, a)
            x7 = b.addingProduct(x7, a)
            x8 = b.addingProduct(x8, a)
            x9 = b.addingProduct(x9, a)
            x10 = b.addingProduct(x10, a)
            x11 = b.addingProduct(x11, a)
        }
        unsafe chains[6] = x6
        unsafe chains[7] = x7
        unsafe chains[8] = x8
        unsafe chains[9] = x9
        unsafe chains[10] = x10
        unsafe chains[11] = x11
    }
    unsafe chains[0] = x0
    unsafe chains[1] = x1
    unsafe chains[2] = x2
    unsafe chains[3] = x3
    unsafe chains[4] = x4
    unsafe chains[5] = x5
}
