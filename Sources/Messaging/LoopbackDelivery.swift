/// The fate of one message in a ``LoopbackNetwork``.
package enum LoopbackDelivery: Sendable, Hashable {
    /// It arrives at once.
    case deliver
    /// It is lost.
    case drop
    /// It arrives twice.
    case duplicate
    /// It arrives after this many steps, at least one; later messages may overtake it.
    case delay(steps: Int)
}
