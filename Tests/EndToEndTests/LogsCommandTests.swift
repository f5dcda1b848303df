import Foundation
import Testing

extension EndToEnd {
    /// Following logs while their files are put aside.
    struct LogsCommandTests {
        private let scratch: ScratchDirectory
        private let logs: String

        init() throws {
            scratch = try ScratchDirectory()
            logs = "\(scratch.path)/logs"
            try FileManager.default.createDirectory(
                atPath: logs,
                withIntermediateDirectories: true
            )
        }

        private static func line(_ number: Int, padding: Int = 0) -> String {
            let text = String(repeating: "x", count: padding)
            return "{\"time\":\"2026-01-02T03:04:05.\(100 + number)Z\",\"message\":\"\(text)\"}"
        }

        private func append(_ lines: String..., to name: String) throws {
            let path = "\(logs)/\(name)"
            if !FileManager.default.fileExists(atPath: path) {
                try #require(FileManager.default.createFile(atPath: path, contents: nil))
            }
            let file = try FileHandle(forWritingTo: URL(fileURLWithPath: path))
            try file.seekToEnd()
            for line in lines { try file.write(contentsOf: Data((line + "\n").utf8)) }
            try file.close()
        }

        /// What a log does that is full.
        private func putAside() throws {
            let earlier = "\(logs)/coordinator.1.jsonl"
            try? FileManager.default.removeItem(atPath: earlier)
            try FileManager.default.moveItem(atPath: "\(logs)/coordinator.jsonl", toPath: earlier)
        }

        @Test(.timeLimit(.minutes(1)))
        func `every line is followed once, whatever name its file has by then`() async throws {
            // Each file is shorter than the one before: its number may be that of a file that is gone.
            let lines = (0..<8).map { Self.line($0, padding: 500 - 50 * $0) }
            try append(lines[0], lines[1], to: "coordinator.jsonl")
            let process = try SectileProcess(["logs", scratch.path, "--json", "--follow"])
            func wait(forLine index: Int) async throws {
                try await EndToEndTests.wait(
                    for: "line \(index)",
                    while: { process.isRunning },
                    until: { process.outputSoFar.contains(lines[index] + "\n") }
                )
            }
            try await wait(forLine: 1)
            // What was written just before belongs to the file that is put aside.
            try append(lines[2], to: "coordinator.jsonl")
            try putAside()
            try append(lines[3], to: "coordinator.jsonl")
            try await wait(forLine: 3)
            try append(lines[4], to: "coordinator.jsonl")
            try await wait(forLine: 4)
            try putAside()
            try append(lines[5], to: "coordinator.jsonl")
            try await wait(forLine: 5)
            try append(lines[6], to: "worker-a-1.jsonl")
            try await wait(forLine: 6)
            try append(lines[7], to: "coordinator.jsonl")
            try await wait(forLine: 7)
            #expect(process.outputSoFar.split(separator: "\n").map(String.init) == lines)
            process.signal(SIGKILL)
            _ = await process.finished()
        }
    }
}
