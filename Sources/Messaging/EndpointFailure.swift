internal import CZeroMQ
internal import Glibc

/// Words for an endpoint that could not be bound or connected.
enum EndpointFailure {
    static func error(endpoint: String, number: Int32, verb: String) -> MessagingError {
        let failure = SystemFailure(number: number)
        switch number {
        case EADDRINUSE:
            return MessagingError(
                .addressInUse,
                subject: endpoint,
                "cannot \(verb) this endpoint: another program uses the port; stop it (ss -ltnp"
                    + " shows it), or choose another port; tcp://*:0 takes any free one",
                underlying: failure
            )
        case EACCES:
            return MessagingError(
                .endpointInvalid,
                subject: endpoint,
                "cannot \(verb) this endpoint: not permitted; ports below 1024 need privileges,"
                    + " choose a higher one",
                underlying: failure
            )
        case EADDRNOTAVAIL, ENODEV:
            return MessagingError(
                .endpointInvalid,
                subject: endpoint,
                "cannot \(verb) this endpoint: this machine has no such address or interface;"
                    + " tcp://*:PORT takes all",
                underlying: failure
            )
        default:
            return MessagingError(
                .endpointInvalid,
                subject: endpoint,
                "cannot \(verb) this endpoint; legal: tcp://HOST:PORT",
                underlying: failure
            )
        }
    }
}
