package import Messaging
package import Tiling
package import WireProtocol

// What an operator asks of a running coordinator.

extension Coordinator {
    /// Begins nothing new until ``resume()``.
    package func pause() { apply(.pauseRequested) }

    /// Goes on after a pause.
    package func resume() { apply(.resumeRequested) }

    /// Ends the run; ``run(after:)`` then returns `.cancelled`.
    package func cancel() { apply(.cancelRequested) }

    /// Lets a worker finish what it has and leave.
    package func drain(_ worker: WorkerID) { apply(.drainRequested(worker)) }

    /// Ends the sessions of keys that are no longer admitted.
    package func endSessions(of keys: [CurvePublicKey]) {
        apply(.keysRevoked(Set(keys.map(\.z85))))
    }

    /// Puts quarantined tiles back: one, or all.
    package func retry(_ tile: TileID?) { apply(.retryRequested(tile)) }
}
