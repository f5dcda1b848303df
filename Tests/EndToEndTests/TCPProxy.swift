import Foundation
import Synchronization

/// A stretch of network between a worker and its coordinator that a test can spoil: it delays, slows
/// down, holds up, swallows or cuts what passes, in one direction or both.
///
/// One thread of its own serves all connections.
final class TCPProxy: Sendable {
    /// A direction, as seen from the worker.
    enum Direction: Int, Sendable, CaseIterable {
        case outward, inward
    }

    /// What happens to what passes.
    struct Trouble: Sendable, Equatable {
        /// Directions in which nothing passes; what was sent waits.
        var stalled: Set<Direction> = []
        /// Directions in which what is sent over the present connections vanishes, as behind a router
        /// that forgot them; new ones are not concerned.
        var swallowed: Set<Direction> = []
        /// Milliseconds that each byte is late.
        var delayMilliseconds = 0
        /// Bytes a second in each direction; nil for as many as there are.
        var bytesPerSecond: Int?
        /// True when new connections are closed at once.
        var refuses = false
    }

    private struct State {
        var trouble = Trouble()
        var cutCount = 0
        var isStopped = false
        var accepted = 0
        var broken = 0
        var deliveredBytes = 0
        var leastDelayMilliseconds: UInt64 = .max
    }

    private final class Link {
        let client: Int32
        let server: Int32
        /// What is under way in each direction, with the moments at which it came and from which it may
        /// be delivered.
        var queues: [[(came: UInt64, due: UInt64, bytes: ArraySlice<UInt8>)]] = [[], []]
        var isEnded = false
        var swallowed: Set<Direction> = []
        var budget: [Double] = [0, 0]

        init(client: Int32, server: Int32) {
            (self.client, self.server) = (client, server)
        }

        func source(_ direction: Direction) -> Int32 { direction == .outward ? client : server }
        func sink(_ direction: Direction) -> Int32 { direction == .outward ? server : client }
    }

    /// The port to dial.
    let port: Int
    private let listener: Int32
    private let target: Int
    private let state = Mutex(State())

    /// Listens on a free port and forwards to another of this machine.
    init(target: Int) throws {
        self.target = target
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        var address = Self.loopback(port: 0)
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let bound = unsafe withUnsafeMutablePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { generic in
                unsafe bind(descriptor, generic, length) == 0 && listen(descriptor, 64) == 0
                    && getsockname(descriptor, generic, &length) == 0
            }
        }
        guard bound else { throw CocoaError(.fileReadUnknown) }
        listener = descriptor
        port = Int(in_port_t(bigEndian: address.sin_port))
        let thread = Thread { [self] in serve() }
        thread.start()
    }

    /// The endpoint to dial.
    var endpoint: String { "tcp://127.0.0.1:\(port)" }

    /// Connections that were ever taken.
    var acceptedCount: Int { state.withLock { $0.accepted } }

    /// Connections that ``cut()`` ended.
    var brokenCount: Int { state.withLock { $0.broken } }

    /// Bytes that came through, in both directions.
    var deliveredBytes: Int { state.withLock { $0.deliveredBytes } }

    /// The shortest time that anything was under way, milliseconds.
    var leastDelayMilliseconds: UInt64 { state.withLock { $0.leastDelayMilliseconds } }

    /// Puts trouble in force in place of what was.
    func cause(_ trouble: Trouble) { state.withLock { $0.trouble = trouble } }

    /// Lets everything pass again.
    func heal() { cause(Trouble()) }

    /// Ends all connections at once.
    func cut() { state.withLock { $0.cutCount += 1 } }

    /// Ends the thread.
    func stop() { state.withLock { $0.isStopped = true } }

    private static func loopback(port: Int) -> sockaddr_in {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(port).bigEndian
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        return address
    }

    private static var milliseconds: UInt64 {
        var time = timespec()
        unsafe clock_gettime(CLOCK_MONOTONIC, &time)
        return UInt64(time.tv_sec) * 1000 + UInt64(time.tv_nsec) / 1_000_000
    }

    // MARK: - The thread

    private func serve() {
        var links: [Link] = []
        var cuts = 0
        var last = Self.milliseconds
        var swallowed: Set<Direction> = []
        while true {
            let (trouble, cutCount, isStopped) = state.withLock {
                ($0.trouble, $0.cutCount, $0.isStopped)
            }
            if cutCount != cuts || isStopped {
                let broken = cutCount - cuts > 0 ? links.count : 0
                state.withLock { $0.broken += broken }
                cuts = cutCount
                for link in links { link.isEnded = true }
            }
            if trouble.swallowed != swallowed {
                swallowed = trouble.swallowed
                for link in links { link.swallowed = swallowed }
            }
            let now = Self.milliseconds
            for link in links where !link.isEnded {
                for direction in Direction.allCases {
                    refill(link, direction, trouble, elapsed: now - last)
                    deliver(link, direction, trouble, now: now)
                }
            }
            last = now
            for link in links where link.isEnded {
                _ = Glibc.close(link.client)
                _ = Glibc.close(link.server)
            }
            links.removeAll { $0.isEnded }
            if isStopped {
                _ = Glibc.close(listener)
                return
            }
            wait(&links, trouble)
        }
    }

    private func refill(
        _ link: Link,
        _ direction: Direction,
        _ trouble: Trouble,
        elapsed: UInt64
    ) {
        guard let rate = trouble.bytesPerSecond else { return }
        let gained = Double(rate) * Double(elapsed) / 1000
        link.budget[direction.rawValue] = min(
            Double(rate) / 10 + 1500,
            link.budget[direction.rawValue] + gained
        )
    }

    /// Waits for something to read, for some milliseconds at most, and reads it.
    private func wait(_ links: inout [Link], _ trouble: Trouble) {
        var items = [pollfd(fd: listener, events: Int16(POLLIN), revents: 0)]
        var meanings: [(link: Link, direction: Direction)] = []
        for link in links {
            for direction in Direction.allCases
            where !trouble.stalled.contains(direction)
                && link.queues[direction.rawValue].count < 256
            {
                items.append(
                    pollfd(fd: link.source(direction), events: Int16(POLLIN), revents: 0)
                )
                meanings.append((link, direction))
            }
        }
        guard unsafe poll(&items, nfds_t(items.count), 5) > 0 else { return }
        for (item, meaning) in zip(items.dropFirst(), meanings) where item.revents != 0 {
            read(meaning.link, meaning.direction, trouble)
        }
        if items[0].revents != 0 { accept(&links, trouble) }
    }

    private func accept(_ links: inout [Link], _ trouble: Trouble) {
        let client = Glibc.accept(listener, nil, nil)
        guard client >= 0 else { return }
        // A process that a test starts meanwhile must not keep the connection open.
        _ = fcntl(client, F_SETFD, FD_CLOEXEC)
        state.withLock { $0.accepted += 1 }
        let server = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        let address = Self.loopback(port: target)
        let result = unsafe withUnsafeBytes(of: address) { bytes in
            unsafe connect(
                server,
                bytes.assumingMemoryBound(to: sockaddr.self).baseAddress,
                socklen_t(bytes.count)
            )
        }
        guard result == 0, !trouble.refuses else {
            _ = Glibc.close(client)
            _ = Glibc.close(server)
            return
        }
        links.append(Link(client: client, server: server))
    }

    private func read(_ link: Link, _ direction: Direction, _ trouble: Trouble) {
        guard !link.isEnded else { return }
        var buffer = [UInt8](repeating: 0, count: 16_384)
        let count = unsafe recv(
            link.source(direction),
            &buffer,
            buffer.count,
            Int32(MSG_DONTWAIT)
        )
        guard count > 0 else {
            let isWaiting = count < 0 && (errno == EAGAIN || errno == EINTR)
            // A connection whose end nobody tells: the other side learns nothing.
            if !isWaiting, !link.swallowed.contains(direction) { link.isEnded = true }
            return
        }
        guard !link.swallowed.contains(direction) else { return }
        let now = Self.milliseconds
        let due = now + UInt64(trouble.delayMilliseconds)
        link.queues[direction.rawValue].append((now, due, buffer[..<count]))
    }

    private func deliver(
        _ link: Link,
        _ direction: Direction,
        _ trouble: Trouble,
        now: UInt64
    ) {
        guard !trouble.stalled.contains(direction) else { return }
        let index = direction.rawValue
        while let first = link.queues[index].first, first.due <= now {
            var portion = first.bytes
            if trouble.bytesPerSecond != nil {
                portion = portion.prefix(Int(link.budget[index]))
                guard !portion.isEmpty else { return }
            }
            let sent = unsafe portion.withUnsafeBytes { bytes in
                unsafe send(
                    link.sink(direction),
                    bytes.baseAddress,
                    bytes.count,
                    Int32(MSG_NOSIGNAL) | Int32(MSG_DONTWAIT)
                )
            }
            guard sent > 0 else {
                if errno != EAGAIN, errno != EINTR { link.isEnded = true }
                return
            }
            state.withLock {
                $0.deliveredBytes += sent
                $0.leastDelayMilliseconds = min($0.leastDelayMilliseconds, now - first.came)
            }
            link.budget[index] -= Double(sent)
            let rest = first.bytes.dropFirst(sent)
            if rest.isEmpty {
                link.queues[index].removeFirst()
            } else {
                link.queues[index][0].bytes = rest
            }
        }
    }
}
