import Foundation
import Testing

extension EndToEnd {
    struct PlaceErrorTests {
        private let scratch: ScratchDirectory
        private var input: SmallInput
        private let directory: String

        init() throws {
            scratch = try ScratchDirectory()
            input = try SmallInput(in: scratch)
            directory = "\(scratch.path)/run"
        }

        private func expectUsageError(
            _ finished: Finished,
            naming words: String...,
            sourceLocation: SourceLocation = #_sourceLocation
        ) {
            #expect(finished.exitCode == 2, "\(finished.errors)", sourceLocation: sourceLocation)
            let complaints = finished.complaints.count
            #expect(complaints == 1, "\(finished.errors)", sourceLocation: sourceLocation)
            for word in words {
                #expect(
                    finished.errors.contains(word),
                    "no '\(word)' in: \(finished.errors)",
                    sourceLocation: sourceLocation
                )
            }
        }

        private func completedRun() async throws {
            try await SectileProcess.complete(try input.write(), to: directory)
        }

        @Test(.timeLimit(.minutes(1)))
        mutating func `the directory of another plan is refused and left as it is`() async throws {
            try await completedRun()
            let before = try ScratchDirectory.contents(of: directory)
            input.replace("cellSizeMetres: 10000", with: "cellSizeMetres: 9000")
            let finished = try await SectileProcess.run(
                "run",
                try input.write("other.yaml"),
                "--output",
                directory
            )
            expectUsageError(finished, naming: directory, "another plan", "--new")
            let after = try ScratchDirectory.contents(of: directory)
            #expect(after == before)
        }

        @Test(.timeLimit(.minutes(1)))
        func `a directory with foreign files is refused and left as it is`() async throws {
            try FileManager.default.createDirectory(
                atPath: directory,
                withIntermediateDirectories: true
            )
            try "mine".write(
                toFile: "\(directory)/thesis.txt",
                atomically: true,
                encoding: .utf8
            )
            let finished = try await SectileProcess.run(
                "run",
                try input.write(),
                "--output",
                directory
            )
            expectUsageError(finished, naming: directory, "thesis.txt")
            let after = try ScratchDirectory.contents(of: directory)
            #expect(after == ["thesis.txt": Data("mine".utf8)])
        }

        @Test(.timeLimit(.minutes(1)))
        func `a port in use is named`() async throws {
            let path = try input.write()
            let first = try SectileProcess.coordinator(path, to: directory)
            try await waitForJoin(directory, of: first)
            let port = try #require(try JoinText(directory: directory).port)
            let second = try await SectileProcess.run(
                "coordinator",
                path,
                "--output",
                "\(scratch.path)/second",
                "--listen",
                "tcp://127.0.0.1:\(port)"
            )
            expectUsageError(second, naming: "127.0.0.1:\(port)", "in use")
            // A second coordinator on the same directory is no better.
            let third = try await SectileProcess.run("run", path, "--output", directory)
            expectUsageError(third, naming: directory)
            #expect(first.isRunning)
            first.signal(SIGTERM)
            #expect(await first.finished().exitCode == 143)
        }

        @Test(.timeLimit(.minutes(1)))
        func `the doctor looks at ports, a coordinator's where there is one`() async throws {
            let process = try SectileProcess.coordinator(try input.write(), to: directory)
            let join = "\(directory)/join.json"
            try await waitForJoin(directory, of: process)
            let endpoint = try #require(try JoinText(directory: directory).endpoints.first)
            let taken = try await SectileProcess.run("doctor", "--listen", endpoint)
            #expect(taken.exitCode == 1)
            #expect(taken.output.contains("\(endpoint): Address already in use"), "\(taken.output)")
            #expect(taken.output.contains("another --listen"), "\(taken.output)")
            let variable = try await SectileProcess.run(
                "doctor",
                environment: ["SECTILE_COORDINATOR_LISTEN": endpoint]
            )
            #expect(variable.output.contains("\(endpoint): Address"), "\(variable.output)")
            let reached = try await SectileProcess.run("doctor", directory)
            #expect(reached.output.contains("the coordinator answers at \(endpoint)"))
            #expect(reached.output.contains("the journal is on a local disk"), "\(reached.output)")
            // Nobody listens on port 1. The file's mode stays.
            let text = try String(contentsOfFile: join, encoding: .utf8)
            try text.replacingOccurrences(of: endpoint, with: "tcp://127.0.0.1:1")
                .write(toFile: join, atomically: false, encoding: .utf8)
            let lost = try await SectileProcess.run("doctor", directory)
            #expect(lost.exitCode == 1)
            #expect(
                lost.output.contains(
                    "unreachable from here at tcp://127.0.0.1:1: Connection refused"
                )
            )
            #expect(lost.output.contains("--advertise"), "\(lost.output)")
            process.signal(SIGTERM)
            #expect(await process.finished().exitCode == 143)
            let other = try await SectileProcess.run("doctor", "--listen", "tcp://127.0.0.1:0")
            #expect(other.output.contains("a coordinator can listen"), "\(other.output)")
            expectUsageError(
                try await SectileProcess.run("doctor", "--listen", "5555"),
                naming: "--listen"
            )
        }

        @Test(.timeLimit(.minutes(1)), arguments: [false, true])
        func `a damaged journal is a usage error with its remedy`(isZeroed: Bool) async throws {
            try await completedRun()
            let journal = URL(fileURLWithPath: "\(directory)/journal.sqlite")
            let whole = try Data(contentsOf: journal)
            let half = whole.prefix(whole.count / 2)
            try (isZeroed ? half + Data(count: whole.count - half.count) : half).write(to: journal)
            let finished = try await SectileProcess.run(
                "run",
                "\(scratch.path)/small.yaml",
                "--output",
                directory
            )
            expectUsageError(finished, naming: journal.path, "damaged", "restore it")
            let doctor = try await SectileProcess.run(
                "doctor",
                directory,
                "--listen",
                "tcp://127.0.0.1:0"
            )
            #expect(doctor.exitCode == 1)
            #expect(doctor.output.contains("damaged"), "\(doctor.output)")
            let remedies = ["remedy: restore it", "remedy: copy it away"]
            #expect(remedies.contains { doctor.output.contains($0) }, "\(doctor.output)")
        }

        @Test(.timeLimit(.minutes(1)))
        func `a missing, an exposed and a damaged key file are named`() async throws {
            try await completedRun()
            let join = "\(directory)/join.json"
            let absent = "\(scratch.path)/absent.key"
            expectUsageError(
                try await SectileProcess.run("worker", "--join", join, "--key", absent),
                naming: absent
            )
            let key = "\(scratch.path)/own.key"
            #expect(try await SectileProcess.run("keys", "generate", key).exitCode == 0)
            try Self.setMode(0o644, of: key)
            expectUsageError(
                try await SectileProcess.run("worker", "--join", join, "--key", key),
                naming: key,
                "600"
            )
            let damaged = try scratch.write("no key", to: "damaged.key")
            try Self.setMode(0o600, of: damaged)
            expectUsageError(
                try await SectileProcess.run("worker", "--join", join, "--key", damaged),
                naming: damaged
            )
            try Self.setMode(0o644, of: join)
            expectUsageError(
                try await SectileProcess.run("worker", "--join", join),
                naming: join,
                "600"
            )
            expectUsageError(
                try await SectileProcess.run("worker", "--join", "\(scratch.path)/absent.json"),
                naming: "absent.json"
            )
        }

        @Test(.timeLimit(.minutes(1)))
        func `a run whose own key is world-readable does not go on with it`() async throws {
            try await completedRun()
            let key = "\(directory)/keys/coordinator.key"
            try Self.setMode(0o644, of: key)
            let finished = try await SectileProcess.run(
                "run",
                "\(scratch.path)/small.yaml",
                "--output",
                directory
            )
            expectUsageError(finished, naming: key, "600")
            let doctor = try await SectileProcess.run("doctor", directory)
            #expect(doctor.exitCode == 1)
            #expect(doctor.output.contains("coordinator.key"))
            #expect(doctor.output.contains("remedy: chmod 600"))
        }

        private static func setMode(_ mode: Int, of path: String) throws {
            try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: path)
        }
    }
}
