import Messaging
import Testing

/// What both transports promise.
@Suite(.timeLimit(.minutes(1)))
struct ChannelContractTests {
    @Test(arguments: Cluster.Transport.allCases)
    func `an authenticated message arrives under its sender's key`(
        _ transport: Cluster.Transport
    ) async throws {
        let cluster = try await Cluster(transport)
        let keys = try [cluster.admittedKeys(), cluster.admittedKeys()]
        let reader = EventReader(cluster.coordinator)
        for (index, pair) in keys.enumerated() {
            let worker = try await cluster.worker(pair)
            #expect(worker.send(["hello".frame, [], [UInt8(index)]], to: .coordinator) == .queued)
            let message = try await reader.message()
            #expect(message.userID == pair.publicKey.z85)
            #expect(message.frames == ["hello".frame, [], [UInt8(index)]])
        }
        await cluster.close()
    }

    @Test(arguments: Cluster.Transport.allCases)
    func `an answer reaches the worker that asked and no other`(
        _ transport: Cluster.Transport
    ) async throws {
        let cluster = try await Cluster(transport)
        let first = try await cluster.worker(try cluster.admittedKeys())
        let second = try await cluster.worker(try cluster.admittedKeys())
        let reader = EventReader(cluster.coordinator)
        for (worker, text) in [(first, "one"), (second, "two")] {
            _ = worker.send([text.frame], to: .coordinator)
            let message = try await reader.message()
            _ = cluster.coordinator.send(message.frames + ["done".frame], to: message.peer)
        }
        let answers = [
            try await EventReader(first).message(), try await EventReader(second).message(),
        ]
        #expect(answers[0].frames == ["one".frame, "done".frame])
        #expect(answers[1].frames == ["two".frame, "done".frame])
        #expect(answers.allSatisfy { $0.userID == cluster.serverKeys.publicKey.z85 })
        #expect(answers.allSatisfy { $0.peer == .coordinator })
        await cluster.close()
    }

    @Test(arguments: Cluster.Transport.allCases)
    func `a thousand messages of a peer keep their order in both directions`(
        _ transport: Cluster.Transport
    ) async throws {
        let cluster = try await Cluster(transport)
        let worker = try await cluster.worker(try cluster.admittedKeys())
        let reader = EventReader(cluster.coordinator)
        let answers = EventReader(worker)
        func frame(_ number: Int) -> [UInt8] { [UInt8(number >> 8), UInt8(number & 255)] }
        for number in 0..<1_000 {
            #expect(worker.send([frame(number)], to: .coordinator) == .queued)
        }
        for number in 0..<1_000 {
            let message = try await reader.message()
            try #require(message.frames == [frame(number)])
            #expect(cluster.coordinator.send(message.frames, to: message.peer) == .queued)
        }
        for number in 0..<1_000 {
            let message = try await answers.message()
            try #require(message.frames == [frame(number)])
        }
        await cluster.close()
    }

    @Test(arguments: Cluster.Transport.allCases)
    func `an unknown key is refused and both sides are told`(
        _ transport: Cluster.Transport
    ) async throws {
        let cluster = try await Cluster(transport)
        let stranger = try CurveKeyPair.generate()
        let worker = try await cluster.worker(stranger)
        #expect(worker.send(["let me in".frame], to: .coordinator) == .queued)
        let reader = EventReader(cluster.coordinator)
        let refusal = try await reader.refusal()
        #expect(refusal.publicKey == stranger.publicKey)
        #expect(refusal.reason == .unknownKey)
        #expect(!refusal.address.isEmpty)
        #expect(try await reader.handshakeFailure() == .authentication(status: 400))
        let failure = try await EventReader(worker).handshakeFailure()
        #expect(failure == .authentication(status: 400))
        await cluster.close()
        let rest = await reader.rest() + reader.skipped
        #expect(!rest.contains { if case .message = $0 { true } else { false } })
    }

    @Test(arguments: Cluster.Transport.allCases)
    func `a key allowed later gets in on its next connection`(
        _ transport: Cluster.Transport
    ) async throws {
        let cluster = try await Cluster(transport)
        let keys = try CurveKeyPair.generate()
        let worker = try await cluster.worker(keys)
        let reader = EventReader(cluster.coordinator)
        _ = try await reader.refusal()
        cluster.authenticator.allow(try AllowList.Entry(publicKey: keys.publicKey))
        worker.reconnect()
        _ = worker.send(["hello".frame], to: .coordinator)
        let message = try await reader.message()
        #expect(message.frames == ["hello".frame])
        await cluster.close()
    }

    @Test(arguments: Cluster.Transport.allCases)
    func `a revoked key is silenced at once and cannot come back`(
        _ transport: Cluster.Transport
    ) async throws {
        let cluster = try await Cluster(transport)
        let keys = try cluster.admittedKeys()
        let worker = try await cluster.worker(keys)
        let reader = EventReader(cluster.coordinator)
        _ = worker.send(["before".frame], to: .coordinator)
        #expect(try await reader.message().frames == ["before".frame])

        #expect(cluster.authenticator.revoke(keys.publicKey))
        _ = worker.send(["after".frame], to: .coordinator)
        let silenced = try await reader.refusal()
        #expect(silenced.reason == .revoked)
        #expect(silenced.publicKey == keys.publicKey)

        worker.reconnect()
        let refused = try await reader.refusal()
        #expect(refused.reason == .unknownKey)
        #expect(refused.publicKey == keys.publicKey)
        await cluster.close()
    }

    @Test(arguments: Cluster.Transport.allCases)
    func `a message to a peer that is gone comes back`(
        _ transport: Cluster.Transport
    ) async throws {
        let cluster = try await Cluster(transport)
        let worker = try await cluster.worker(try cluster.admittedKeys())
        let reader = EventReader(cluster.coordinator)
        _ = worker.send(["hello".frame], to: .coordinator)
        let peer = try await reader.message().peer
        await worker.close(lingerMilliseconds: 0)
        try await reader.disconnection()
        // The connection may end a moment after its end is reported; what is sent meanwhile is
        // lost. A stranger's id marks the end of each round.
        let nobody = PeerID(bytes: [0, 255, 255, 255, 255])
        var returned: OutboundMessage?
        for _ in 0..<1_000 where returned == nil {
            _ = cluster.coordinator.send(["late".frame], to: peer)
            _ = cluster.coordinator.send(["mark".frame], to: nobody)
            while true {
                let (message, reason) = try await reader.undeliverable()
                #expect(reason == .peerGone)
                if message.peer == nobody { break }
                returned = message
            }
        }
        #expect(returned == OutboundMessage(peer: peer, frames: ["late".frame]))
        await cluster.close()
    }

    @Test(arguments: Cluster.Transport.allCases)
    func `an oversize frame cuts off its sender only`(
        _ transport: Cluster.Transport
    ) async throws {
        var limits = SocketLimits.coordinator
        limits.maximumFrameBytes = 1_024
        let cluster = try await Cluster(transport, limits: limits)
        let good = try await cluster.worker(try cluster.admittedKeys())
        let bad = try await cluster.worker(try cluster.admittedKeys())
        let reader = EventReader(cluster.coordinator)
        _ = good.send(["good".frame], to: .coordinator)
        let goodPeer = try await reader.message().peer
        _ = bad.send(["bad".frame], to: .coordinator)
        let badPeer = try await reader.message().peer

        _ = bad.send([[UInt8](repeating: 1, count: 1_025)], to: .coordinator)
        try await reader.disconnection()
        _ = good.send([[UInt8](repeating: 2, count: 1_024)], to: .coordinator)
        let message = try await reader.message()
        #expect(message.peer == goodPeer)
        #expect(message.frames[0].count == 1_024)
        // The sender comes back as a new peer.
        _ = bad.send(["again".frame], to: .coordinator)
        let again = try await reader.message()
        #expect(again.frames == ["again".frame])
        #expect(again.peer != badPeer)
        await cluster.close()
    }

    @Test(arguments: Cluster.Transport.allCases)
    func `a message of too many frames is dropped and reported`(
        _ transport: Cluster.Transport
    ) async throws {
        var limits = SocketLimits.coordinator
        limits.maximumFrameCount = 2
        let cluster = try await Cluster(transport, limits: limits)
        let keys = try cluster.admittedKeys()
        let worker = try await cluster.worker(keys)
        _ = worker.send([[1], [2], [3]], to: .coordinator)
        _ = worker.send([[4], [5]], to: .coordinator)
        let reader = EventReader(cluster.coordinator)
        let (userID, frameCount) = try await reader.next { event -> (String, Int)? in
            guard case .rejected(_, let userID, let frameCount) = event else { return nil }
            return (userID, frameCount)
        }
        #expect(userID == keys.publicKey.z85)
        #expect(frameCount == 3)
        #expect(try await reader.message().frames == [[4], [5]])
        await cluster.close()
    }

    @Test(arguments: Cluster.Transport.allCases)
    func `what a channel's own limits forbid is not taken`(
        _ transport: Cluster.Transport
    ) async throws {
        var limits = SocketLimits.worker
        limits.maximumFrameBytes = 1_024
        limits.maximumFrameCount = 2
        let cluster = try await Cluster(transport)
        let worker = try await cluster.worker(try cluster.admittedKeys(), limits: limits)
        #expect(worker.send([], to: .coordinator) == .illegal)
        #expect(worker.send([[1], [2], [3]], to: .coordinator) == .illegal)
        #expect(
            worker.send([[UInt8](repeating: 0, count: 1_025)], to: .coordinator) == .illegal
        )
        #expect(
            worker.send([[UInt8](repeating: 0, count: 1_024)], to: .coordinator) == .queued
        )
        await cluster.close()
    }

    @Test(arguments: Cluster.Transport.allCases)
    func `reconnecting gives the peer a new address and ends the old one`(
        _ transport: Cluster.Transport
    ) async throws {
        let cluster = try await Cluster(transport)
        let worker = try await cluster.worker(try cluster.admittedKeys())
        let reader = EventReader(cluster.coordinator)
        _ = worker.send(["first".frame], to: .coordinator)
        let old = try await reader.message().peer
        worker.reconnect()
        _ = worker.send(["second".frame], to: .coordinator)
        let message = try await reader.message()
        #expect(message.frames == ["second".frame])
        #expect(message.peer != old)
        await cluster.close()
    }

    @Test(arguments: Cluster.Transport.allCases)
    func `closing ends the events and refuses further messages`(
        _ transport: Cluster.Transport
    ) async throws {
        let cluster = try await Cluster(transport)
        let worker = try await cluster.worker(try cluster.admittedKeys())
        await worker.close(lingerMilliseconds: 0)
        #expect(worker.send(["late".frame], to: .coordinator) == .closed)
        await worker.close()
        await cluster.coordinator.close()
        #expect(cluster.coordinator.send(["late".frame], to: PeerID(bytes: [1])) == .closed)
        while !(await cluster.coordinator.events.nextBatch()).isEmpty {}
        #expect(await cluster.coordinator.events.nextBatch().isEmpty)
        await cluster.close()
    }

    @Test(arguments: Cluster.Transport.allCases)
    func `a cancelled reader stops waiting and the channel lives on`(
        _ transport: Cluster.Transport
    ) async throws {
        let cluster = try await Cluster(transport)
        let channel = cluster.coordinator
        let isEmpty = await withTaskGroup(of: Bool.self) { group in
            group.addTask { await channel.events.nextBatch().isEmpty }
            group.cancelAll()
            return await group.next() ?? false
        }
        #expect(isEmpty)
        let worker = try await cluster.worker(try cluster.admittedKeys())
        _ = worker.send(["hello".frame], to: .coordinator)
        #expect(try await EventReader(channel).message().frames == ["hello".frame])
        await cluster.close()
    }
}
