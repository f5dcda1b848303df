/// A moment on a clock that only ever goes forward.
package struct MonotonicInstant: Hashable, Comparable, Sendable {
    /// Time since the clock's own origin, nanoseconds.
    package var nanoseconds: Int64

    /// A moment by its distance from the clock's origin, nanoseconds.
    package init(nanoseconds: Int64) {
        self.nanoseconds = nanoseconds
    }

    /// The moment `milliseconds` later.
    package func advanced(byMilliseconds milliseconds: Int) -> MonotonicInstant {
        let (product, isTooLong) = Int64(milliseconds).multipliedReportingOverflow(by: 1_000_000)
        let (sum, isTooLate) = nanoseconds.addingReportingOverflow(product)
        return MonotonicInstant(nanoseconds: isTooLong || isTooLate ? .max : sum)
    }

    /// Time from an earlier moment, milliseconds.
    package func milliseconds(since earlier: MonotonicInstant) -> Int {
        Int((nanoseconds &- earlier.nanoseconds) / 1_000_000)
    }

    /// Time from an earlier moment, seconds.
    package func seconds(since earlier: MonotonicInstant) -> Double {
        Double(nanoseconds &- earlier.nanoseconds) / 1e9
    }

    package static func < (lhs: Self, rhs: Self) -> Bool { lhs.nanoseconds < rhs.nanoseconds }
}

/// The clock that decisions go by: one that no operator and no time server can set.
package protocol MonotonicClock: Sendable {
    /// The present moment.
    var now: MonotonicInstant { get }
    /// Waits until a moment; returns early by throwing when the task is cancelled.
    func sleep(until instant: MonotonicInstant) async throws
}

/// The clock on the wall, for what people read; never for decisions.
package protocol WallClock: Sendable {
    /// The time now, seconds since 1970.
    var secondsSince1970: Double { get }
}
