import Foundation
import Testing

extension EndToEnd {
    /// What a service manager hears of coordinators and workers.
    struct ServiceNoticeTests {
        private let scratch: ScratchDirectory
        private let configuration: String
        private let directory: String

        init() throws {
            scratch = try ScratchDirectory()
            configuration = try SmallInput(in: scratch).write()
            directory = "\(scratch.path)/run"
        }

        private func environment(_ manager: ServiceSocket) -> [String: String] {
            ["NOTIFY_SOCKET": manager.name, "WATCHDOG_USEC": "400000"]
        }

        /// Waits until a service is ready and has given several signs of life.
        private func waitForLife(
            _ manager: ServiceSocket,
            of process: SectileProcess
        ) async throws {
            try await wait(for: "signs of life", while: { process.isRunning }) {
                let heard = manager.listen()
                return heard.contains("READY=1") && heard.count { $0 == "WATCHDOG=1" } >= 3
            }
        }

        /// Listens until a service has ended in good order.
        private func expectEnd(_ manager: ServiceSocket, of process: SectileProcess) async throws {
            try await wait(for: "the end") {
                _ = manager.listen()
                return !process.isRunning
            }
            let finished = await process.finished()
            #expect(finished.exitCode == 0, "\(finished.errors)")
            let heard = manager.listen()
            #expect(heard.last == "STOPPING=1", "\(heard)")
            #expect(heard.count { $0 == "READY=1" } == 1, "\(heard)")
            #expect(heard.count { $0 == "STOPPING=1" } == 1, "\(heard)")
            // Publishing is not watched: the last word on the watchdog puts it off.
            let watch = heard.last { $0.hasPrefix("WATCHDOG") }
            #expect(watch?.hasPrefix("WATCHDOG_USEC=") == true, "\(heard)")
        }

        @Test(.timeLimit(.minutes(1)))
        func `a manager hears when a service is ready, that it lives, and its end`() async throws {
            let first = try #require(ServiceSocket("\(scratch.path)/notify"))
            let coordinator = try SectileProcess.coordinator(
                configuration,
                to: directory,
                environment: environment(first)
            )
            try await waitForLife(first, of: coordinator)
            #expect(first.assignments.first == "READY=1", "\(first.assignments)")
            #expect(
                first.assignments.contains { $0.hasPrefix("STATUS=0/24 tiles") },
                "\(first.assignments)"
            )
            #expect(FileManager.default.fileExists(atPath: "\(directory)/join.json"))

            // The run waits, so that the worker's life is longer than a watch.
            #expect(try await SectileProcess.run("pause", directory).exitCode == 0)
            let second = try #require(ServiceSocket("@sectile-\(UUID().uuidString)"))
            let worker = try SectileProcess.worker(
                joining: directory,
                environment: environment(second)
            )
            try await waitForLife(second, of: worker)
            #expect(try await SectileProcess.run("resume", directory).exitCode == 0)
            async let workerEnd: Void = expectEnd(second, of: worker)
            try await expectEnd(first, of: coordinator)
            try await workerEnd
        }

        @Test(.timeLimit(.minutes(1)))
        func `a manager that is gone keeps nobody from working, and local workers do not call it`()
            async throws
        {
            let manager = try #require(ServiceSocket("\(scratch.path)/notify"))
            let run = try SectileProcess(
                ["run", configuration, "--output", directory, "--workers", "2"],
                environment: environment(manager)
            )
            try await expectEnd(manager, of: run)
            let absent = try await SectileProcess.run(
                "run",
                configuration,
                "--output",
                "\(directory)-2",
                environment: ["NOTIFY_SOCKET": "\(scratch.path)/absent"]
            )
            #expect(absent.exitCode == 0, "\(absent.errors)")
        }
    }
}
