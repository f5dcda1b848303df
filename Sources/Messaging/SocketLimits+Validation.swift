extension SocketLimits {
    /// Checks every limit.
    ///
    /// - Throws: ``MessagingError/Code/limitsInvalid`` that names all limits out of range.
    package func validate() throws(MessagingError) {
        let day = 86_400_000
        let mebibyte = 1024 * 1024
        var faults: [String] = []
        func check(_ name: String, _ value: Int, _ range: ClosedRange<Int>) {
            guard !range.contains(value) else { return }
            faults.append(
                "\(name) is \(value), legal: \(range.lowerBound) to \(range.upperBound)"
            )
        }
        // Zero means "no limit" to libzmq, so no bound may be zero.
        check("sendHighWaterMessages", sendHighWaterMessages, 1...1_000_000)
        check("receiveHighWaterMessages", receiveHighWaterMessages, 1...1_000_000)
        // Less would refuse the commands of the handshake.
        check("maximumFrameBytes", maximumFrameBytes, 1_024...1024 * mebibyte)
        check("maximumFrameCount", maximumFrameCount, 1...1_024)
        check("handshakeMilliseconds", handshakeMilliseconds, 1...day)
        check("heartbeatIntervalMilliseconds", heartbeatIntervalMilliseconds, 0...day)
        check("heartbeatTimeoutMilliseconds", heartbeatTimeoutMilliseconds, 1...day)
        // ZMTP carries it in 16 bits of tenths of a second.
        check("heartbeatTimeToLiveMilliseconds", heartbeatTimeToLiveMilliseconds, 100...6_553_500)
        check("lingerMilliseconds", lingerMilliseconds, 0...600_000)
        check("reconnectMilliseconds", reconnectMilliseconds, 1...day)
        check("reconnectMaximumMilliseconds", reconnectMaximumMilliseconds, 1...day)
        check("connectMilliseconds", connectMilliseconds, 1...day)
        check("retransmitMilliseconds", retransmitMilliseconds, 1...day)
        check("keepAliveIdleSeconds", keepAliveIdleSeconds, 1...32_767)
        check("keepAliveIntervalSeconds", keepAliveIntervalSeconds, 1...32_767)
        check("keepAliveProbeCount", keepAliveProbeCount, 1...127)
        check("acceptBacklog", acceptBacklog, 1...65_535)
        check("outboundQueueMessages", outboundQueueMessages, 1...10_000_000)
        check("outboundQueueBytes", outboundQueueBytes, 1...64 * 1024 * mebibyte)
        check("inboundQueueEvents", inboundQueueEvents, 1...10_000_000)
        check("inboundQueueBytes", inboundQueueBytes, 1...64 * 1024 * mebibyte)
        check("patienceMilliseconds", patienceMilliseconds, 0...1_000)
        check("messagesPerTurn", messagesPerTurn, 1...100_000)
        if reconnectMaximumMilliseconds < reconnectMilliseconds {
            faults.append("reconnectMaximumMilliseconds is less than reconnectMilliseconds")
        }
        if outboundQueueBytes < maximumFrameBytes {
            faults.append("outboundQueueBytes is less than maximumFrameBytes")
        }
        guard faults.isEmpty else {
            throw MessagingError(
                .limitsInvalid,
                subject: "socket limits",
                faults.joined(separator: "; ")
            )
        }
    }
}
