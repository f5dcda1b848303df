import ContentDigest
import Foundation
import Testing

extension EndToEndCountries {
    @Suite(.enabled(if: Program.canEvaluate, "the evaluation data are absent"))
    struct TransportTests {
        /// The join file, taken out of the run directory as an operator's copy is.
        private static func joinFile(
            of directory: String,
            in scratch: ScratchDirectory,
            from coordinator: SectileProcess
        ) async throws -> String {
            try await waitForJoin(directory, of: coordinator)
            let copy = "\(scratch.path)/join-\(UUID().uuidString).json"
            try FileManager.default.copyItem(atPath: "\(directory)/join.json", toPath: copy)
            return copy
        }

        private static func arguments(
            _ join: String,
            connect endpoint: String,
            scratch: String
        ) -> [String] {
            [
                "worker", "--join", join, "--connect", endpoint, "--no-shared-storage", "--scratch",
                scratch, "--slots", "1",
            ]
        }

        @Test(
            .timeLimit(.minutes(2)),
            .enabled(if: NetworkPlace.isPossible, "only root may make network namespaces")
        )
        func `workers in networks and file systems of their own give the bits of a shared run`()
            async throws
        {
            // With local models, so that tiles read each other's results.
            let reference = try await SharedRuns.windowOutcome()
            let scratch = try ScratchDirectory()
            let input = try EvaluationInput(
                tileSizePixels: 16,
                replacing: EvaluationInput.window,
                in: scratch
            )
            let directory = "\(scratch.path)/run"
            let coordinator = try SectileProcess.coordinator(
                input.path,
                to: directory,
                listen: "tcp://0.0.0.0:0"
            )
            let join = try await Self.joinFile(of: directory, in: scratch, from: coordinator)
            let port = try #require(try JoinText(directory: directory).port)
            let places = try (1...2).map { try NetworkPlace(number: $0) }
            let workers = try places.enumerated().map { index, place in
                try place.start(
                    Self.arguments(
                        join,
                        connect: "tcp://\(place.hostAddress):\(port)",
                        scratch: "\(scratch.path)/scratch\(index)"
                    ),
                    hiding: directory
                )
            }
            let finished = await coordinator.finished()
            #expect(finished.exitCode == 0, "\(finished.errors)")
            for worker in workers {
                let left = await worker.finished()
                #expect(left.exitCode == 0, "\(left.errors)")
            }
            withExtendedLifetime(places) {}
            #expect(try RunOutcome(directory: directory) == reference)
            #expect(try CommittedTiles(directory: directory).unitsNotCommittedOnce().isEmpty)
            // Both took part, and neither left anything behind.
            for index in 0..<2 {
                let logs = try ScratchDirectory.contents(of: "\(scratch.path)/scratch\(index)")
                #expect(logs.keys.allSatisfy { $0.hasSuffix(".jsonl") }, "\(logs.keys)")
                #expect(
                    logs.values.contains {
                        String(decoding: $0, as: UTF8.self).contains("welcomed")
                    }
                )
            }
        }

        @Test(.timeLimit(.minutes(2)))
        func `tiles read their neighbours in the object store that workers share`() async throws {
            let reference = try await SharedRuns.windowOutcome()
            let scratch = try ScratchDirectory()
            let input = try EvaluationInput(
                tileSizePixels: 16,
                replacing: EvaluationInput.window,
                in: scratch
            )
            let directory = "\(scratch.path)/run"
            let coordinator = try SectileProcess.coordinator(input.path, to: directory)
            let join = try await Self.joinFile(of: directory, in: scratch, from: coordinator)
            let endpoint = try #require(try JoinText(directory: directory).endpoints.first)
            let store = "\(scratch.path)/store"
            let workers = try (1...2).map { _ in
                try SectileProcess(
                    Self.arguments(join, connect: endpoint, scratch: "\(scratch.path)/scratch")
                        + ["--object-prefix", store + "/"]
                )
            }
            let finished = await coordinator.finished()
            #expect(finished.exitCode == 0, "\(finished.errors)")
            for worker in workers { #expect(await worker.finished().exitCode == 0) }
            #expect(try RunOutcome(directory: directory) == reference)
            // Each object by its digest, in the run's own folder.
            let stored = try ScratchDirectory.contents(of: store)
            #expect(stored.count > 20)
            for (name, content) in stored {
                #expect(name.hasSuffix("/\(ContentDigest(of: Array(content))).tif"), "\(name)")
            }
        }

        @Test(.timeLimit(.minutes(2)))
        func `what travels survives killed workers and a killed coordinator`() async throws {
            let reference = try await SharedRuns.outcome()
            let scratch = try ScratchDirectory()
            let input = try EvaluationInput(tileSizePixels: 64, in: scratch)
            let directory = "\(scratch.path)/run"
            var coordinator = try SectileProcess.coordinator(input.path, to: directory)
            let join = try await Self.joinFile(of: directory, in: scratch, from: coordinator)
            let endpoint = try #require(try JoinText(directory: directory).endpoints.first)
            func worker() throws -> SectileProcess {
                try SectileProcess(
                    Self.arguments(join, connect: endpoint, scratch: "\(scratch.path)/scratch")
                )
            }
            var workers = [try worker(), try worker()]
            for threshold in [10, 40, 80] {
                try await wait(for: "\(threshold) commits", while: { coordinator.isRunning }) {
                    CommittedTiles.count(in: directory) >= threshold
                }
                workers[0].signal(SIGKILL)
                #expect(await workers[0].finished().exitCode == 128 + SIGKILL)
                workers[0] = try worker()
                coordinator.signal(SIGKILL)
                #expect(await coordinator.finished().exitCode == 128 + SIGKILL)
                coordinator = try SectileProcess.coordinator(
                    input.path,
                    to: directory,
                    listen: endpoint
                )
            }
            let finished = await coordinator.finished()
            #expect(finished.exitCode == 0, "\(finished.errors)")
            for worker in workers {
                let left = await worker.finished()
                #expect(left.exitCode == 0, "\(left.errors)")
            }
            #expect(try RunOutcome(directory: directory) == reference)
            #expect(try CommittedTiles(directory: directory).unitsNotCommittedOnce().isEmpty)
            // The directories of the killed workers went with the next one's start.
            let left = try ScratchDirectory.contents(of: "\(scratch.path)/scratch")
            #expect(left.keys.allSatisfy { $0.hasSuffix(".jsonl") }, "\(left.keys)")
        }

        @Test(.timeLimit(.minutes(1)))
        func `a worker that does not see the inputs leaves and costs no tile`() async throws {
            let scratch = try ScratchDirectory()
            let input = try SmallInput(in: scratch)
            let directory = "\(scratch.path)/run"
            let coordinator = try SectileProcess.coordinator(try input.write(), to: directory)
            let join = try await Self.joinFile(of: directory, in: scratch, from: coordinator)
            let endpoint = try #require(try JoinText(directory: directory).endpoints.first)
            let arguments = Self.arguments(
                join,
                connect: endpoint,
                scratch: "\(scratch.path)/scratch"
            )
            let layer = "\(scratch.path)/sink.asc"
            try FileManager.default.moveItem(atPath: layer, toPath: layer + ".away")
            let blind = try await SectileProcess(arguments).finished()
            #expect(blind.exitCode == 1)
            #expect(blind.errors.contains("layer 'sink' cannot be read here"), "\(blind.errors)")
            try FileManager.default.moveItem(atPath: layer + ".away", toPath: layer)
            let worker = try SectileProcess(arguments)
            let finished = await coordinator.finished()
            #expect(finished.exitCode == 0, "\(finished.errors)")
            #expect(await worker.finished().exitCode == 0)
        }
    }
}
