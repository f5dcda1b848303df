import Foundation
import RunStore
import Testing
import Tiling

extension EndToEnd {
    /// The journal on another disk, lost, copied, or wanted by two.
    struct JournalPlaceTests {
        private let scratch: ScratchDirectory
        private let configuration: String
        private let directory: String
        private let journal: String

        init() throws {
            scratch = try ScratchDirectory()
            var input = try SmallInput(in: scratch)
            // 192 tiles: enough to be killed in the middle.
            input.refine(by: 4)
            configuration = try input.write()
            directory = "\(scratch.path)/run"
            journal = "\(scratch.path)/local.sqlite"
        }

        private func coordinator(
            _ directory: String,
            _ further: String...,
            listen: String = "tcp://127.0.0.1:0"
        ) throws -> SectileProcess {
            try SectileProcess.coordinator(configuration, to: directory, listen: listen, further)
        }

        private static func commitCount(_ journal: String) -> Int {
            guard let reader = try? JournalReader(path: journal, files: PosixFileSystem()) else {
                return 0
            }
            return ((try? reader.snapshot().units) ?? []).filter { $0.state == .committed }.count
        }

        @Test(.timeLimit(.minutes(1)))
        func `a run goes on from the backup when the journal on the other disk is lost`()
            async throws
        {
            let first = try coordinator(directory, "--journal", journal)
            try await waitForJoin(directory, of: first)
            let worker = try SectileProcess.worker(joining: directory)
            try await wait(for: "commits", while: { first.isRunning }) {
                Self.commitCount(journal) >= 40
            }
            first.signal(SIGKILL)
            worker.signal(SIGKILL)
            _ = await first.finished()
            _ = await worker.finished()
            let before = Self.commitCount(journal)
            // From elsewhere, the copy tells.
            let files = FileManager.default
            #expect(files.fileExists(atPath: "\(directory)/journal.backup.sqlite"))
            #expect(!files.fileExists(atPath: "\(directory)/journal.sqlite"))
            for suffix in ["", "-wal", "-shm"] { try? files.removeItem(atPath: journal + suffix) }

            let lost = try await SectileProcess.run("run", configuration, "--output", directory)
            #expect(lost.exitCode == 2, "\(lost.errors)")
            #expect(lost.errors.contains("--journal"))
            let again = try await SectileProcess.run(
                "run",
                configuration,
                "--output",
                directory,
                "--workers",
                "1",
                "--journal",
                journal
            )
            #expect(again.exitCode == 0, "\(again.errors)")
            let restored = try #require(
                again.errors.split(separator: "\n").first { $0.contains("journal.restored") }
            )
            let adopted = restored.split(separator: " ").compactMap { word in
                word.hasPrefix("detail=") ? Int(word.dropFirst(7)) : nil
            }.first
            #expect(before > 0 && adopted ?? 0 > 0, "\(restored)")
            let reference = try await SmallReference.outcome(refinedBy: 4)
            #expect(try RunOutcome(directory: directory) == reference)
            let status = try await SectileProcess.run("status", directory)
            #expect(status.exitCode == 0)
            #expect(status.output.contains("384/384 tiles"), "\(status.output)")
        }

        @Test(.timeLimit(.minutes(1)))
        func `when a stage ends, the backup gets all of it without waiting for its minute`()
            async throws
        {
            let first = try SectileProcess.coordinator(
                try SmallInput(in: scratch).write("coarse.yaml"),
                to: directory,
                ["--journal", journal]
            )
            try await waitForJoin(directory, of: first)
            let backup = "\(directory)/journal.backup.sqlite"
            #expect(Self.commitCount(backup) == 0)
            let worker = try SectileProcess.worker(
                joining: directory,
                environment: FaultyInput.environment("busy:stage=balance,seconds=60")
            )
            try await wait(for: "a backup of the first stage", while: { first.isRunning }) {
                Self.commitCount(backup) == 12
            }
            let reader = try JournalReader(path: backup, files: PosixFileSystem())
            #expect(try reader.results(stage: .prepare, round: 0).count == 12)
            for process in [first, worker] { process.signal(SIGKILL) }
            _ = await first.finished()
            _ = await worker.finished()
        }

        @Test(.timeLimit(.minutes(1)))
        func `a second coordinator on the same directory or journal is refused`() async throws {
            let first = try coordinator(directory, "--journal", journal)
            try await waitForJoin(directory, of: first)
            let same = await (try coordinator(directory, "--journal", journal)).finished()
            #expect(same.exitCode == 2, "\(same.errors)")
            #expect(same.errors.contains("process \(first.identifier) on"), "\(same.errors)")
            let other = await (try coordinator("\(scratch.path)/other", "--journal", journal))
                .finished()
            #expect(other.exitCode == 2, "\(other.errors)")
            #expect(other.errors.contains("process \(first.identifier) on"), "\(other.errors)")
            first.signal(SIGTERM)
            #expect(await first.finished().exitCode == 143)
            // The journal of one run is not taken for another's.
            let foreign = await (try coordinator("\(scratch.path)/third", "--journal", journal))
                .finished()
            #expect(foreign.exitCode == 2, "\(foreign.errors)")
            #expect(foreign.errors.contains("is the journal of the run"))
        }

        @Test(.timeLimit(.minutes(1)))
        func `a decision without a coordinator is in the backup, and waits for the journal's lock`()
            async throws
        {
            let first = try coordinator(directory, "--journal", journal)
            try await waitForJoin(directory, of: first)
            first.signal(SIGKILL)
            _ = await first.finished()
            let files = PosixFileSystem()
            do {
                let lock = try JournalPlace(path: journal, directory: directory)
                    .lock(holder: "a test")
                let refused = try await SectileProcess.run("pause", directory)
                #expect(refused.exitCode == 2, "\(refused.errors)")
                #expect(refused.errors.contains("a test"), "\(refused.errors)")
                withExtendedLifetime(lock) {}
            }
            let paused = try await SectileProcess.run("pause", directory)
            #expect(paused.exitCode == 0, "\(paused.errors)")
            for path in [journal, "\(directory)/journal.backup.sqlite"] {
                let reader = try JournalReader(path: path, files: files)
                #expect(try reader.snapshot().phase == .paused, "\(path)")
            }
        }

        @Test(.timeLimit(.minutes(1)))
        func `workers follow a run that goes on at another address from a copy`() async throws {
            let first = try coordinator(directory)
            try await waitForJoin(directory, of: first)
            // A copied directory on another machine, whose address the workers were told as well.
            let copy = "\(scratch.path)/copy"
            let spare = try Self.freePort()
            let join = "\(scratch.path)/join.json"
            let text = try String(contentsOfFile: "\(directory)/join.json", encoding: .utf8)
            let port = try #require(try JoinText(directory: directory).port)
            let own = "\"tcp://127.0.0.1:\(port)\""
            let escaped = "\"tcp:\\/\\/127.0.0.1:\(port)\""
            let both = text.replacingOccurrences(
                of: own,
                with: "\(own), \"tcp://127.0.0.1:\(spare)\""
            )
            .replacingOccurrences(of: escaped, with: "\(own), \"tcp://127.0.0.1:\(spare)\"")
            try #require(both != text)
            let isWritten = FileManager.default.createFile(
                atPath: join,
                contents: Data(both.utf8),
                attributes: [.posixPermissions: 0o600]
            )
            try #require(isWritten)
            let worker = try SectileProcess(["worker", "--join", join, "--slots", "1"])
            try await wait(for: "commits", while: { first.isRunning }) {
                CommittedTiles.count(in: directory) >= 40
            }
            first.signal(SIGKILL)
            _ = await first.finished()
            try FileManager.default.copyItem(atPath: directory, toPath: copy)
            var committed = CommittedLeases()
            try committed.grow(to: copy)
            let second = try coordinator(copy, listen: "tcp://127.0.0.1:\(spare)")
            let finished = await second.finished()
            #expect(finished.exitCode == 0, "\(finished.errors)")
            #expect(await worker.finished().exitCode == 0)
            try committed.grow(to: copy)
            let reference = try await SmallReference.outcome(refinedBy: 4)
            #expect(try RunOutcome(directory: copy) == reference)
        }

        private static func freePort() throws -> Int {
            let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
            defer { close(descriptor) }
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
            var length = socklen_t(MemoryLayout<sockaddr_in>.size)
            let bound = unsafe withUnsafeMutablePointer(to: &address) { pointer in
                unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { generic in
                    unsafe bind(descriptor, generic, length) == 0
                        && getsockname(descriptor, generic, &length) == 0
                }
            }
            try #require(bound)
            return Int(UInt16(bigEndian: address.sin_port))
        }
    }
}
