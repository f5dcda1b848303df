import Messaging

/// Reads a channel's events until one matches; keeps what it passed over.
final class EventReader {
    private var iterator: ChannelEvents.Iterator
    private(set) var skipped: [ChannelEvent] = []

    init(_ channel: any MessageChannel) {
        iterator = channel.events.makeAsyncIterator()
    }

    struct Ended: Error {
        let skipped: [ChannelEvent]
    }

    func next<Value>(_ match: (ChannelEvent) -> Value?) async throws -> Value {
        while let event = await iterator.next() {
            if let value = match(event) { return value }
            skipped.append(event)
        }
        throw Ended(skipped: skipped)
    }

    func message() async throws -> InboundMessage {
        try await next { if case .message(let message) = $0 { message } else { nil } }
    }

    func undeliverable() async throws -> (OutboundMessage, DeliveryFailure) {
        try await next {
            if case .undeliverable(let message, let reason) = $0 { (message, reason) } else { nil }
        }
    }

    func refusal() async throws -> Refusal {
        try await next { if case .refused(let refusal) = $0 { refusal } else { nil } }
    }

    func handshakeFailure() async throws -> HandshakeFailure {
        try await next { if case .handshakeFailed(_, let failure) = $0 { failure } else { nil } }
    }

    func connection() async throws {
        try await next { if case .connected = $0 { () } else { nil } }
    }

    func disconnection() async throws {
        try await next { if case .disconnected = $0 { () } else { nil } }
    }

    func rest() async -> [ChannelEvent] {
        var events: [ChannelEvent] = []
        while let event = await iterator.next() { events.append(event) }
        return events
    }
}
