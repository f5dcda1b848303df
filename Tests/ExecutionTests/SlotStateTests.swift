import Execution
import Testing
import Tiling
import WireProtocol

/// A slot's decisions, one event after another.
@Suite struct SlotStateTests {
    private struct Slot {
        var state: SlotState
        var now = Duration.zero

        init(memoryMebibytes: Int = 0, shares: Int = 1) {
            state = SlotState(
                limits: SlotState.Limits(memoryBytes: memoryMebibytes << 20, shares: shares)
            )
        }

        mutating func tell(_ event: SlotEvent) -> [String] {
            state.apply(event, at: now).map(Self.text)
        }

        /// A slot whose process takes orders and computes a unit.
        mutating func begin(_ request: TileRequest) {
            _ = tell(.opened)
            _ = tell(.started(processID: 50))
            _ = tell(.reported(.ready))
            _ = tell(.given(request))
        }

        static func text(_ effect: SlotEffect) -> String {
            switch effect {
            case .start: "start"
            case .send(.setting(_, let directory)): "say setting \(directory)"
            case .send(.brief(let brief)): "say brief \(brief.stage.rawValue)"
            case .send(.compute(let grant)): "say compute \(grant.lease)"
            case .send(.cancel): "say cancel"
            case .send(.lent(let path)): "say lent \(path)"
            case .send(.withheld(let failureClass, let reason)):
                "say withheld \(failureClass.rawValue): \(reason)"
            case .send(.inspect): "say inspect"
            case .kill: "kill"
            case .complete(.success(let result)): "completed \(result.lease)"
            case .complete(.failure(let failure)):
                "failed \(failure.failureClass.rawValue): \(failure.message)"
            case .fetch(_, let file, let object):
                "fetch \(file) \(object == nil ? "unknown" : "known")"
            case .giveBack(let file, _, let isSound): "give back \(file) \(isSound)"
            case .log(let fact): "log \(fact.event)"
            }
        }
    }

    private static func request(
        _ column: Int,
        inputs: [TileObject] = [],
        runsAlone: Bool = false
    ) -> TileRequest {
        TileRequest(
            lease: Fixtures.lease(column),
            core: CellWindowFixture.window,
            inputs: inputs,
            specification: [1],
            constants: [.prepare: [7]],
            runDirectory: "/run",
            runsAlone: runsAlone
        )
    }

    @Test func `a process is told what all units share once`() {
        var slot = Slot()
        #expect(slot.tell(.opened) == ["start"])
        #expect(slot.tell(.given(Self.request(0))) == [])
        #expect(slot.tell(.started(processID: 50)) == ["log slot.started"])
        #expect(
            slot.tell(.reported(.ready)) == [
                "say setting /run", "say brief balance", "say compute balance/r000c000#1",
            ]
        )
        #expect(
            slot.tell(.reported(.completed(Fixtures.result(0)))) == ["completed balance/r000c000#1"]
        )
        #expect(slot.tell(.given(Self.request(1))) == ["say compute balance/r000c001#1"])
    }

    @Test func `a new process is told everything again`() {
        var slot = Slot()
        slot.begin(Self.request(0))
        _ = slot.tell(.reported(.completed(Fixtures.result(0))))
        #expect(
            slot.tell(.ended(SlotEnd(.signalled(9)))) == ["log slot.ended", "start"],
            "an idle process that dies fails nothing"
        )
        _ = slot.tell(.started(processID: 51))
        #expect(slot.tell(.given(Self.request(1))) == [])
        #expect(slot.tell(.reported(.ready)).count == 3)
    }

    @Test func `a cancelled unit has a grace period, then its process is killed`() {
        var slot = Slot()
        slot.begin(Self.request(0))
        #expect(slot.state.nextDeadline == nil)
        slot.now = .seconds(5)
        #expect(slot.tell(.cancelled) == ["say cancel"])
        #expect(slot.state.nextDeadline == .seconds(6))
        slot.now = .milliseconds(5_900)
        #expect(slot.tell(.timePassed) == [])
        slot.now = .seconds(6)
        #expect(slot.tell(.timePassed) == ["kill"])
        #expect(
            slot.tell(.ended(SlotEnd(.signalled(9)))) == [
                "log slot.ended",
                "failed timeout: the slot's process 50 was killed: its attempt was cancelled and"
                    + " did not end by itself",
                "start",
            ]
        )
    }

    @Test func `a unit that ends within the grace period keeps its process`() {
        var slot = Slot()
        slot.begin(Self.request(0))
        _ = slot.tell(.cancelled)
        let failure = AttemptFailure(
            lease: Fixtures.lease(0),
            failureClass: .timeout,
            message: "the attempt was cancelled"
        )
        #expect(slot.tell(.reported(.failed(failure))).count == 1)
        #expect(slot.state.nextDeadline == nil)
        #expect(slot.tell(.given(Self.request(1))) == ["say compute balance/r000c001#1"])
    }

    @Test func `a process beyond its memory is killed, and its peak is told`() {
        var slot = Slot(memoryMebibytes: 64)
        slot.begin(Self.request(0))
        #expect(slot.tell(.measured(heldBytes: 64 << 20, residentBytes: 90 << 20)) == [])
        #expect(slot.tell(.measured(heldBytes: 65 << 20, residentBytes: 91 << 20)) == ["kill"])
        #expect(slot.tell(.measured(heldBytes: 70 << 20, residentBytes: 95 << 20)) == [])
        let end = SlotEnd(.signalled(9), peakResidentBytes: 120 << 20)
        #expect(
            slot.tell(.ended(end)) == [
                "log slot.ended",
                "failed outOfMemory: the slot's process 50 was killed: it held 65 MiB of the 64"
                    + " MiB that a slot may have (--memory), peak RSS 120 MiB",
                "start",
            ]
        )
    }

    @Test func `a unit that runs alone may have the memory of all slots`() {
        var slot = Slot(memoryMebibytes: 64, shares: 4)
        slot.begin(Self.request(0, runsAlone: true))
        #expect(slot.tell(.measured(heldBytes: 250 << 20, residentBytes: 0)) == [])
        #expect(slot.tell(.measured(heldBytes: 257 << 20, residentBytes: 0)) == ["kill"])
    }

    @Test(arguments: [
        (SlotEnd(.signalled(11), lastWords: "Fatal error"), "crash", "SIGSEGV"),
        (SlotEnd(.exited(7)), "crash", "exit code 7"),
        (SlotEnd(.signalled(9)), "crash", "SIGKILL"),
        (SlotEnd(.signalled(9), isMemoryKill: true), "outOfMemory", "SIGKILL for want of memory"),
        (SlotEnd(.signalled(6), lastWords: "std::bad_alloc"), "outOfMemory", "SIGABRT for want"),
        (SlotEnd(.signalled(4), isMemoryKill: true), "crash", "SIGILL"),
    ])
    func `how a process ends decides the class`(end: SlotEnd, failureClass: String, text: String) {
        var slot = Slot()
        slot.begin(Self.request(0))
        let effects = slot.tell(.ended(end))
        #expect(effects.first == "log slot.ended" && effects.last == "start")
        #expect(effects[1].hasPrefix("failed \(failureClass): "))
        #expect(effects[1].contains(text))
        #expect(end.lastWords.isEmpty || effects[1].contains(end.lastWords))
    }

    @Test func `last words are those before the stack trace`() {
        let said = """
            warning: something
            Fatal error: Index out of range
            Current stack trace:
            0    libswiftCore.so    0x00007f00 <unavailable> + 12
            10   sectile            0x00007f00 main + 3

            """
        #expect(
            SlotEnd.lastWords(of: Array(said.utf8))
                == "warning: something | Fatal error: Index out of range"
        )
        #expect(SlotEnd.lastWords(of: [0xff, 10, 10]) == "\u{FFFD}")
    }

    @Test func `what is no report ends the process and its unit as a crash`() {
        let spoiled: [SlotEvent] = [
            .unreadable("a frame of 0 bytes"),
            .reported(.ready),
            .reported(.completed(Fixtures.result(5))),
            .reported(.inspected(problem: nil)),
            .reported(.returned(.zones, isSound: true)),
            .reported(.wants(.object(TileObjectKey(lease: Fixtures.lease(9), nonce: 3)))),
        ]
        for event in spoiled {
            var slot = Slot()
            slot.begin(Self.request(0))
            #expect(slot.tell(event) == ["kill"])
            #expect(slot.tell(.reported(.completed(Fixtures.result(0)))) == [], "too late")
            let effects = slot.tell(.ended(SlotEnd(.signalled(9))))
            #expect(effects[1].hasPrefix("failed crash: "))
        }
    }

    @Test func `files are lent to the unit that wanted them and come back with its end`() {
        let object = Fixtures.result(0).object
        let file = TransferFile.object(object.key)
        var slot = Slot()
        slot.begin(Self.request(0, inputs: [object]))
        #expect(slot.tell(.reported(.wants(file))) == ["fetch \(file) known"])
        #expect(slot.tell(.reported(.wants(.zones))) == ["fetch inputs/zones.bin unknown"])
        let lease = Fixtures.lease(0)
        #expect(slot.tell(.fetched(lease, file, object, .success("/c/1"))) == ["say lent /c/1"])
        let lost = TileFailure(.storage, "gone")
        #expect(
            slot.tell(.fetched(lease, .zones, nil, .failure(lost))) == [
                "say withheld storage: gone"
            ]
        )
        #expect(
            slot.tell(.reported(.returned(file, isSound: false))) == ["give back \(file) false"]
        )
        _ = slot.tell(.fetched(lease, file, object, .success("/c/1")))
        let effects = slot.tell(.ended(SlotEnd(.signalled(11))))
        #expect(effects[1] == "give back \(file) true")
        // A file that comes for a unit that is gone is not lent to the next.
        #expect(
            slot.tell(.fetched(lease, file, object, .success("/c/1"))) == ["give back \(file) true"]
        )
    }

    @Test func `a process that cannot start is tried again, ever later, and units are handed back`()
    {
        var slot = Slot()
        _ = slot.tell(.opened)
        let end = SlotEnd(.notStarted("no such file"))
        #expect(slot.tell(.ended(end)) == ["log slot.ended"])
        #expect(slot.state.nextDeadline == .milliseconds(500))
        #expect(slot.tell(.given(Self.request(0))) == [])
        slot.now = .milliseconds(500)
        #expect(slot.tell(.timePassed) == ["start"])
        #expect(slot.tell(.ended(end)) == ["log slot.ended"])
        slot.now = .seconds(10)
        #expect(slot.tell(.timePassed) == ["start"])
        let effects = slot.tell(.ended(end))
        #expect(effects.last?.hasPrefix("failed storage: ") ?? false, "\(effects)")
        #expect(slot.state.nextDeadline == .seconds(12))
    }

    @Test func `a process that never becomes ready is killed`() {
        var slot = Slot()
        _ = slot.tell(.opened)
        _ = slot.tell(.started(processID: 50))
        slot.now = .seconds(60)
        #expect(slot.tell(.timePassed) == ["kill"])
        #expect(slot.tell(.ended(SlotEnd(.signalled(9)))) == ["log slot.ended"])
    }
}
