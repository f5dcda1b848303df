import ArgumentParser
import CLinux
import CPosix
import Execution
import Foundation
import RasterIO
import Regression
import Telemetry

/// The hidden command `sectile slot`: the process in which a worker computes.
///
/// A worker starts one for each of its slots and talks to it over standard input, a socket.
struct SlotCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "slot",
        abstract: "Compute for the worker that started this process.",
        shouldDisplay: false
    )

    @Option(help: "Number of the worker's process.")
    var parent: Int32
    @Option(help: "Memory by which readings are sized, bytes; 0 for no stated one.")
    var memory = 0
    @Option(help: "Limit of private memory, bytes; 0 for none.")
    var dataLimit: UInt64 = 0
    @Flag(help: "Borrow objects from the worker instead of the run directory.")
    var borrows = false

    /// What a worker starts.
    ///
    /// - Parameters:
    ///   - memoryBytes: what `--memory` states; 0 for nothing.
    ///   - capBytes: what is enforced; 0 for nothing.
    ///   - shares: slots of the worker and of those beside it: what runs alone may have the memory of
    ///     all.
    ///   - borrows: true where the run directory is not seen.
    /// - Returns: the arguments, the program's name first.
    static func arguments(
        memoryBytes: Int,
        capBytes: Int,
        shares: Int,
        borrows: Bool
    ) -> [String] {
        var arguments = [
            "sectile", "slot", "--parent", "\(ProcessFacts.processID)", "--memory",
            "\(memoryBytes)",
        ]
        if capBytes > 0 {
            // Private memory is counted when it is asked for, not when it is used, and stacks and
            // arenas ask for more than they use: this is far behind the watchdog.
            arguments += ["--data-limit", "\((capBytes + capBytes / 2) * shares + (1 << 30))"]
        }
        return arguments + (borrows ? ["--borrows"] : [])
    }

    func run() async throws {
        // What `ps` and `top` show; it was started by a link whose name says nothing.
        try? "sectile-slot".write(toFile: "/proc/self/comm", atomically: false, encoding: .utf8)
        // The kernel's victim, should it want one, is the slot and not the worker.
        try? "500".write(toFile: "/proc/self/oom_score_adj", atomically: false, encoding: .utf8)
        if dataLimit > 0 { _ = sectile_limit_data(dataLimit) }
        let clock = WorldClock()
        do {
            // Windows of sources are read once: the library's cache serves little but their edges.
            let cacheBytes = memory > 0 ? min(256 << 20, memory / 8) : 64 << 20
            try GDALRuntime.start(cacheBytes: max(16 << 20, cacheBytes))
        } catch { throw CommandError.failed("\(error)") }
        let link = SlotLink(socket: STDIN_FILENO)
        let computer = StageComputer(
            nonce: UInt32.random(in: .min ... .max),
            objects: borrows ? LentObjects(link: link) : SharedObjects(),
            memoryPerSlotBytes: memory,
            instructionSet: try InstructionSet.ofEnvironment(),
            seconds: { clock.seconds },
            residentBytes: { ProcessFacts.peakResidentBytes }
        )
        let faults = try InjectedFault.ofEnvironment()
        await serve(
            link,
            faults.isEmpty ? computer : FaultyComputer(computer: computer, faults: faults)
        )
    }

    /// Serves on a thread that lives as long as the process, and ends the process with its worker.
    private func serve(_ link: SlotLink, _ computer: any TileComputer) async -> Never {
        let expected = parent
        let thread = Thread {
            // The signal is bound to this thread; the worker may have died before.
            _ = sectile_set_parent_death_signal(SIGKILL)
            if getppid() == expected {
                let service = SlotService(link: link, computer: computer) {
                    InputCheck.problem(of: $0)
                }
                do { try service.serve() } catch {
                    StandardStreamSink.error.write(line: "an order cannot be read: \(error)")
                }
            }
            // All that this process may have started goes with it, and nothing is tidied up: what
            // computes meanwhile would keep the process.
            if getpgrp() == getpid() { kill(0, SIGKILL) }
            kill(getpid(), SIGKILL)
        }
        thread.name = "sectile-orders"
        thread.start()
        while true { try? await Task.sleep(for: .seconds(3600)) }
    }
}
