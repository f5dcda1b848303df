import Foundation
import Testing

extension EndToEnd {
    struct CommandTests {
        private let scratch: ScratchDirectory
        private let input: SmallInput
        private let directory: String

        init() throws {
            scratch = try ScratchDirectory()
            input = try SmallInput(in: scratch)
            directory = "\(scratch.path)/run"
        }

        private func completedRun() async throws {
            try await SectileProcess.complete(try input.write(), to: directory)
        }

        private static func object(_ text: String) throws -> [String: Any] {
            let object = try JSONSerialization.jsonObject(with: Data(text.utf8))
            return try #require(object as? [String: Any])
        }

        @Test(
            .timeLimit(.minutes(1)),
            arguments: [
                [], ["run"], ["plan"], ["coordinator"], ["worker"], ["status"], ["explain"],
                ["workers"], ["logs"], ["pause"], ["resume"], ["cancel"], ["drain"], ["retry"],
                ["clean"], ["verify"], ["merge"], ["mosaic"], ["export"], ["doctor"], ["keys"],
                ["keys", "generate"],
                ["keys", "allow"],
                ["keys", "revoke"], ["keys", "list"],
            ]
        )
        func `every command explains itself`(_ command: [String]) async throws {
            let finished = try await SectileProcess(command + ["--help"]).finished()
            #expect(finished.exitCode == 0)
            #expect(finished.output.contains("USAGE: sectile"))
            #expect(finished.output.contains("OVERVIEW: "))
            #expect(finished.errors.isEmpty)
        }

        @Test(.timeLimit(.minutes(1)))
        func `the version names the libraries`() async throws {
            let finished = try await SectileProcess.run("--version")
            #expect(finished.exitCode == 0)
            for name in ["sectile", "GDAL", "PROJ", "libzmq", "SQLite"] {
                #expect(finished.output.contains("\(name) "))
            }
        }

        @Test(
            .timeLimit(.minutes(1)),
            arguments: [
                ["bogus"], ["run"], ["run", "a.yaml"], ["run", "a.yaml", "--output"],
                ["plan", "/nowhere/absent.yaml"], ["status", "/nowhere"], ["status"],
                ["explain", "/nowhere", "r000c000"], ["mosaic", "/nowhere"], ["worker"],
                ["keys", "list", "/nowhere"], ["plan", "a.yaml", "--fast"],
                ["pause", "/nowhere"], ["workers", "/nowhere"], ["logs", "/nowhere"],
                ["clean", "/nowhere"], ["verify", "/nowhere"],
                ["export", "/nowhere", "--observations", "a.csv"],
                ["retry", "/nowhere", "--tile", "x"],
            ]
        )
        func `a usage error is one message and exit code 2`(_ command: [String]) async throws {
            let finished = try await SectileProcess(command).finished()
            #expect(finished.exitCode == 2, "\(finished.errors)")
            #expect(finished.complaints.count == 1, "\(finished.errors)")
            #expect(finished.output.isEmpty)
        }

        @Test(.timeLimit(.minutes(1)))
        func `a plan is a dry run for people and programs`() async throws {
            let path = try input.write()
            let before = try ScratchDirectory.contents(of: scratch.path)
            let text = try await SectileProcess.run("plan", path)
            #expect(text.exitCode == 0, "\(text.errors)")
            #expect(text.output.contains("4 x 3 of 16 cells"))
            let json = try await SectileProcess.run("plan", path, "--json")
            let plan = try Self.object(json.output)
            #expect(plan["tiles"] as? Int == 12)
            #expect(plan["zones"] as? Int == 3)
            #expect((plan["layers"] as? [Any])?.count == 2)
            #expect(plan["memoryPerWorkerBytes"] as? Int ?? 0 > 0)
            let after = try ScratchDirectory.contents(of: scratch.path)
            #expect(after == before)
        }

        @Test(.timeLimit(.minutes(1)))
        func `status, explain, doctor and metrics tell what a run did`() async throws {
            try await completedRun()
            let status = try await SectileProcess.run("status", directory)
            #expect(status.exitCode == 0)
            #expect(status.output.contains("24/24 tiles"))
            #expect(status.output.contains("next: "))
            let json = try await SectileProcess.run("status", directory, "--json")
            let object = try Self.object(json.output)
            #expect(object["state"] as? String == "done")
            #expect(object["committed"] as? Int == 24)
            #expect(object["coordinatorAlive"] as? Bool == false)
            let join = try await SectileProcess.run("status", "--join", "\(directory)/join.json")
            #expect(join.exitCode == 0)
            let metrics = try String(
                contentsOfFile: "\(directory)/logs/metrics.prom",
                encoding: .utf8
            )
            for line in [
                #"sectile_tiles{state="committed"} 24"#,
                #"sectile_tile_attempts_total{outcome="committed",class=""} 24"#,
                #"sectile_workers{state="active"} 0"#, "sectile_workers_desired 0",
            ] { #expect(metrics.contains("\n\(line)\n"), "\(line): \(metrics)") }

            let story = try await SectileProcess.run("explain", directory, "r002c003")
            #expect(story.exitCode == 0)
            let lines = story.output.split(separator: "\n")
            #expect(lines.count >= 4)
            #expect(lines.contains { $0.contains("prepare/r002c003") && $0.contains("leased") })
            #expect(lines.contains { $0.contains("balance/r002c003") && $0.contains("committed") })
            let absent = try await SectileProcess.run("explain", directory, "r900c900")
            #expect(absent.exitCode == 2)

            // Port 5555 may be somebody's.
            let doctor = try await SectileProcess.run(
                "doctor",
                directory,
                "--listen",
                "tcp://127.0.0.1:0"
            )
            #expect(doctor.exitCode == 0, "\(doctor.output)")
            #expect(doctor.output.contains("24 committed tiles are as the journal says"))
        }

        @Test(.timeLimit(.minutes(1)))
        func `a run that is over has no workers in session`() async throws {
            try await completedRun()
            let json = try await SectileProcess.run("status", directory, "--json")
            let object = try Self.object(json.output)
            #expect((object["workers"] as? [Any])?.isEmpty == true)
        }

        @Test(.timeLimit(.minutes(1)))
        func `a run that ends well says nothing that needs a look`() async throws {
            let finished = try await SectileProcess.complete(
                try input.write(),
                to: directory,
                workers: 2
            )
            #expect(!finished.errors.contains("warning"), "\(finished.errors)")
        }

        @Test(.timeLimit(.minutes(1)))
        func `publishing again gives the same bytes`() async throws {
            try await completedRun()
            let before = try ScratchDirectory.contents(of: directory)
            let finished = try await SectileProcess.run("mosaic", directory)
            #expect(finished.exitCode == 0, "\(finished.errors)")
            let after = try ScratchDirectory.contents(of: directory)
            let isResult: (String) -> Bool = { name in
                ["mosaic/", "tables/", "preview/", "stac/"].contains { name.hasPrefix($0) }
                    || ["run.json", "report.html"].contains(name)
            }
            let names = before.keys.filter(isResult).sorted()
            #expect(names.count > 20)
            #expect(after.keys.filter(isResult).sorted() == names)
            for name in names { #expect(after[name] == before[name], "\(name)") }
        }

        @Test(.timeLimit(.minutes(1)))
        func `a run that is done is not computed again`() async throws {
            try await completedRun()
            let attempts = try CommittedTiles(directory: directory).attemptCount()
            let outcome = try RunOutcome(directory: directory)
            try await completedRun()
            #expect(try CommittedTiles(directory: directory).attemptCount() == attempts)
            #expect(try RunOutcome(directory: directory) == outcome)
        }

        @Test(.timeLimit(.minutes(1)))
        func `keys are made, allowed, listed and revoked`() async throws {
            try await completedRun()
            let file = "\(scratch.path)/node.key"
            let made = try await SectileProcess.run("keys", "generate", file)
            #expect(made.exitCode == 0)
            let key = made.output.trimmingCharacters(in: .whitespacesAndNewlines)
            #expect(key.count == 40)
            let mode = try FileManager.default.attributesOfItem(atPath: file)[.posixPermissions]
            #expect(mode as? Int == 0o600)
            let content = try Data(contentsOf: URL(fileURLWithPath: file))
            let again = try await SectileProcess.run("keys", "generate", file)
            #expect(again.exitCode == 2)
            #expect(try Data(contentsOf: URL(fileURLWithPath: file)) == content)

            let allowed = try await SectileProcess.run(
                "keys",
                "allow",
                directory,
                key,
                "--label",
                "node"
            )
            #expect(allowed.exitCode == 0, "\(allowed.errors)")
            var list = try await SectileProcess.run("keys", "list", directory)
            #expect(list.output.contains(key))
            #expect(list.output.contains("node"))
            let revoked = try await SectileProcess.run("keys", "revoke", directory, "node")
            #expect(revoked.exitCode == 0)
            list = try await SectileProcess.run("keys", "list", directory)
            #expect(!list.output.contains(key))
            let unknown = try await SectileProcess.run("keys", "revoke", directory, "node")
            #expect(unknown.exitCode == 2)
        }

        @Test(.timeLimit(.minutes(1)))
        func `keys that are allowed at the same time are all on the list`() async throws {
            let list = "\(scratch.path)/allow-list"
            let labels = (1...8).map { "node\($0)" }
            for label in labels {
                let made = try await SectileProcess.run(
                    "keys",
                    "generate",
                    "\(scratch.path)/\(label)"
                )
                #expect(made.exitCode == 0, "\(made.errors)")
            }
            let allowing = try labels.map { label in
                try SectileProcess(
                    ["keys", "allow", list, "\(scratch.path)/\(label)", "--label", label]
                )
            }
            for process in allowing {
                let finished = await process.finished()
                #expect(finished.exitCode == 0, "\(finished.errors)")
            }
            let listed = try await SectileProcess.run("keys", "list", list)
            #expect(listed.output.split(separator: "\n").count == labels.count)
            for label in labels { #expect(listed.output.contains(label), "\(listed.output)") }
        }

        @Test(.timeLimit(.minutes(1)))
        func `a worker whose key is not allowed ends with exit code 4`() async throws {
            let coordinator = try SectileProcess.coordinator(try input.write(), to: directory)
            try await waitForJoin(directory, of: coordinator)
            let key = "\(scratch.path)/stranger.key"
            #expect(try await SectileProcess.run("keys", "generate", key).exitCode == 0)
            let worker = try await SectileProcess.run(
                "worker",
                "--join",
                "\(directory)/join.json",
                "--key",
                key,
                "--log-format",
                "json"
            )
            #expect(worker.exitCode == 4, "\(worker.errors)")
            // All but the error that it ends with is a log line of the form that was asked for.
            let lines = worker.errors.split(separator: "\n").dropLast()
            let events = lines.map { line in
                let object = try? JSONSerialization.jsonObject(with: Data(line.utf8))
                return (object as? [String: Any])?["event"] as? String
            }
            #expect(events.contains("worker.left") && !events.contains(nil), "\(worker.errors)")
            #expect(coordinator.isRunning)
            coordinator.signal(SIGINT)
            #expect(await coordinator.finished().exitCode == 130)
        }
    }
}
