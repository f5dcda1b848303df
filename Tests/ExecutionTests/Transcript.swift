import Execution
import Tiling
import WireProtocol

/// A script of events and the whole trace of their effects, checked after each step.
struct Transcript {
    private(set) var state: WorkerState
    private(set) var now = Duration.zero
    private(set) var lines: [String] = []

    init(identity: WorkerIdentity = Fixtures.identity(), policy: WorkerPolicy = WorkerPolicy()) {
        state = WorkerState(identity: identity, policy: policy)
    }

    /// What is expected, in the form of ``text``.
    var text: String { lines.joined(separator: "\n") }

    mutating func pass(_ duration: Duration) {
        now += duration
    }

    mutating func step(_ name: String, _ event: WorkerEvent) {
        lines.append("\(name)")
        lines += state.apply(event, at: now).map { "    \(Self.text($0))" }
        state.checkInvariants()
    }

    mutating func hear(_ name: String, _ message: CoordinatorMessage) {
        step(name, .received(message))
    }

    /// From nothing to a session that can compute; not part of the trace.
    mutating func join(_ welcome: Welcome = Fixtures.welcome()) {
        let before = lines
        step("", .channelOpened)
        step("", .connectionMade)
        hear("", .welcome(welcome))
        step("", .storageVerified(welcome))
        hear("", .stage(Fixtures.brief))
        lines = before
    }

    private static func text(_ effect: WorkerEffect) -> String {
        switch effect {
        case .send(let message): "send \(text(message))"
        case .reconnect: "reconnect"
        case .verifyStorage(let welcome): "verify \(welcome.runDirectory)"
        case .compute(let request): "compute \(request.lease) with \(constants(request.constants))"
        case .cancel(let lease): "cancel \(lease)"
        case .discard(let key, let directory): "discard \(directory) \(key)"
        case .serve(let request): "serve \(request.file) from \(request.offset)"
        case .take(let piece): "take \(piece.file) from \(piece.offset)"
        case .keep(let object): "keep \(object.key)"
        case .log(let fact): "log \(fact.event)"
        case .leave(let exit): "leave \(exit.exitCode): \(exit)"
        }
    }

    private static func text(_ message: WorkerMessage) -> String {
        switch message {
        case .hello(let hello):
            "hello of '\(hello.runID)', running \(list(hello.running)),"
                + " unacknowledged \(list(hello.unacknowledged.map(\.lease)))"
        case .heartbeat: "heartbeat"
        case .completed(let result): "completed \(result.lease)"
        case .failed(let failure):
            "failed \(failure.lease) \(failure.failureClass.rawValue): \(failure.message)"
        case .released(let leases, let reason): "released \(list(leases)): \(reason)"
        case .goodbye(let reason): "goodbye: \(reason)"
        case .request(let request): "request \(request.file) from \(request.offset)"
        case .piece(let piece): "piece \(piece.file) from \(piece.offset)"
        }
    }

    private static func list(_ leases: [LeaseID]) -> String {
        "[" + leases.map(\.description).joined(separator: " ") + "]"
    }

    private static func constants(_ constants: [Stage: [UInt8]]) -> String {
        constants.keys.sorted().map { "\($0.rawValue)=\(constants[$0] ?? [])" }
            .joined(separator: " ")
    }
}
