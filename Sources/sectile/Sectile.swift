import ArgumentParser
import Foundation
import RunStore
import Telemetry

/// The command line.
@main
struct Sectile: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sectile",
        abstract: "Relative carbon deficits of a whole country, tile by tile.",
        discussion: """
            A coordinator cuts national rasters into tiles and hands them to worker processes over \
            ZeroMQ; what they compute is merged into mosaics, city tables, maps and a report.

            One machine:      sectile run config/demo.yaml --output results
            Many machines:    sectile coordinator CONFIG --output DIR --listen tcp://0.0.0.0:5555
                              sectile worker --join DIR/join.json        (on each of the others)

            Exit codes: 0 done, 1 failed, 2 usage or configuration, 3 done but incomplete, \
            4 incompatible or refused (do not restart), 130/143 interrupted (resumable); `status` only: 5 \
            stalled, 6 coordinator dead.
            """,
        version: Version.text,
        subcommands: [
            RunCommand.self, PlanCommand.self, CoordinatorCommand.self, WorkerCommand.self,
            StatusCommand.self, ExplainCommand.self, WorkersCommand.self, LogsCommand.self,
            PauseCommand.self, ResumeCommand.self, CancelCommand.self, DrainCommand.self,
            RetryCommand.self, CleanCommand.self, VerifyCommand.self, MergeCommand.self,
            MosaicCommand.self,
            DoctorCommand.self, KeysCommand.self, RegressCommand.self, ExportCommand.self,
            SlotCommand.self,
        ]
    )

    static func main() async {
        do {
            var command = try parseAsRoot()
            if var asynchronous = command as? any AsyncParsableCommand {
                try await asynchronous.run()
            } else {
                try command.run()
            }
        } catch let error as CommandError {
            complain(error.description)
            Foundation.exit(error.exitCode)
        } catch let error as RunStoreError {
            complain(error.description)
            Foundation.exit(error.exitCode)
        } catch let code as ArgumentParser.ExitCode {
            Foundation.exit(code.rawValue)
        } catch {
            // Help and version are errors of the parser that exit with 0; its own exit code for a
            // usage error is 64, the contract's is 2.
            let code = exitCode(for: error).rawValue
            let text = fullMessage(for: error)
            if code == 0 {
                print(text)
                Foundation.exit(0)
            }
            complain(code == 64 ? text : Self.text(of: error))
            Foundation.exit(code == 64 ? ExitCode.usage : ExitCode.failed)
        }
    }

    /// What went wrong; of an error of Foundation's the file and the system's own words.
    private static func text(of error: any Error) -> String {
        guard let cocoa = error as? CocoaError, let path = cocoa.filePath ?? cocoa.url?.path else {
            return "\(error)"
        }
        let underlying = cocoa.underlying
        let system =
            (underlying as? POSIXError)?.code.rawValue
            ?? (underlying as? NSError).map { Int32(truncatingIfNeeded: $0.code) }
        let reason =
            system.map { unsafe String(cString: strerror($0)) } ?? cocoa.localizedDescription
        // Foundation numbers what went wrong in writing from 512, in reading from 256.
        let verb = cocoa.code.rawValue >= 512 ? "write" : "read"
        return "cannot \(verb) \(path): \(reason)"
    }

    /// One message on standard error.
    static func complain(_ message: String) {
        let line = message.hasPrefix("Error") ? message : "error: \(message)"
        StandardStreamSink.error.write(line: line)
    }
}
