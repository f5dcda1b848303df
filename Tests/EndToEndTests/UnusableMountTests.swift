import Foundation
import Testing

extension EndToEnd {
    /// A worker whose machine has not mounted what the run needs finds out before its first tile.
    @Suite(.enabled(if: Mounts.arePossible, "only root may mount"))
    struct UnusableMountTests {
        @Test(
            .timeLimit(.minutes(1)),
            arguments: [
                "mount -t tmpfs tmpfs \"$1\"",
                "mount --bind \"$1\" \"$1\" && mount -o remount,bind,ro \"$1\"",
            ]
        )
        func `a worker with an absent or read-only mount is turned away, others finish`(
            mount: String
        ) async throws {
            let cluster = try await SmallCluster(isFine: false)
            let join = "\(cluster.scratch.path)/join.json"
            try FileManager.default.copyItem(atPath: cluster.join, toPath: join)
            let unshare = try #require(Program.tool("unshare"))
            let program = try #require(Program.path)
            let blind = try await SectileProcess(
                executable: unshare,
                [
                    "--mount", "sh", "-c", "\(mount) && shift && exec \"$@\"", "sh",
                    "\(cluster.directory)/tiles", program, "worker", "--join", join, "--slots", "1",
                ]
            ).finished()
            #expect(blind.exitCode == 1, "\(blind.errors)")
            #expect(blind.errors.contains("\(cluster.directory)"), "\(blind.errors)")
            let worker = try cluster.worker()
            try await cluster.finish([worker])
        }

        @Test(.timeLimit(.minutes(1)))
        func `a worker that does not see an input leaves before its first tile, others finish`()
            async throws
        {
            let cluster = try await SmallCluster(isFine: false)
            let program = try #require(Program.path)
            let raster = "\(cluster.scratch.path)/emission.asc"
            // An empty file in the raster's place, in a mount namespace of the worker's own.
            let hide = "mount --bind /dev/null \"$1\" && shift && exec \"$@\""
            let blind = try await SectileProcess(
                executable: try #require(Program.tool("unshare")),
                [
                    "--mount", "sh", "-c", hide, "sh", raster, program, "worker", "--join",
                    cluster.join, "--slots", "1",
                ]
            ).finished()
            #expect(blind.exitCode == 1, "\(blind.errors)")
            #expect(blind.errors.contains("layer 'emission' cannot be read"), "\(blind.errors)")
            #expect(blind.errors.contains(raster), "\(blind.errors)")
            #expect(CommittedTiles.count(in: cluster.directory) == 0)
            #expect(try cluster.count("attempt.failed") == 0)
            let worker = try cluster.worker()
            try await cluster.finish([worker])
        }
    }
}

/// Mounts in a namespace of their own.
enum Mounts {
    /// True when this process may mount something in a namespace of its own.
    static let arePossible: Bool = {
        guard let unshare = Program.tool("unshare") else { return false }
        let process = Process()
        process.executableURL = URL(fileURLWithPath: unshare)
        process.arguments = ["--mount", "sh", "-c", "mount -t tmpfs tmpfs /mnt"]
        process.standardError = FileHandle.nullDevice
        guard (try? process.run()) != nil else { return false }
        process.waitUntilExit()
        return process.terminationStatus == 0
    }()
}
