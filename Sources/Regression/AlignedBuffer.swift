/// Memory for the kernels: zeroed, aligned to a vector of eight, freed with its owner.
@safe package struct AlignedBuffer: ~Copyable {
    private let base: UnsafeMutableRawPointer
    /// Capacity in vectors of eight numbers.
    package let vectorCount: Int

    /// Zeroed room for at least `scalarCount` numbers.
    package init(scalarCount: Int) {
        vectorCount = max(1, (scalarCount + 7) / 8)
        unsafe base = .allocate(byteCount: vectorCount * 64, alignment: 64)
        unsafe base.initializeMemory(as: UInt8.self, repeating: 0, count: vectorCount * 64)
    }

    /// A copy of numbers, padded with zeros.
    package init(_ values: [Double]) {
        self.init(scalarCount: values.count)
        for (index, value) in values.enumerated() { unsafe scalars[index] = value }
    }

    deinit { unsafe base.deallocate() }

    /// Capacity in numbers.
    package var scalarCount: Int { 8 * vectorCount }

    /// The memory as vectors.
    package var vectors: UnsafeMutablePointer<SIMD8<Double>> {
        unsafe base.assumingMemoryBound(to: SIMD8<Double>.self)
    }

    /// The memory as numbers.
    package var scalars: UnsafeMutablePointer<Double> {
        unsafe base.assumingMemoryBound(to: Double.self)
    }

    /// The memory as 32-bit integers, two per number.
    package var integers: UnsafeMutablePointer<Int32> {
        unsafe base.assumingMemoryBound(to: Int32.self)
    }

    /// The memory as machine integers, one per number.
    package var counts: UnsafeMutablePointer<Int> {
        unsafe base.assumingMemoryBound(to: Int.self)
    }

    /// Sets everything to zero.
    package func clear() {
        unsafe base.initializeMemory(as: UInt8.self, repeating: 0, count: vectorCount * 64)
    }
}

extension AlignedBuffer {
    /// A buffer with several owners, for arrays of buffers.
    final class Shared {
        let buffer: AlignedBuffer

        init(scalarCount: Int) { buffer = AlignedBuffer(scalarCount: scalarCount) }
    }
}
