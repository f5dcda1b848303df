internal import CZeroMQ

/// The libzmq that was found at run time.
package struct ZeroMQLibrary: Sendable, Hashable {
    /// The release, as major, minor and patch numbers.
    package let version: [Int]
    /// Whether it was built with CURVE.
    package let hasCurve: Bool

    /// Describes a library.
    package init(version: [Int], hasCurve: Bool) {
        self.version = version
        self.hasCurve = hasCurve
    }

    /// The library in use.
    package static var current: ZeroMQLibrary {
        var (major, minor, patch): (Int32, Int32, Int32) = (0, 0, 0)
        unsafe zmq_version(&major, &minor, &patch)
        return ZeroMQLibrary(
            version: [Int(major), Int(minor), Int(patch)],
            hasCurve: unsafe zmq_has("curve") == 1
        )
    }

    /// The release as text, such as `4.3.4`.
    package var versionText: String {
        version.map(String.init).joined(separator: ".")
    }

    /// Refuses a library that lacks what the engine relies on.
    ///
    /// - Throws: ``MessagingError/Code/libraryTooOld`` or ``MessagingError/Code/curveUnavailable``.
    package func validate() throws(MessagingError) {
        guard !version.lexicographicallyPrecedes([4, 3, 4]) else {
            throw MessagingError(
                .libraryTooOld,
                subject: "libzmq",
                "is version \(versionText); legal: 4.3.4 or later (Debian and Ubuntu: apt install"
                    + " libzmq5)"
            )
        }
        guard hasCurve else {
            throw MessagingError(
                .curveUnavailable,
                subject: "libzmq",
                "version \(versionText) was built without CURVE encryption, which is required;"
                    + " install one built with libsodium (Debian and Ubuntu: apt install libzmq5)"
            )
        }
    }
}
