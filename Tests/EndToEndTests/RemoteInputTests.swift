import Foundation
import Testing

extension EndToEnd {
    /// A real server on loopback that fails, stalls and breaks off.
    @Suite(.enabled(if: RasterTools.areInstalled, "GDAL's programs or Python are not installed"))
    struct RemoteInputTests {
        private let scratch: ScratchDirectory

        init() throws { scratch = try ScratchDirectory() }

        /// Short limits, so that failures come soon.
        private static let impatience = [
            "GDAL_HTTP_LOW_SPEED_TIME": "1", "GDAL_HTTP_LOW_SPEED_LIMIT": "1000",
            "GDAL_HTTP_MAX_RETRY": "0", "GDAL_HTTP_CONNECTTIMEOUT": "2",
        ]

        private func server() async throws -> (process: SectileProcess, port: Int) {
            let script = Program.repository.appendingPathComponent(
                "Tests/Fixtures/unreliable_server.py"
            ).path
            let process = try SectileProcess(
                executable: try #require(Program.tool("python3")),
                [script, scratch.path]
            )
            var port: Int?
            try await wait(for: "the server's port", while: { process.isRunning }) {
                port = Int(process.outputSoFar.split(separator: "\n").first ?? "")
                return port != nil
            }
            return (process, try #require(port))
        }

        private func remoteInput(port: Int) async throws -> SmallInput {
            var input = try SmallInput(in: scratch)
            _ = try await TiledRaster(of: "emission", in: scratch)
            input.replace(
                "path: emission.asc",
                with: "path: /vsicurl/http://127.0.0.1:\(port)/emission.tif"
            )
            return input
        }

        @Test(.timeLimit(.minutes(2)), arguments: Program.tried(["cut", "error", "stall"]))
        func `a server that fails for a while costs attempts of class storage and no tile`(
            mode: String
        ) async throws {
            let (server, port) = try await server()
            defer { server.signal(SIGKILL) }
            let input = try await remoteInput(port: port)
            let directory = "\(scratch.path)/run"
            let coordinator = try SectileProcess.coordinator(
                try input.write(),
                to: directory,
                environment: Self.impatience
            )
            try await waitForJoin(directory, of: coordinator)
            try scratch.write(mode, to: "mode")
            let worker = try SectileProcess.worker(joining: directory, environment: Self.impatience)
            let log = "\(directory)/logs/coordinator.jsonl"
            try await wait(for: "a failed attempt", while: { coordinator.isRunning }) {
                let text = (try? String(contentsOfFile: log, encoding: .utf8)) ?? ""
                return text.split(separator: "\n").contains { line in
                    line.contains("attempt.failed") && line.contains("storage")
                        && line.contains("emission.tif")
                }
            }
            try scratch.write("ok", to: "mode")
            let finished = await coordinator.finished()
            #expect(finished.exitCode == 0, "\(finished.errors)")
            #expect(await worker.finished().exitCode == 0)

            var local = try SmallInput(in: scratch)
            local.replace("path: emission.asc", with: "path: emission.tif")
            #expect(
                try RunOutcome(directory: directory)
                    == RunOutcome(directory: try await local.run("local"))
            )
        }

        @Test(.timeLimit(.minutes(1)), arguments: ["error", "missing", "cut", "stall"])
        func `a plan whose server fails ends in time with the file and its key`(
            mode: String
        ) async throws {
            let (server, port) = try await server()
            defer { server.signal(SIGKILL) }
            let input = try await remoteInput(port: port)
            try scratch.write(mode, to: "mode")
            let plan = try await SectileProcess(
                ["plan", try input.write()],
                environment: Self.impatience
            ).finished()
            #expect(plan.exitCode == 2)
            #expect(plan.errors.contains("layers[0].path"), "\(plan.errors)")
            #expect(plan.errors.contains("emission.tif"), "\(plan.errors)")
        }
    }
}
