import Coordination
import Messaging
import RunStore
import SimulationKit
import Testing
import Tiling
import WireProtocol

struct CommitGateTests {
    private let peer = Scene.peer(1)

    private func grant(_ column: Int) -> [RunEffect] {
        let lease = Scene.lease(column)
        return [
            .journal(.granted(lease, worker: "w", isSpeculative: false)),
            .send(.committed([lease]), to: peer),
        ]
    }

    @Test func `a message waits for the record before it and others do not`() {
        var gate = CommitGate()
        let heartbeat = RunEffect.send(.heartbeat(sequence: 1), to: peer)
        #expect(
            gate.admit(grant(0) + [heartbeat], cause: "c", wallSeconds: 1)
                == [.send(.heartbeat(sequence: 1), to: peer)]
        )
        #expect(gate.takeBatch().map(\.cause) == ["c"])
        #expect(gate.backlog == 1)
        #expect(gate.confirm() == [.send(.committed([Scene.lease(0)]), to: peer)])
        #expect(gate.backlog == 0)
    }

    @Test func `a message without a record before it leaves at once`() {
        var gate = CommitGate()
        let stale = RunEffect.send(.stale([Scene.lease(0)]), to: peer)
        #expect(gate.admit([stale], cause: "c", wallSeconds: 1).count == 1)
    }

    @Test func `what is decided while a batch is under way waits for the next`() {
        var gate = CommitGate()
        _ = gate.admit(grant(0), cause: "1", wallSeconds: 1)
        #expect(gate.takeBatch().count == 1)
        #expect(gate.admit(grant(1), cause: "2", wallSeconds: 2).isEmpty)
        #expect(!gate.hasBatch)
        #expect(gate.confirm() == [.send(.committed([Scene.lease(0)]), to: peer)])
        #expect(gate.takeBatch().map(\.cause) == ["2"])
        #expect(gate.confirm() == [.send(.committed([Scene.lease(1)]), to: peer)])
    }

    @Test func `messages released together are joined for each worker, in order`() {
        var gate = CommitGate()
        let other = Scene.peer(2)
        var effects = grant(0) + grant(1)
        effects.append(.send(.stale([Scene.lease(5)]), to: other))
        effects += grant(2)
        effects.append(.send(.stale([Scene.lease(6)]), to: peer))
        effects += grant(3)
        effects.append(.finish(.done))
        _ = gate.admit(effects, cause: "1", wallSeconds: 1)
        _ = gate.takeBatch()
        #expect(
            gate.confirm() == [
                .send(.committed([Scene.lease(0), Scene.lease(1), Scene.lease(2)]), to: peer),
                .send(.stale([Scene.lease(5)]), to: other),
                .send(.stale([Scene.lease(6)]), to: peer),
                .send(.committed([Scene.lease(3)]), to: peer),
                .finish(.done),
            ]
        )
    }
}
