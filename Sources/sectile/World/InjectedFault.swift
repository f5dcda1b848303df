import Execution
import Foundation
import Telemetry
import Tiling

/// A fault that tests inject into the processes of slots, and nothing else reads.
///
/// `SECTILE_FAULT` names faults, separated by `;`, each `KIND:key=value,…`; the keys `stage` and `tile`
/// say for which units (all, without them), `attempts` up to which attempt, `seconds` for how long,
/// `mebibytes` how much.
/// Kinds: `crash` (SIGSEGV), `exit` (code 7), `hang` (a loop that looks at nothing), `busy` (the same for
/// some seconds, then the unit is computed), `memory` (takes 16 MiB at a time until it is stopped; with
/// `mebibytes`, so much for some seconds, then the unit is computed), `allocate` (asks for more at once
/// than there can be). Two kill the worker itself: `exitAfterRename` when the tile's file is in place and
/// not reported, `exitAfterReport` just after its slot has reported it. Refused unless
/// `SECTILE_ALLOW_FAULTS` is 1.
struct InjectedFault: Sendable {
    /// What goes wrong.
    enum Kind: String, CaseIterable, Sendable {
        case crash, exit, hang, busy, memory, allocate, exitAfterRename, exitAfterReport

        /// True when the unit is computed first.
        var comesAfterwards: Bool { self == .exitAfterRename || self == .exitAfterReport }
    }

    /// What goes wrong.
    let kind: Kind
    private var stage: Stage?
    private var tile: TileID?
    private var attempts = Int.max
    private var seconds = 1.0
    private var mebibytes: Int?

    /// The faults of this process.
    ///
    /// - Throws: `CommandError` with exit code 2 for faults that are not allowed or not legal.
    static func ofEnvironment() throws -> [InjectedFault] {
        let environment = ProcessInfo.processInfo.environment
        guard let text = environment["SECTILE_FAULT"], !text.isEmpty else { return [] }
        guard environment["SECTILE_ALLOW_FAULTS"] == "1" else {
            throw CommandError.usage("SECTILE_FAULT is for tests: SECTILE_ALLOW_FAULTS=1 allows it")
        }
        return try text.split(separator: ";").map { try InjectedFault(String($0)) }
    }

    private init(_ text: String) throws {
        let parts = text.split(separator: ":", maxSplits: 1).map(String.init)
        guard let first = parts.first, let kind = Kind(rawValue: first) else {
            let legal = Kind.allCases.map(\.rawValue).joined(separator: ", ")
            throw CommandError.usage("SECTILE_FAULT: '\(text)'; legal: \(legal), then :key=value,…")
        }
        self.kind = kind
        for pair in parts.dropFirst().joined().split(separator: ",") {
            let sides = pair.split(separator: "=", maxSplits: 1).map(String.init)
            let value = sides.count == 2 ? sides[1] : ""
            switch sides.first {
            case "stage": stage = Stage(rawValue: value)
            case "tile": tile = TileID(value)
            case "attempts": attempts = Int(value) ?? attempts
            case "seconds": seconds = Double(value) ?? seconds
            case "mebibytes": mebibytes = Int(value)
            default: throw CommandError.usage("SECTILE_FAULT: '\(pair)' is no key=value")
            }
        }
    }

    /// True when the fault is for a unit's attempt.
    func concerns(_ lease: LeaseID) -> Bool {
        (stage ?? lease.unit.stage) == lease.unit.stage
            && (tile ?? lease.unit.tile) == lease.unit.tile
            && lease.attempt.number <= attempts
    }

    /// Lets it happen; returns from `busy`, `exitAfterReport`, and from `memory` of a certain size.
    func happen() {
        switch kind {
        case .crash:
            StandardStreamSink.error.write(line: "an injected crash")
            // A fault of the processor, not a signal that somebody sends: handlers tell them apart.
            unsafe UnsafeMutableRawPointer(bitPattern: 8)?.storeBytes(of: 1, as: UInt8.self)
        case .exit: Foundation.exit(7)
        case .hang: spin(seconds: .infinity)
        case .busy: spin(seconds: seconds)
        case .memory: eatMemory()
        case .allocate:
            let size = 1 << 46
            let bytes = UnsafeMutableRawPointer.allocate(byteCount: size, alignment: 16)
            unsafe bytes.storeBytes(of: 1, as: UInt8.self)
        case .exitAfterRename:
            kill(getppid(), SIGKILL)
            spin(seconds: .infinity)
        case .exitAfterReport:
            let thread = Thread {
                usleep(5_000)
                kill(getppid(), SIGKILL)
            }
            thread.start()
        }
    }

    private func spin(seconds: Double) {
        let clock = WorldClock()
        let start = clock.seconds
        while clock.seconds - start < seconds {}
    }

    /// Bounded, so that a watchdog that does not bite costs a test and not the machine.
    private func eatMemory() {
        var held: [[UInt8]] = []
        while held.count < min(128, mebibytes.map { ($0 + 15) / 16 } ?? 128) {
            held.append([UInt8](repeating: UInt8(held.count), count: 16 << 20))
            usleep(5_000)
        }
        spin(seconds: mebibytes == nil ? .infinity : seconds)
        withExtendedLifetime(held) {}
    }
}

/// Computes, but for the units that a fault concerns.
struct FaultyComputer: TileComputer {
    /// What computes.
    let computer: any TileComputer
    /// What goes wrong.
    let faults: [InjectedFault]

    func compute(
        _ request: TileRequest,
        cancellation: CancellationFlag
    ) throws(TileFailure) -> TileResult {
        let due = faults.filter { $0.concerns(request.lease) }
        for fault in due where !fault.kind.comesAfterwards { fault.happen() }
        let result = try computer.compute(request, cancellation: cancellation)
        for fault in due where fault.kind.comesAfterwards { fault.happen() }
        return result
    }
}
