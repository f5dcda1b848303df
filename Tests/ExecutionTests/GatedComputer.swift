import ContentDigest
import Dispatch
import Execution
import Foundation
import Synchronization
import Tiling

/// Computes units when a test lets it, and writes real objects.
final class GatedComputer: TileComputer {
    private struct State {
        var begun: [LeaseID] = []
        var gates: [LeaseID: DispatchSemaphore] = [:]
    }

    private let state = Mutex(State())
    private let gated: Set<LeaseID>

    /// A computer that waits for ``open(_:)`` with the leases given, and for nothing with others.
    init(gated: Set<LeaseID> = []) {
        self.gated = gated
    }

    /// The computations begun, in order of their beginning.
    var begun: [LeaseID] { state.withLock { $0.begun } }

    func open(_ lease: LeaseID) {
        gate(of: lease).signal()
    }

    func compute(
        _ request: TileRequest,
        cancellation: CancellationFlag
    ) throws(TileFailure) -> TileResult {
        state.withLock { $0.begun.append(request.lease) }
        if gated.contains(request.lease) { gate(of: request.lease).wait() }
        let content = Data("\(request.lease.unit) \(request.constants[.prepare] ?? [])".utf8)
        let writer = ObjectWriter(runDirectory: request.runDirectory, nonce: 0xab)
        let object = try writer.write(request.lease) { path in
            try content.write(to: URL(filePath: path))
            return ContentDigest(of: Array(content))
        }
        return TileResult(lease: request.lease, object: object, partial: [1], cost: TileCost())
    }

    private func gate(of lease: LeaseID) -> DispatchSemaphore {
        state.withLock { state in
            if let gate = state.gates[lease] { return gate }
            let gate = DispatchSemaphore(value: 0)
            state.gates[lease] = gate
            return gate
        }
    }
}
