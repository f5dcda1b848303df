import Execution
import Testing
import Tiling
import WireProtocol

/// Golden traces: what a worker does, step by step.
@Suite struct WorkerStateTranscripts {
    @Test func `a tile goes from hello to acknowledgement`() {
        var story = Transcript()
        let welcome = Fixtures.welcome()
        story.step("opened", .channelOpened)
        story.step("connected", .connectionMade)
        story.hear("welcome", .welcome(welcome))
        story.hear("brief", .stage(Fixtures.brief))
        story.hear("lease 0 and 1", .lease([Fixtures.grant(0), Fixtures.grant(1)]))
        story.step("storage verified", .storageVerified(welcome))
        story.step("0 computed", .tileCompleted(Fixtures.lease(0), Fixtures.result(0)))
        story.hear("0 committed", .committed([Fixtures.lease(0)]))
        story.step(
            "1 failed",
            .tileFailed(Fixtures.lease(1), TileFailure(.input, "dem.tif is cut off"))
        )
        story.hear("finished", .goodbye(.finished))
        #expect(
            story.text == """
                opened
                connected
                    log worker.connected
                    send hello of '', running [], unacknowledged []
                    log worker.greeted
                welcome
                    log worker.welcomed
                    verify /run
                brief
                lease 0 and 1
                storage verified
                    log worker.storageVerified
                    compute balance/r000c000#1 with prepare=[7]
                    log tile.began
                0 computed
                    log tile.computed
                    send completed balance/r000c000#1
                    compute balance/r000c001#1 with prepare=[7]
                    log tile.began
                0 committed
                1 failed
                    log tile.failed
                    send failed balance/r000c001#1 input: dem.tif is cut off
                finished
                    log worker.left
                    leave 0: the run is finished
                """
        )
    }

    @Test func `a restarted coordinator takes up what runs, and nothing is computed twice`() {
        var story = Transcript(identity: Fixtures.identity(slots: 2, credit: 3))
        story.join()
        story.hear("leases", .lease([Fixtures.grant(0), Fixtures.grant(1), Fixtures.grant(2)]))
        story.step("1 computed", .tileCompleted(Fixtures.lease(1), Fixtures.result(1)))
        story.hear("lease 3", .lease([Fixtures.grant(3)]))
        story.hear("restarting", .goodbye(.restarting))
        story.step("connected", .connectionMade)
        story.step("0 computed meanwhile", .tileCompleted(Fixtures.lease(0), Fixtures.result(0)))
        story.hear("welcome", .welcome(Fixtures.welcome(epoch: 2, session: 1)))
        story.hear("committed", .committed([Fixtures.lease(0), Fixtures.lease(1)]))
        #expect(story.state.held == [Fixtures.lease(2)])
        #expect(
            story.text == """
                leases
                    compute balance/r000c000#1 with prepare=[7]
                    log tile.began
                    compute balance/r000c001#1 with prepare=[7]
                    log tile.began
                1 computed
                    log tile.computed
                    send completed balance/r000c001#1
                    compute balance/r000c002#1 with prepare=[7]
                    log tile.began
                lease 3
                restarting
                    log worker.coordinatorRestarting
                connected
                    log worker.connected
                    send hello of 'run', running [balance/r000c000#1 balance/r000c002#1], \
                unacknowledged [balance/r000c001#1]
                    log worker.greeted
                0 computed meanwhile
                    log tile.computed
                welcome
                    log worker.welcomed
                    send completed balance/r000c000#1
                committed
                """
        )
    }

    @Test func `a stale lease is cancelled while it runs and its file removed when it is done`() {
        var story = Transcript(identity: Fixtures.identity(slots: 2, credit: 4))
        story.join()
        story.hear(
            "leases",
            .lease([Fixtures.grant(0), Fixtures.grant(1), Fixtures.grant(2)])
        )
        story.step("0 computed", .tileCompleted(Fixtures.lease(0), Fixtures.result(0)))
        story.hear("all stale", .stale((0...3).map { Fixtures.lease($0) }))
        story.step("1 computed in vain", .tileCompleted(Fixtures.lease(1), Fixtures.result(1)))
        story.step("2 gave up", .tileFailed(Fixtures.lease(2), TileFailure(.timeout, "cancelled")))
        #expect(
            story.text == """
                leases
                    compute balance/r000c000#1 with prepare=[7]
                    log tile.began
                    compute balance/r000c001#1 with prepare=[7]
                    log tile.began
                0 computed
                    log tile.computed
                    send completed balance/r000c000#1
                    compute balance/r000c002#1 with prepare=[7]
                    log tile.began
                all stale
                    discard /run balance/r000c000.a1.00000001.tif
                    log tile.fenced
                    cancel balance/r000c001#1
                    log tile.fenced
                    cancel balance/r000c002#1
                    log tile.fenced
                1 computed in vain
                    discard /run balance/r000c001.a1.00000001.tif
                2 gave up
                """
        )
    }

    @Test func `a drain gives back what waits, and leaves when what runs is acknowledged`() {
        var story = Transcript()
        story.join()
        story.hear("leases", .lease([Fixtures.grant(0), Fixtures.grant(1)]))
        story.step("drain", .drainRequested(grace: .seconds(60), reason: "SIGTERM"))
        story.hear("lease 2", .lease([Fixtures.grant(2)]))
        story.step("0 computed", .tileCompleted(Fixtures.lease(0), Fixtures.result(0)))
        story.hear("0 committed", .committed([Fixtures.lease(0)]))
        #expect(
            story.text == """
                leases
                    compute balance/r000c000#1 with prepare=[7]
                    log tile.began
                drain
                    log worker.draining
                    send released [balance/r000c001#1]: SIGTERM
                    log tile.released
                lease 2
                    send released [balance/r000c002#1]: SIGTERM
                    log tile.released
                0 computed
                    log tile.computed
                    send completed balance/r000c000#1
                0 committed
                    send goodbye: SIGTERM
                    log worker.left
                    leave 0: drained: SIGTERM
                """
        )
    }

    @Test func `a drain gives back what does not fit the grace period`() {
        var story = Transcript()
        story.join()
        story.hear("leases", .lease([Fixtures.grant(0), Fixtures.grant(1)]))
        story.step("drain", .drainRequested(grace: .seconds(2), reason: "SIGTERM"))
        #expect(story.state.nextDeadline == .seconds(2))
        story.pass(.seconds(2))
        story.step("grace over", .timePassed)
        #expect(
            story.text == """
                leases
                    compute balance/r000c000#1 with prepare=[7]
                    log tile.began
                drain
                    log worker.draining
                    send released [balance/r000c001#1]: SIGTERM
                    log tile.released
                grace over
                    cancel balance/r000c000#1
                    send released [balance/r000c000#1]: SIGTERM
                    log tile.released
                    send goodbye: SIGTERM
                    log worker.left
                    leave 0: drained: SIGTERM
                """
        )
    }

    @Test func `a second SIGTERM gives everything back at once`() {
        var story = Transcript()
        story.join()
        story.hear("lease", .lease([Fixtures.grant(0)]))
        story.step("drain", .drainRequested(grace: nil, reason: "SIGTERM"))
        story.step("halt", .haltRequested(isInterrupt: false, reason: "second SIGTERM"))
        #expect(
            story.text == """
                lease
                    compute balance/r000c000#1 with prepare=[7]
                    log tile.began
                drain
                    log worker.draining
                halt
                    cancel balance/r000c000#1
                    send released [balance/r000c000#1]: second SIGTERM
                    log tile.released
                    send goodbye: second SIGTERM
                    log worker.left
                    leave 0: drained: second SIGTERM
                """
        )
    }

    @Test func `silence for a lease's time makes a new connection, and what runs goes on`() {
        var story = Transcript()
        story.join()
        story.hear("leases", .lease([Fixtures.grant(0), Fixtures.grant(1)]))
        story.pass(.seconds(2))
        story.hear("heartbeat", .heartbeat(sequence: 1))
        story.pass(.seconds(2))
        story.step("2 s of silence", .timePassed)
        story.pass(.seconds(1))
        story.step("3 s of silence", .timePassed)
        story.hear("an old grant", .lease([Fixtures.grant(5)]))
        story.step("connected", .connectionMade)
        story.pass(.seconds(3))
        story.step("hello unanswered", .timePassed)
        #expect(
            story.text == """
                leases
                    compute balance/r000c000#1 with prepare=[7]
                    log tile.began
                heartbeat
                2 s of silence
                3 s of silence
                    log worker.coordinatorSilent
                    reconnect
                an old grant
                connected
                    log worker.connected
                    send hello of 'run', running [balance/r000c000#1], unacknowledged []
                    log worker.greeted
                hello unanswered
                    reconnect
                """
        )
    }

    @Test func `a unit beyond its wall limit fails as timeout and keeps its slot until it ends`() {
        var story = Transcript()
        story.join()
        story.hear("leases", .lease([Fixtures.grant(0, limit: 2), Fixtures.grant(1)]))
        #expect(story.state.nextDeadline == .seconds(2))
        story.pass(.seconds(2))
        story.step("time", .timePassed)
        #expect(story.state.held == [Fixtures.lease(1)])
        story.step("0 ended", .tileFailed(Fixtures.lease(0), TileFailure(.timeout, "cancelled")))
        #expect(
            story.text == """
                leases
                    compute balance/r000c000#1 with prepare=[7]
                    log tile.began
                time
                    cancel balance/r000c000#1
                    log tile.failed
                    send failed balance/r000c000#1 timeout: balance/r000c000#1 took longer than 2 s
                0 ended
                    compute balance/r000c001#1 with prepare=[7]
                    log tile.began
                """
        )
    }

    @Test func `a failure while the coordinator is away is claimed and then told`() {
        var story = Transcript()
        story.join()
        story.hear("lease", .lease([Fixtures.grant(0)]))
        story.step("connection lost", .connectionLost)
        story.step("0 failed", .tileFailed(Fixtures.lease(0), TileFailure(.bug, "index 9")))
        story.step("connected", .connectionMade)
        story.hear("welcome", .welcome(Fixtures.welcome(session: 2)))
        #expect(
            story.text == """
                lease
                    compute balance/r000c000#1 with prepare=[7]
                    log tile.began
                connection lost
                    log worker.disconnected
                0 failed
                    log tile.failed
                connected
                    log worker.connected
                    send hello of 'run', running [balance/r000c000#1], unacknowledged []
                    log worker.greeted
                welcome
                    log worker.welcomed
                    send failed balance/r000c000#1 bug: index 9
                """
        )
    }
}
