package import ContentDigest
package import Tiling

/// What a worker says the samples of a unit are, kept when another one says otherwise.
package struct ResultClaim: Hashable, Sendable {
    /// The lease under which it was computed.
    package var lease: LeaseID
    /// The worker.
    package var worker: String
    /// Its host; empty when it is not known.
    package var host: String
    /// The digest of its samples.
    package var samplesDigest: ContentDigest

    /// A claim.
    package init(lease: LeaseID, worker: String, host: String, samplesDigest: ContentDigest) {
        self.lease = lease
        self.worker = worker
        self.host = host
        self.samplesDigest = samplesDigest
    }
}
