import Foundation
import Testing

extension EndToEnd {
    /// Whoever looks at a run, or stops looking, has no part in it.
    @Suite(.enabled(if: Program.isBuilt, "the program is not built"))
    struct StandardErrorTests {
        private let scratch: ScratchDirectory

        init() throws { scratch = try ScratchDirectory() }

        private func run(_ name: String, errors: Pipe) throws -> Process {
            let process = Process()
            process.executableURL = URL(fileURLWithPath: try #require(Program.path))
            process.arguments = [
                "run", try SmallInput(in: scratch).write(), "--output", "\(scratch.path)/\(name)",
                "--workers", "1", "--log-level", "debug",
            ]
            process.environment = Program.environment
            process.standardInput = FileHandle.nullDevice
            process.standardOutput = FileHandle.nullDevice
            process.standardError = errors
            try process.run()
            return process
        }

        private func end(of process: Process) async throws -> Int32 {
            defer { if process.isRunning { kill(process.processIdentifier, SIGKILL) } }
            try await wait(for: "the run") { !process.isRunning }
            return process.terminationStatus
        }

        @Test(.timeLimit(.minutes(1)))
        func `a run whose standard error nobody reads goes on, and tells its log all`() async throws
        {
            let errors = Pipe()
            // F_SETPIPE_SZ: less than a tenth of what is said.
            #expect(fcntl(errors.fileHandleForWriting.fileDescriptor, 1031, 4096) == 4096)
            let process = try run("unread", errors: errors)
            #expect(try await end(of: process) == 0)
            let log =
                FileManager.default
                .contents(atPath: "\(scratch.path)/unread/logs/coordinator.jsonl") ?? Data()
            let text = String(decoding: log, as: UTF8.self)
            #expect(text.contains("run.finished") && text.utf8.count > 16_384)
        }

        @Test(.timeLimit(.minutes(1)))
        func `a run outlives the reader of its standard error`() async throws {
            let errors = Pipe()
            let process = try run("left", errors: errors)
            try errors.fileHandleForReading.close()
            #expect(try await end(of: process) == 0)
        }
    }
}
