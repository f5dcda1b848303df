import Execution
import Foundation
import Testing
import WireProtocol

@Suite struct SharedStorageTests {
    private func rejection(
        _ storage: SharedStorage,
        _ welcome: Welcome
    ) -> StorageRejection? {
        do throws(StorageRejection) {
            try storage.verify(welcome, worker: Fixtures.workerID)
            return nil
        } catch {
            return error
        }
    }

    @Test func `the coordinator's directory is accepted and left as it was`() throws {
        let directory = try TemporaryDirectory.run()
        let welcome = Fixtures.welcome(runDirectory: directory.path)
        #expect(rejection(SharedStorage(), welcome) == nil)
        #expect(directory.files(in: "tiles") == [".probe"])
    }

    @Test func `another directory of the same name is rejected with both probes`() throws {
        let directory = try TemporaryDirectory.run(probe: "elsewhere")
        let found = rejection(
            SharedStorage(),
            Fixtures.welcome(runDirectory: directory.path)
        )
        let line = try #require(found?.description)
        #expect(line.contains("'elsewhere'") && line.contains("'probe'"))
        #expect(!line.contains("\n"))
    }

    @Test func `storage that cannot be written is rejected at each step, and named`() throws {
        let table = try TemporaryDirectory()
        let tablePath = "\(table.path)/mounts"
        // The first step reads the coordinator's probe; the next write, synchronise and rename.
        for step in 2...4 {
            let directory = try TemporaryDirectory.run()
            let mounts = """
                21 1 8:1 / / rw - ext4 /dev/root rw
                22 21 0:45 / \(directory.path) ro - nfs4 server:/export\\040one ro
                """
            try Data(mounts.utf8).write(to: URL(filePath: tablePath))
            let storage = SharedStorage(
                files: FailingFileSystem(failAt: step, number: EROFS),
                mountTable: tablePath
            )
            let welcome = Fixtures.welcome(runDirectory: directory.path)
            let line = try #require(rejection(storage, welcome)?.description)
            #expect(line.contains("Read-only file system"))
            #expect(
                line.hasSuffix(
                    "it lies on the mount \(directory.path) (nfs4 from server:/export one)"
                )
            )
            #expect(directory.files(in: "tiles") == [".probe"])
        }
    }

    @Test func `a directory that is not there is rejected with the remedy`() throws {
        let line = try #require(
            rejection(SharedStorage(), Fixtures.welcome(runDirectory: "/no/such/run"))?.description
        )
        #expect(line.contains("/no/such/run/tiles/.probe: No such file or directory"))
        #expect(line.contains("same path"))
    }

    @Test func `inputs that cannot be read here are told once the directory is known to be good`()
        throws
    {
        let directory = try TemporaryDirectory.run()
        let welcome = Fixtures.welcome(runDirectory: directory.path)
        let blind = SharedStorage { specification in
            "the inputs of \(specification) cannot be read here"
        }
        #expect(
            rejection(blind, welcome)?.description
                == "the inputs of \(welcome.specification) cannot be read here"
        )
        #expect(directory.files(in: "tiles") == [".probe"])
        #expect(
            rejection(blind, Fixtures.welcome(runDirectory: "/no/such/run"))?.description
                .contains("not visible here") == true
        )
    }

    @Test func `a run without shared storage is rejected`() throws {
        let line = try #require(
            rejection(SharedStorage(), Fixtures.welcome(runDirectory: ""))?.description
        )
        #expect(line.contains("no shared run directory"))
    }
}
