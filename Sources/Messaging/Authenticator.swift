internal import Synchronization

/// Decides who is admitted, and may change its mind while the coordinator runs.
///
/// A revoked key fails its next handshake, and the messages of its live sessions are dropped from
/// then on, reported as ``Refusal/Reason/revoked``. The owner should end those sessions itself;
/// libzmq 4.3.4 offers no way to cut off a single peer.
package final class Authenticator: Sendable {
    /// The ZAP domain of every coordinator.
    static let domain = "sectile"

    private struct State {
        var list: AllowList
        var keys: Set<CurvePublicKey>
        var userIDs: Set<String>

        init(_ list: AllowList) {
            self.list = list
            keys = Set(list.entries.map(\.publicKey))
            userIDs = Set(list.entries.map(\.publicKey.z85))
        }
    }

    private let state: Mutex<State>

    /// Starts with a list.
    package init(allowing list: AllowList) {
        state = Mutex(State(list))
    }

    /// The list in force.
    package var allowList: AllowList {
        state.withLock { $0.list }
    }

    /// Puts another list in force, such as one read again from its file.
    ///
    /// - Returns: The keys that are no longer admitted, whose sessions are to be ended.
    @discardableResult
    package func replace(with list: AllowList) -> [CurvePublicKey] {
        state.withLock { state in
            let old = state.list.entries.map(\.publicKey)
            state = State(list)
            return old.filter { !state.keys.contains($0) }
        }
    }

    /// Admits a key from now on.
    package func allow(_ entry: AllowList.Entry) {
        state.withLock { state in
            var list = state.list
            list.insert(entry)
            state = State(list)
        }
    }

    /// Admits a key no longer; true where it was admitted.
    @discardableResult
    package func revoke(_ publicKey: CurvePublicKey) -> Bool {
        state.withLock { state in
            var list = state.list
            let wasListed = list.remove(publicKey)
            state = State(list)
            return wasListed
        }
    }

    /// Whether a key is admitted now.
    package func admits(_ publicKey: CurvePublicKey) -> Bool {
        state.withLock { $0.keys.contains(publicKey) }
    }

    /// Whether the sender of a message is admitted still.
    package func admits(userID: String) -> Bool {
        state.withLock { $0.userIDs.contains(userID) }
    }

    /// Decides a ZAP request.
    func decide(_ request: AuthenticationRequest) -> AuthenticationDecision {
        guard request.version == "1.0", request.domain == Self.domain else {
            return .refused(Refusal(address: request.address, publicKey: nil, reason: .malformed))
        }
        guard request.mechanism == "CURVE" else {
            return .refused(Refusal(address: request.address, publicKey: nil, reason: .mechanism))
        }
        guard request.credentials.count == 1,
            let key = try? CurvePublicKey(bytes: request.credentials[0])
        else {
            return .refused(Refusal(address: request.address, publicKey: nil, reason: .malformed))
        }
        guard admits(key) else {
            return .refused(Refusal(address: request.address, publicKey: key, reason: .unknownKey))
        }
        return .admitted(key)
    }
}
