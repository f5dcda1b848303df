internal import CZeroMQ
internal import Glibc

/// The work of the socket thread: one poll over everything that can happen, then a bounded turn.
struct ReactorLoop: ~Copyable {
    let context: ZeroMQContext
    let role: ReactorRole
    let limits: SocketLimits
    let heartbeat: Heartbeat?
    let inbox: EventInbox
    let outbox: Outbox
    private let wakeUp: WakeUpDescriptor
    private let timer: IntervalTimer?

    let authentication: AuthenticationHandler?
    var connection: SocketConnection
    var rotation: EndpointRotation?
    /// Taken from the outbox and not yet sent, in order from `pendingStart`.
    var pending: [OutboundMessage] = []
    var pendingStart = 0

    init(
        context: ZeroMQContext,
        role: ReactorRole,
        limits: SocketLimits,
        heartbeat: Heartbeat?,
        inbox: EventInbox,
        outbox: Outbox,
        wakeUp: WakeUpDescriptor
    ) throws(MessagingError) {
        // Everything that can fail comes before the first property: a noncopyable value cannot be
        // left half made.
        let timer = try heartbeat.map { beat throws(MessagingError) in
            try IntervalTimer(interval: beat.interval)
        }
        var authentication: AuthenticationHandler?
        var rotation: EndpointRotation?
        switch role {
        case .coordinator(_, _, let authenticator):
            authentication = try AuthenticationHandler(
                authenticator: authenticator,
                context: context
            )
        case .worker(let endpoints, _, _): rotation = EndpointRotation(endpoints: endpoints)
        }
        let connection = try SocketConnection.made(
            for: role,
            dialling: rotation,
            limits: limits,
            context: context
        )
        self.context = context
        self.role = role
        self.limits = limits
        self.heartbeat = heartbeat
        self.inbox = inbox
        self.outbox = outbox
        self.wakeUp = wakeUp
        self.timer = timer
        self.authentication = authentication
        self.rotation = rotation
        self.connection = connection
    }

    var isCoordinator: Bool {
        if case .coordinator = role { true } else { false }
    }

    /// Runs until asked to close; sockets are closed with the loop.
    mutating func run() throws(MessagingError) {
        while true {
            let isIdle = pendingStart == pending.count
            let work = outbox.take(includingMessages: isIdle)
            if let abandoned = work.abandoned { try startAfresh(abandoning: abandoned) }
            if !work.messages.isEmpty {
                pending = work.messages
                pendingStart = 0
            }
            if let close = work.close {
                try finish(close)
                return
            }
            let room = inbox.room()
            var unsent = try sendPending(room: room)
            // What was queued meanwhile has used up its wake-up.
            if unsent == .none && !isIdle { unsent = .ready }
            if unsent == .none, inbox.isReaderPatient { gather() }
            let ready = try poll(hasRoom: room > 0, unsent: unsent)
            if ready.isWoken { wakeUp.drain() }
            if ready.isTimerDue, let timer, timer.drain() { try beat() }
            if ready.hasAuthentication { try answerAuthentication() }
            if ready.hasReport { try readReports() }
            if ready.hasMessage { try readMessages(room: room) }
        }
    }

    /// Lets messages gather; ends early for what is to be sent, or for a timer.
    private func gather() {
        let input = Int16(POLLIN)
        var descriptors = [wakeUp.rawDescriptor, timer?.rawDescriptor].compactMap(\.self)
            .map { pollfd(fd: $0, events: input, revents: 0) }
        // An error or a signal ends the wait, and the poll that follows has its own.
        _ = unsafe Glibc.poll(
            &descriptors,
            nfds_t(descriptors.count),
            Int32(limits.patienceMilliseconds)
        )
    }

    /// What a poll found.
    private struct Ready {
        var isWoken = false
        var isTimerDue = false
        var hasReport = false
        var hasMessage = false
        var hasAuthentication = false
    }

    private func poll(hasRoom: Bool, unsent: Unsent) throws(MessagingError) -> Ready {
        let input = Int32(ZMQ_POLLIN)
        var events = hasRoom ? input : 0
        if unsent == .blocked { events |= Int32(ZMQ_POLLOUT) }
        var items = unsafe [
            zmq_pollitem_t(socket: nil, fd: wakeUp.rawDescriptor, events: Int16(input), revents: 0),
            connection.monitor.pollItem(events: input),
            connection.socket.pollItem(events: events),
        ]
        let timerIndex = unsafe items.count
        if let descriptor = timer?.rawDescriptor {
            unsafe items.append(
                zmq_pollitem_t(socket: nil, fd: descriptor, events: Int16(input), revents: 0)
            )
        }
        let authenticationIndex = unsafe items.count
        if let authentication { unsafe items.append(authentication.pollItem()) }
        // More to send at once: look, but do not wait.
        let timeout = unsent == .ready ? 0 : -1
        while true {
            let result = unsafe items.withUnsafeMutableBufferPointer { buffer in
                unsafe zmq_poll(buffer.baseAddress, Int32(buffer.count), timeout)
            }
            if result >= 0 { break }
            let number = zmq_errno()
            guard number == EINTR else {
                throw MessagingError(
                    .systemCallFailed,
                    subject: "zmq_poll",
                    "failed",
                    underlying: SystemFailure(number: number)
                )
            }
        }
        func isReadable(_ index: Int) -> Bool {
            unsafe index < items.count && Int32(items[index].revents) & input != 0
        }
        return Ready(
            isWoken: isReadable(0),
            isTimerDue: timer != nil && isReadable(timerIndex),
            hasReport: isReadable(1),
            hasMessage: isReadable(2),
            hasAuthentication: isReadable(authenticationIndex)
        )
    }

    /// Replaces a worker's connection by one to the rotation's current endpoint.
    mutating func replaceConnection() throws(MessagingError) {
        try connection.abandon()
        connection = try SocketConnection.made(
            for: role,
            dialling: rotation,
            limits: limits,
            context: context
        )
    }
}
