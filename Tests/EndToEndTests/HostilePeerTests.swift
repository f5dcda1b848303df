import ContentDigest
import Foundation
import Messaging
import RunStore
import Testing
import Tiling
import WireProtocol

extension EndToEnd {
    /// Whoever can reach the port, and whoever has a key: neither breaks the coordinator or the run.
    struct HostilePeerTests {
        /// A member of the run that does nothing but live, until it is told to stop.
        private static func live(
            _ peer: TestPeer,
            _ lease: LeaseID,
            until isOver: () -> Bool
        ) async throws {
            repeat {
                // One answer may stand for several signs of life.
                peer.beat([lease])
                let answer = try await peer.next { message -> Bool? in
                    switch message {
                    case .heartbeat: true
                    case .stale, .resync: false
                    default: nil
                    }
                }
                try #require(answer == true, "the live worker was not served")
                try await Task.sleep(for: .milliseconds(30))
            } while !isOver()
        }

        @Test(.timeLimit(.minutes(1)))
        func `thousands of idle and babbling connections are ended while a worker lives on`()
            async throws
        {
            let cluster = try await SmallCluster(isFine: false)
            let coordinator = cluster.coordinator
            let peer = try await TestPeer(cluster)
            let build = try await peer.wantedBuild()
            let lease = try await peer.join(TestPeer.id(1), build: build)
            peer.keepBeating([lease])
            let before = ProcessUse.descriptors(of: coordinator)
            // As many as this process may open, at most 5,000 where there is time for them.
            var limit = rlimit()
            _ = unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
            let count = max(100, min(Program.isThorough ? 5000 : 1500, Int(limit.rlim_cur) - 400))
            let greetings: [[UInt8]] = [
                [], Array("GET / HTTP/1.1\r\n\r\n".utf8), [0x16, 3, 1, 0, 200, 1, 0, 0, 196, 3, 3],
                [1, 0, 3, 0, 65, 66], [0xff, 0, 0, 0, 0, 0, 0, 0, 1, 0x7f],
                (0..<200).map { UInt8(truncatingIfNeeded: $0 &* 167 &+ 13) },
            ]
            var connections: [PlainConnection] = []
            for number in 0..<count {
                guard let connection = PlainConnection(port: cluster.port) else { continue }
                connection.write(greetings[number % 12 < 6 ? number % 12 : 0])
                connections.append(connection)
            }
            #expect(connections.count > count / 2)
            #expect(ProcessUse.descriptors(of: coordinator) <= before + count + 10)
            // A slow one that says a byte now and then gets no more time than a silent one.
            let slow = try #require(PlainConnection(port: cluster.port))
            var rounds = 0
            try await Self.live(peer, lease) {
                slow.write([0xff])
                rounds += 1
                return rounds > 1000
                    || ProcessUse.descriptors(of: coordinator) <= before + 5
            }
            #expect(ProcessUse.descriptors(of: coordinator) <= before + 5)
            #expect(slow.isEnded)
            #expect(connections.count { !$0.isEnded } == 0)
            #expect(try cluster.count("worker.lost") == 0)
            await peer.close()
            let worker = try cluster.worker()
            try await cluster.finish([worker])
        }

        @Test(.timeLimit(.minutes(1)))
        func `a peer with a valid key that talks nonsense loses its session and nothing else`()
            async throws
        {
            let cluster = try await SmallCluster(isFine: false)
            let first = try await TestPeer(cluster)
            let build = try await first.wantedBuild()
            await first.close()
            let beat = WireCodec.encode(
                .heartbeat(
                    WorkerHeartbeat(
                        held: [],
                        residentBytes: 1,
                        wallClockSeconds: 1,
                        sequence: 1
                    )
                )
            )
            let nonsense: [[[UInt8]]] = [
                [[1, 2, 3]], [beat[0], [0xff, 0xff, 0xff]], [beat[0]], [beat[1], beat[0]],
                [beat[0], Array(beat[1].dropLast())], [beat[0], beat[1], [0]],
                // Slots without end, in ten bytes.
                [beat[0], [0x0a, 0x0c, 0x28] + [UInt8](repeating: 0xff, count: 9) + [1]],
                [beat[0], [UInt8](repeating: 0x0a, count: 100_000)],
            ]
            for frames in nonsense {
                let peer = try await TestPeer(cluster)
                _ = try await peer.join(TestPeer.id(2), build: build)
                peer.send(frames)
                let code = try await peer.next { message -> RefusalCode? in
                    if case .refuse(let refusal) = message { refusal.code } else { nil }
                }
                #expect(code == .malformed, "\(frames[0].prefix(8))")
                await peer.close()
            }
            // A frame beyond the limit ends the connection itself.
            let peer = try await TestPeer(cluster)
            _ = try await peer.join(TestPeer.id(3), build: build)
            peer.send([beat[0], [UInt8](repeating: 7, count: 5 << 20)])
            let end = try await peer.next { message -> Bool? in
                if case .heartbeat = message { true } else { nil }
            }
            #expect(end == nil)
            await peer.close()
            #expect(cluster.coordinator.isRunning)
            let worker = try cluster.worker()
            try await cluster.finish([worker])
        }

        @Test(.timeLimit(.minutes(1)))
        func `a flood ends the session that it comes from, and others are served`() async throws {
            let cluster = try await SmallCluster(isFine: false)
            let peer = try await TestPeer(cluster)
            let build = try await peer.wantedBuild()
            let lease = try await peer.join(TestPeer.id(1), build: build)
            peer.keepBeating([lease])
            let flood = try await TestPeer(cluster)
            _ = try await flood.join(TestPeer.id(2), build: build)
            for _ in 0..<40_000 { flood.beat() }
            try await wait(for: "the end of the flood's session") {
                try cluster.log().contains {
                    $0.detail?.contains("more messages than leases explain") ?? false
                }
            }
            var rounds = 0
            try await Self.live(peer, lease) {
                rounds += 1
                return rounds > 5
            }
            await flood.close()
            await peer.close()
            let worker = try cluster.worker()
            try await cluster.finish([worker])
        }

        @Test(.timeLimit(.minutes(1)))
        func `nobody answers another's lease or takes another's identity`() async throws {
            let cluster = try await SmallCluster(lease: 5, isFine: false)
            let key = "\(cluster.scratch.path)/other.key"
            _ = try await SectileProcess.run("keys", "generate", key)
            let allowed = try await SectileProcess.run("keys", "allow", cluster.directory, key)
            #expect(allowed.exitCode == 0, "\(allowed.errors)")
            try await wait(for: "the new key to be in force") {
                try cluster.count("keys.changed") >= 1
            }
            let owner = try await TestPeer(cluster)
            let build = try await owner.wantedBuild()
            let lease = try await owner.join(TestPeer.id(1), build: build)
            let thief = try await TestPeer(cluster, key: key)
            _ = try await thief.join(TestPeer.id(2), build: build)

            thief.say(.completed(Self.result(of: lease)))
            let stale = try await thief.next { message -> [LeaseID]? in
                if case .stale(let leases) = message { leases } else { nil }
            }
            #expect(stale == [lease])
            thief.hello(TestPeer.id(1), build: build, running: [lease])
            let code = try await thief.next { message -> RefusalCode? in
                if case .refuse(let refusal) = message { refusal.code } else { nil }
            }
            #expect(code == .identity)
            // The owner has its lease still.
            owner.beat([lease], sequence: 77)
            let heard = try await owner.next { message -> Bool? in
                switch message {
                case .stale: false
                case .heartbeat(let sequence) where sequence == 77: true
                default: nil
                }
            }
            #expect(heard == true)
            await thief.close()
            await owner.close()
        }

        private static func result(of lease: LeaseID) -> TileResult {
            TileResult(
                lease: lease,
                object: TileObject(
                    key: TileObjectKey(lease: lease, nonce: 1),
                    bytes: 1,
                    fileDigest: .init(of: "file"),
                    samplesDigest: .init(of: "samples")
                ),
                partial: [],
                cost: TileCost()
            )
        }

        @Test(.timeLimit(.minutes(1)))
        func `a result whose object or sums are nonsense costs its attempt and not the run`()
            async throws
        {
            let cluster = try await SmallCluster(isFine: false)
            let peer = try await TestPeer(cluster)
            let build = try await peer.wantedBuild()
            let lease = try await peer.join(TestPeer.id(1), build: build)
            // The file is there and has the size that is said; the sums are no sums.
            let result = Self.result(of: lease)
            let path = "\(cluster.directory)/tiles/\(result.object.key.path)"
            try FileManager.default.createDirectory(
                atPath: (path as NSString).deletingLastPathComponent,
                withIntermediateDirectories: true
            )
            try Data([1]).write(to: URL(fileURLWithPath: path))
            peer.say(.completed(result))
            let stale = try await peer.next { message -> [LeaseID]? in
                if case .stale(let leases) = message { leases } else { nil }
            }
            #expect(stale == [lease])
            await peer.close()
            let worker = try cluster.worker()
            try await cluster.finish([worker])
            #expect(try cluster.log().contains { $0.event == "result.rejected" })
        }

        @Test(.timeLimit(.minutes(1)))
        func `a result that is told twice is committed once and answered alike`() async throws {
            let cluster = try await SmallCluster(lease: 30, isFine: false)
            let other = "\(cluster.scratch.path)/other"
            try await SectileProcess.complete(cluster.configuration, to: other)
            let peer = try await TestPeer(cluster)
            let build = try await peer.wantedBuild()
            let lease = try await peer.join(TestPeer.id(1), build: build)
            let result = try Self.genuineResult(of: lease, from: other, to: cluster.directory)
            // Without heartbeats there are no answers but those to the results.
            for _ in 0..<2 {
                peer.say(.completed(result))
                let committed = try await peer.next { message -> [LeaseID]? in
                    switch message {
                    case .committed(let leases): leases
                    case .stale: []
                    default: nil
                    }
                }
                #expect(committed == [lease])
            }
            #expect(cluster.objects(lease.unit.stage, lease.unit.tile).count == 1)
            // What it was granted since goes back at once.
            peer.say(.goodbye(reason: "done"))
            try await wait(for: "its leave") { try cluster.count("worker.left") >= 1 }
            await peer.close()
            let worker = try cluster.worker()
            try await cluster.finish([worker])
            let log = try cluster.log().filter { $0.concerns(lease.unit.stage, lease.unit.tile) }
            #expect(log.count { $0.event == "tile.committed" } == 1)
            #expect(try cluster.count("result.stale") == 0)
        }

        /// What another run of the same plan has of a lease's unit, with its file, as this lease's own.
        private static func genuineResult(
            of lease: LeaseID,
            from other: String,
            to directory: String
        ) throws -> TileResult {
            let reader = try JournalReader(
                path: "\(other)/journal.sqlite",
                files: PosixFileSystem()
            )
            let object = try #require(try reader.result(of: lease.unit)).object
            let key = TileObjectKey(lease: lease, nonce: 1)
            try FileManager.default.copyItem(
                atPath: "\(other)/tiles/\(object.key.path)",
                toPath: "\(directory)/tiles/\(key.path)"
            )
            return TileResult(
                lease: lease,
                object: TileObject(
                    key: key,
                    bytes: object.bytes,
                    fileDigest: object.fileDigest,
                    samplesDigest: object.samplesDigest
                ),
                partial: try #require(try reader.partial(of: lease.unit)),
                cost: TileCost()
            )
        }

        @Test(.timeLimit(.minutes(1)))
        func `a revoked key is not heard any more and not let in again`() async throws {
            let cluster = try await SmallCluster(isFine: false)
            let key = "\(cluster.scratch.path)/node.key"
            _ = try await SectileProcess.run("keys", "generate", key)
            _ = try await SectileProcess.run("keys", "allow", cluster.directory, key)
            try await wait(for: "the new key to be in force") {
                try cluster.count("keys.changed") >= 1
            }
            let peer = try await TestPeer(cluster, key: key)
            let build = try await peer.wantedBuild()
            let lease = try await peer.join(TestPeer.id(1), build: build)
            let keys = try await SectileProcess.run("keys", "list", cluster.directory)
            let last = keys.output.split(separator: "\n").last { !$0.contains("join.json") }
            let fingerprint = try #require(last?.split(separator: " ").first.map(String.init))
            let revoked = try await SectileProcess.run(
                "keys",
                "revoke",
                cluster.directory,
                fingerprint
            )
            #expect(revoked.exitCode == 0, "\(revoked.errors)")
            // It goes on to speak, and is refused by the log instead of being heard.
            try await wait(for: "the refusal") {
                peer.beat([lease])
                return try cluster.count("peer.refused") >= 1
            }
            try await wait(for: "the loss") {
                peer.beat([lease])
                return try cluster.count("worker.lost") >= 1
            }
            let loss = try cluster.log().first { $0.event == "worker.lost" }
            #expect(loss?.detail == "its key was revoked")
            let line = try cluster.log().first { $0.event == "peer.refused" }
            #expect(line?.detail == "revoked from 127.0.0.1")
            await peer.close()
            let late = try await SectileProcess(
                ["worker", "--join", cluster.join, "--key", key, "--slots", "1"]
            ).finished()
            #expect(late.exitCode == 4, "\(late.errors)")
            let worker = try cluster.worker()
            try await cluster.finish([worker])
        }

        @Test(.timeLimit(.minutes(1)))
        func `thousands of greetings that are refused do not fill the log`() async throws {
            let cluster = try await SmallCluster(isFine: false)
            let other = BuildIdentity(version: "none", gdal: "0", proj: "0")
            // Several connections: each is heard for so many greetings only.
            for number in 0..<10 {
                let peer = try await TestPeer(cluster)
                for _ in 0..<500 { peer.hello(TestPeer.id(number), build: other) }
                let code = try await peer.next { message -> RefusalCode? in
                    if case .refuse(let refusal) = message { refusal.code } else { nil }
                }
                #expect(code == .build)
                await peer.close()
            }
            #expect(try (1..<100).contains(cluster.count("worker.refused")))
            let worker = try cluster.worker()
            try await cluster.finish([worker])
        }

        @Test(.timeLimit(.minutes(1)))
        func `an allow-list that cannot be read is told once, and the one in force stays`()
            async throws
        {
            let cluster = try await SmallCluster(isFine: false)
            let path = "\(cluster.directory)/keys/allow-list"
            let sound = try String(contentsOfFile: path, encoding: .utf8)
            try "no key\n".write(toFile: path, atomically: false, encoding: .utf8)
            try await wait(for: "the complaint") { try cluster.count("keys.unreadable") >= 1 }
            let line = try cluster.log().first { $0.event == "keys.unreadable" }
            #expect(line?.detail?.contains("line 1") == true, "\(line?.detail ?? "")")
            try await Task.sleep(for: .milliseconds(2500))
            #expect(try cluster.count("keys.unreadable") == 1)
            // Who was admitted before still is.
            let worker = try cluster.worker()
            try await cluster.waitForCommits(1)
            try sound.write(toFile: path, atomically: false, encoding: .utf8)
            try await cluster.finish([worker])
        }
    }
}
