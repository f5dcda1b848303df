import ContentDigest
import Foundation
import RunStore
import Testing

struct PosixFileSystemTests {
    @Test func `a written file has its content, its mode and no temporary beside it`() throws {
        let temporary = try TemporaryDirectory()
        let files = PosixFileSystem()
        let path = temporary.path + "/key"
        try files.write([1, 2, 3], to: path, permissions: 0o600)
        try files.write([4, 5], to: path, permissions: 0o600)
        #expect(try files.contents(at: path) == [4, 5])
        #expect(try files.information(at: path)?.permissions == 0o600)
        #expect(try files.names(in: temporary.path) == ["key"])
        #expect(try files.digest(at: path) == ContentDigest(of: [4, 5] as [UInt8]))
    }

    @Test func `a missing file is nil, a missing directory an error with its path`() throws {
        let temporary = try TemporaryDirectory()
        let files = PosixFileSystem()
        #expect(try files.information(at: temporary.path + "/none") == nil)
        try files.remove(temporary.path + "/none")
        let error = #expect(throws: RunStoreError.self) {
            try files.names(in: temporary.path + "/none")
        }
        #expect(error?.description.contains("/none") == true)
        #expect(try files.availableBytes(at: temporary.path) > 0)
        #expect(try files.storageKind(at: temporary.path) == .local)
    }

    @Test func `a file in the way of a directory is an error`() throws {
        let temporary = try TemporaryDirectory()
        let files = PosixFileSystem()
        try files.write([1], to: temporary.path + "/a", permissions: 0o644)
        #expect(throws: RunStoreError.self) {
            try files.createDirectory(at: temporary.path + "/a/b", permissions: 0o755)
        }
    }

    @Test(arguments: [
        ("/data/run", StorageKind.network("NFS")), ("/data", .network("NFS")),
        ("/database", .local), ("/data/local/run", .local), ("/my files/run", .network("SMB")),
        ("/s3/x", .network("S3")), ("/", .local), ("/new/x", .network("newfs (FUSE)")),
        ("/ntfs", .local),
    ])
    func `the longest mount above a path decides`(path: String, expected: StorageKind) {
        let table = MountTable(
            """
            22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw
            30 22 0:45 / /data rw,relatime shared:20 - nfs4 server:/export rw
            31 30 8:2 / /data/local rw - xfs /dev/sdb1 rw
            32 22 0:50 / /my\\040files rw master:1 shared:4 - cifs //server/share rw
            33 22 0:51 / /s3 rw - fuse.s3fs s3fs rw
            34 22 0:52 / /new rw - fuse.newfs newfs rw
            35 22 0:53 / /ntfs rw - fuse.ntfs-3g /dev/sdc1 rw
            nonsense
            """
        )
        #expect(table.storageKind(of: path) == expected)
    }
}
