import Foundation
import Testing
import Tiling
import WireProtocol

extension EndToEnd {
    /// Real workers behind a network that a proxy spoils: every run has the bits of an undisturbed one.
    struct NetworkTroubleTests {
        private static let lost = ["worker.lost", "lease.expired"]

        @Test(.timeLimit(.minutes(1)))
        func `a partition shorter than the lease costs nothing`() async throws {
            let cluster = try await SmallCluster(lease: 5)
            let proxy = try TCPProxy(target: cluster.port)
            defer { proxy.stop() }
            let worker = try cluster.worker(connect: proxy.endpoint)
            try await cluster.waitForCommits(10)
            proxy.cause(.init(stalled: [.outward, .inward]))
            try await cluster.expectStandstill(milliseconds: 300)
            proxy.heal()
            try await cluster.finish([worker])
            try cluster.expectNothingBegunAgain()
            for event in Self.lost { #expect(try cluster.count(event) == 0, "\(event)") }
            #expect(proxy.acceptedCount == 1)
        }

        @Test(.timeLimit(.minutes(1)))
        func `a partition longer than the lease is fenced, and its worker comes back`() async throws
        {
            let cluster = try await SmallCluster(lease: 0.5)
            let proxy = try TCPProxy(target: cluster.port)
            defer { proxy.stop() }
            let away = try cluster.worker(connect: proxy.endpoint)
            try await cluster.waitForCommits(10)
            proxy.cause(.init(stalled: [.outward, .inward]))
            try await wait(for: "the loss of the worker") {
                try cluster.count("worker.lost") >= 1
            }
            try await cluster.expectStandstill(milliseconds: 200)
            let before = CommittedTiles.count(in: cluster.directory)
            // Others go on with its tiles.
            let other = try cluster.worker()
            try await cluster.waitForCommits(before + 5)
            proxy.heal()
            try await cluster.finish([away, other])
            #expect(try cluster.count("lease.expired") >= 1)
            #expect(try cluster.count("worker.joined") + cluster.count("worker.rejoined") >= 3)
        }

        @Test(
            .timeLimit(.minutes(1)),
            arguments: Program.tried([TCPProxy.Direction.inward, .outward])
        )
        func `a connection that is dead in one direction is left for a new one`(
            direction: TCPProxy.Direction
        ) async throws {
            let cluster = try await SmallCluster(lease: 0.5)
            let proxy = try TCPProxy(target: cluster.port)
            defer { proxy.stop() }
            let worker = try cluster.worker(connect: proxy.endpoint)
            try await cluster.waitForCommits(10)
            proxy.cause(.init(swallowed: [direction]))
            // Nothing that the worker hears proves that it is heard: it dials anew by itself.
            try await wait(for: "another connection") { proxy.acceptedCount >= 2 }
            try await cluster.finish([worker])
            let events = try cluster.workerLogs().map(\.event)
            #expect(events.contains("worker.coordinatorSilent"))
        }

        @Test(.timeLimit(.minutes(1)))
        func `a half-open connection, whose other end is gone unsaid, is found`() async throws {
            let cluster = try await SmallCluster(lease: 0.5)
            let proxy = try TCPProxy(target: cluster.port)
            defer { proxy.stop() }
            let worker = try cluster.worker(connect: proxy.endpoint)
            try await cluster.waitForCommits(10)
            // As a router does that has forgotten a connection: nothing passes, nobody is told.
            proxy.cause(.init(swallowed: [.inward, .outward]))
            try await wait(for: "the loss of the worker") {
                try cluster.count("worker.lost") >= 1
            }
            try await wait(for: "another connection") { proxy.acceptedCount >= 2 }
            try await cluster.finish([worker])
        }

        @Test(.timeLimit(.minutes(1)))
        func `a slow and distant network makes nobody dead`() async throws {
            let cluster = try await SmallCluster(lease: 2, isFine: false)
            let proxy = try TCPProxy(target: cluster.port)
            defer { proxy.stop() }
            // 200 ms each way, 1 Mbit/s.
            proxy.cause(.init(delayMilliseconds: 200, bytesPerSecond: 125_000))
            let worker = try cluster.worker(connect: proxy.endpoint, slots: 4)
            try await cluster.finish([worker])
            #expect(proxy.leastDelayMilliseconds >= 200)
            #expect(proxy.deliveredBytes > 20_000)
            for event in Self.lost { #expect(try cluster.count(event) == 0, "\(event)") }
        }

        @Test(.timeLimit(.minutes(1)))
        func `connections cut again and again lose nothing`() async throws {
            let cluster = try await SmallCluster(lease: 2)
            let proxy = try TCPProxy(target: cluster.port)
            defer { proxy.stop() }
            let workers = [
                try cluster.worker(connect: proxy.endpoint),
                try cluster.worker(connect: proxy.endpoint),
            ]
            for cut in 1...8 {
                try await cluster.waitForCommits(cut * 8)
                proxy.cut()
                try await Task.sleep(for: .milliseconds(100))
            }
            try await cluster.finish(workers)
            // Each cut ended a connection, after which there was another and its worker as before.
            #expect(proxy.brokenCount >= 8)
            #expect(proxy.acceptedCount > proxy.brokenCount)
            #expect(try cluster.count("worker.rejoined") >= 4)
            for event in Self.lost { #expect(try cluster.count(event) == 0, "\(event)") }
        }

        @Test(.timeLimit(.minutes(10)))
        func `hundreds of reconnections leave descriptors and memory as they were`() async throws {
            let cluster = try await SmallCluster()
            let first = try await TestPeer(cluster)
            let build = try await first.wantedBuild()
            await first.close()
            func reconnect(_ count: Int) async throws {
                for number in 0..<count {
                    let peer = try await TestPeer(cluster)
                    peer.hello(TestPeer.id(number % 3), build: build)
                    let session = try await peer.next { message -> UInt64? in
                        if case .welcome(let welcome) = message { welcome.session } else { nil }
                    }
                    #expect(session != nil)
                    await peer.close()
                }
            }
            // The first ones fill pools and caches.
            try await reconnect(50)
            let coordinator = cluster.coordinator
            let descriptors = ProcessUse.descriptors(of: coordinator)
            let memory = ProcessUse.residentKibibytes(of: coordinator)
            try await reconnect(Program.isThorough ? 10_000 : 200)
            try await wait(for: "the descriptors") {
                ProcessUse.descriptors(of: coordinator) <= descriptors + 2
            }
            #expect(ProcessUse.residentKibibytes(of: coordinator) < memory + 8 * 1024)
            let worker = try cluster.worker()
            try await cluster.finish([worker])
        }

        /// A cluster and a worker of another network, which shares nothing but the file system.
        private static func elsewhere(
            lease: Double,
            number: Int
        ) async throws -> (cluster: SmallCluster, place: NetworkPlace, worker: SectileProcess) {
            let cluster = try await SmallCluster(lease: lease, listen: "tcp://0.0.0.0:0")
            let place = try NetworkPlace(number: number)
            let hidden = "\(cluster.scratch.path)/nothing"
            try FileManager.default.createDirectory(
                atPath: hidden,
                withIntermediateDirectories: true
            )
            let worker = try place.start(
                [
                    "worker", "--join", cluster.join, "--slots", "1", "--connect",
                    "tcp://\(place.hostAddress):\(cluster.port)",
                ],
                hiding: hidden
            )
            return (cluster, place, worker)
        }

        @Test(
            .timeLimit(.minutes(1)),
            .enabled(if: NetworkPlace.isPossible, "only root may make network namespaces")
        )
        func `a network cut for less than the lease costs nothing`() async throws {
            let (cluster, place, worker) = try await Self.elsewhere(lease: 6, number: 5)
            try await cluster.waitForCommits(10)
            try place.setLink(isUp: false)
            try await cluster.expectStandstill(milliseconds: 700)
            try place.setLink(isUp: true)
            try await cluster.finish([worker])
            try cluster.expectNothingBegunAgain()
            for event in Self.lost { #expect(try cluster.count(event) == 0, "\(event)") }
        }

        @Test(
            .timeLimit(.minutes(1)),
            .enabled(if: NetworkPlace.isPossible, "only root may make network namespaces")
        )
        func `a worker cut off for longer than the lease loses its tiles and comes back`()
            async throws
        {
            let (cluster, place, worker) = try await Self.elsewhere(lease: 1, number: 6)
            try await cluster.waitForCommits(10)
            try place.setLink(isUp: false)
            try await wait(for: "the loss", while: { cluster.coordinator.isRunning }) {
                try cluster.count("worker.lost") >= 1
            }
            try await cluster.expectStandstill(milliseconds: 200)
            try place.setLink(isUp: true)
            try await cluster.finish([worker])
            #expect(try cluster.count("lease.expired") >= 1)
            #expect(try cluster.count("worker.joined") + cluster.count("worker.rejoined") >= 2)
            let events = try cluster.workerLogs().map(\.event)
            #expect(events.contains("worker.coordinatorSilent"))
        }
    }
}
