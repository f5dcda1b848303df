/// A worker's side of the seam: a channel to one coordinator that can start afresh.
package protocol ReconnectingChannel: MessageChannel {
    /// Gives up the connection and makes a new one, to the next endpoint where there are several.
    ///
    /// For a connection that looks alive but does not answer (a one-way partition), and for one that
    /// the coordinator refused, which the network does not retry. Messages still queued come back
    /// as ``DeliveryFailure/reconnected``.
    func reconnect()
}
