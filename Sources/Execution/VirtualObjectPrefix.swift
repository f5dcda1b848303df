package import ContentDigest
internal import RasterIO
private import Synchronization

/// Objects below a prefix of an object store, or of anything else that the raster library can write.
package struct VirtualObjectPrefix: ObjectPrefix {
    private let prefix: String
    private let report: @Sendable (String) -> Void
    private let failures = FailureCount()

    /// Counts what failed; a reference, so that copies count together.
    private final class FailureCount: Sendable {
        private let count = Mutex(0)

        /// True for the first failure, the second, the fourth…: a store that is down for hours shall not
        /// fill the log.
        func isWorthSaying() -> Int? {
            count.withLock { count in
                count += 1
                return count & (count - 1) == 0 ? count : nil
            }
        }
    }

    /// A prefix.
    ///
    /// - Parameters:
    ///   - prefix: such as `/vsis3/bucket/sectile/RUN`, without a slash at its end.
    ///   - report: hears of failures to store, now and then.
    package init(_ prefix: String, report: @escaping @Sendable (String) -> Void) {
        self.prefix = prefix
        self.report = report
    }

    private func name(_ digest: ContentDigest) -> String { "\(prefix)/\(digest).tif" }

    /// Copies an object's file from the store; false when it is not there or cannot be read.
    package func fetch(_ digest: ContentDigest, to path: String, bytes: Int) -> Bool {
        do throws(RasterError) {
            try VirtualFile.copy(name(digest), to: path, limitBytes: bytes)
            return true
        } catch {
            return false
        }
    }

    /// Copies a file into the store; a failure is reported and costs no more than a detour.
    package func store(_ path: String, as digest: ContentDigest, bytes: Int) {
        do throws(RasterError) {
            try VirtualFile.copy(path, to: name(digest), limitBytes: bytes)
        } catch {
            guard let count = failures.isWorthSaying() else { return }
            report("\(error) (\(count) objects so far could not be stored)")
        }
    }
}
