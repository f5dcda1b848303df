import ContentDigest
import Foundation
import RunStore
import Testing
import Tiling

struct RunDirectoryTests {
    private func prepare(
        _ path: String,
        _ files: any FileSystem,
        plan: RunPlan = Fixtures.plan()
    ) throws -> RunDirectory {
        try RunDirectory.prepare(
            at: path,
            plan: plan,
            runID: "run1",
            probeToken: "token",
            files: files
        )
    }

    @Test func `a new directory gets the whole layout and its keys are private`() throws {
        let temporary = try TemporaryDirectory()
        let path = temporary.path + "/a/out"
        let directory = try prepare(path, PosixFileSystem())
        let files = directory.files
        for name in RunDirectory.directoryNames {
            #expect(try files.information(at: "\(path)/\(name)")?.kind == .directory)
        }
        #expect(try files.information(at: directory.keysDirectory)?.permissions == 0o700)
        #expect(try files.information(at: "\(path)/tiles/balance")?.kind == .directory)
        #expect(try files.contents(at: directory.probeFile) == Array("token".utf8))
    }

    @Test func `the same plan opens the directory again under its first identity`() throws {
        let files = MemoryFileSystem()
        _ = try prepare("/out", files)
        let again = try RunDirectory.prepare(
            at: "/out",
            plan: Fixtures.plan(),
            runID: "other",
            probeToken: "other",
            files: files
        )
        #expect(again.runID == "run1")
        #expect(again.probeToken == "token")
    }

    @Test func `an empty mount point is not taken for tiles that are lost`() throws {
        let files = MemoryFileSystem()
        let directory = try prepare("/out", files)
        try files.remove(directory.probeFile)
        let before = files.paths
        let error = #expect(throws: RunStoreError.self) { try prepare("/out", files) }
        #expect(error?.code == .damaged)
        #expect(error?.description.contains("/out/tiles") == true)
        #expect(error?.description.contains("mount") == true)
        #expect(files.paths == before)
    }

    @Test func `another plan is refused and nothing is changed`() throws {
        let files = MemoryFileSystem()
        _ = try prepare("/out", files)
        let before = files.paths
        let error = #expect(throws: RunStoreError.self) {
            try prepare("/out", files, plan: Fixtures.plan(name: "another"))
        }
        #expect(error?.code == .otherPlan)
        #expect(error?.description.contains("--output") == true)
        #expect(error?.description.contains("run --new") == true)
        #expect(files.paths == before)
    }

    @Test func `a directory with foreign files is refused by name`() throws {
        let files = MemoryFileSystem()
        try files.createDirectory(at: "/out", permissions: 0o755)
        try files.write([1], to: "/out/thesis.doc", permissions: 0o644)
        let error = #expect(throws: RunStoreError.self) { try prepare("/out", files) }
        #expect(error?.code == .foreignFiles)
        #expect(error?.message.contains("thesis.doc") == true)
        #expect(files.paths == ["/out/thesis.doc"])
    }

    @Test func `a creation that was cut short is begun again`() throws {
        let files = MemoryFileSystem()
        try files.createDirectory(at: "/out/tiles", permissions: 0o755)
        try files.createDirectory(at: "/out/keys", permissions: 0o700)
        #expect(try prepare("/out", files).runID == "run1")
    }

    @Test func `a damaged identity is an error and no new run`() throws {
        let files = MemoryFileSystem()
        _ = try prepare("/out", files)
        try files.write(Array("sectile-run 1\nx\n".utf8), to: "/out/.run", permissions: 0o644)
        let error = #expect(throws: RunStoreError.self) { try prepare("/out", files) }
        #expect(error?.code == .damaged)
    }

    @Test func `a second coordinator is refused with the name of the first`() throws {
        let temporary = try TemporaryDirectory()
        let directory = try prepare(temporary.path + "/out", PosixFileSystem())
        #expect(RunDirectory.lockedSeconds(at: directory.path) == nil)
        do {
            let lock = try directory.lock(holder: "process 4711 on node3")
            #expect(RunDirectory.isCoordinated(at: directory.path))
            #expect(RunDirectory.lockedSeconds(at: directory.path) != nil)
            let error = #expect(throws: RunStoreError.self) {
                _ = try directory.lock(holder: "process 1 on node4")
            }
            #expect(error?.code == .locked)
            #expect(error?.message.contains("process 4711 on node3") == true)
            _ = consume lock
        }
        #expect(!RunDirectory.isCoordinated(at: directory.path))
        _ = try directory.lock(holder: "process 1 on node4")
    }

    @Test func `the sweep takes files that no commit names and nothing else`() throws {
        let files = MemoryFileSystem()
        let directory = try prepare("/out", files)
        let committed = TileObjectKey(lease: Fixtures.lease(0, 2), nonce: 1)
        let loser = TileObjectKey(lease: Fixtures.lease(0, 1), nonce: 2)
        let open = TileObjectKey(lease: Fixtures.lease(1, 1), nonce: 3)
        for key in [committed, loser, open] {
            try files.write([1, 2, 3], to: directory.path(of: key), permissions: 0o644)
        }
        let tiles = directory.tilesDirectory
        let others = [
            "\(tiles)/prepare/notes.txt", "\(tiles)/prepare/r000c000.tif", "\(tiles)/README",
            "\(tiles)/prepare/r000c000.a1.zzzzzzzz.tif", "/out/r000c000.a1.00000002.tif",
        ]
        for path in others { try files.write([1], to: path, permissions: 0o644) }
        let temporaries = [
            "\(directory.path(of: loser)).tmp", "\(directory.path(of: loser)).aux.xml",
        ]
        for path in temporaries { try files.write([1], to: path, permissions: 0o644) }
        try files.write(
            [1],
            to: "\(directory.path(of: open)).tmp",
            permissions: 0o644
        )

        let report = try directory.sweep(committed: [committed], open: [open.lease])
        #expect(
            report.removed == [
                loser.path, "\(loser.path).aux.xml", "\(loser.path).tmp",
            ]
        )
        #expect(report.removedBytes == 5)
        for path in others { #expect(try files.information(at: path) != nil) }
        #expect(try files.information(at: directory.path(of: committed)) != nil)
        #expect(try files.information(at: "\(directory.path(of: open)).tmp") != nil)
    }

    @Test func `an object is compared by size and by digest`() throws {
        let files = MemoryFileSystem()
        let directory = try prepare("/out", files)
        let key = TileObjectKey(lease: Fixtures.lease(0), nonce: 1)
        let object = TileObject(
            key: key,
            bytes: 3,
            fileDigest: ContentDigest(of: [1, 2, 3] as [UInt8]),
            samplesDigest: ContentDigest(of: "s")
        )
        let bySize = DirectoryObjectVerifier(directory: directory, check: .size)
        let byDigest = DirectoryObjectVerifier(directory: directory, check: .digest)
        #expect(bySize.discrepancy(of: object)?.contains("missing") == true)
        try files.write([1, 2, 3], to: directory.path(of: key), permissions: 0o644)
        #expect(bySize.discrepancy(of: object) == nil)
        #expect(byDigest.discrepancy(of: object) == nil)
        try files.write([1, 2, 4], to: directory.path(of: key), permissions: 0o644)
        #expect(bySize.discrepancy(of: object) == nil)
        #expect(byDigest.discrepancy(of: object)?.contains("digest") == true)
        #expect(bySize.damage(of: object)?.contains("digest") == true)
        try files.write([1, 2], to: directory.path(of: key), permissions: 0o644)
        #expect(bySize.discrepancy(of: object)?.contains("2 bytes instead of 3") == true)
        byDigest.discard(key)
        #expect(try files.information(at: directory.path(of: key)) == nil)
    }

    @Test func `an object counts as damaged only while the storage answers`() throws {
        let files = MemoryFileSystem()
        let directory = try prepare("/out", files)
        let object = TileObject(
            key: TileObjectKey(lease: Fixtures.lease(0), nonce: 1),
            bytes: 3,
            fileDigest: ContentDigest(of: [1, 2, 3] as [UInt8]),
            samplesDigest: ContentDigest(of: "s")
        )
        let verifier = DirectoryObjectVerifier(directory: directory, check: .size)
        #expect(verifier.damage(of: object)?.contains("missing") == true)
        // The mount is gone, and an empty directory is in its place; or another one is.
        try files.remove(directory.probeFile)
        #expect(verifier.damage(of: object) == nil)
        try files.write(Array("another".utf8), to: directory.probeFile, permissions: 0o644)
        #expect(verifier.damage(of: object) == nil)
        try files.write(Array("token".utf8), to: directory.probeFile, permissions: 0o644)
        // A server that does not answer, and a single file that cannot be read.
        files.setFailing(true, at: directory.path(of: object.key))
        files.setFailing(true, at: directory.probeFile)
        #expect(verifier.damage(of: object) == nil)
        files.setFailing(false, at: directory.probeFile)
        #expect(verifier.damage(of: object)?.contains("cannot be read") == true)
        // Before a commit every finding counts: the worker can report the object again.
        files.setFailing(true, at: directory.probeFile)
        #expect(verifier.discrepancy(of: object)?.contains("cannot be read") == true)
    }

    @Test(arguments: [Stage.prepare, .bandwidth])
    func `a key knows its lease and nonce`(stage: Stage) {
        let unit = WorkUnit(
            stage: stage,
            round: stage == .bandwidth ? 3 : 0,
            tile: TileID(row: 12, column: 3456)
        )
        let lease = LeaseID(unit: unit, attempt: Attempt(17))
        let key = TileObjectKey(lease: lease, nonce: 0x00AB_CDEF)
        #expect(key.lease == lease)
        #expect(key.nonce == 0x00AB_CDEF)
    }
}
