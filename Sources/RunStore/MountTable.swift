/// The mounted file systems as Linux lists them in `/proc/self/mountinfo` (proc(5)).
package struct MountTable {
    private let mounts: [(point: String, type: String)]

    /// Parses the table; lines of another form are skipped.
    package init(_ text: String) {
        mounts = text.split(separator: "\n").compactMap { line in
            let fields = line.split(separator: " ")
            guard let separator = fields.firstIndex(of: "-"), separator >= 6,
                fields.count > separator + 1
            else { return nil }
            return (Self.unescaped(fields[4]), String(fields[separator + 1]))
        }
    }

    /// Where the bytes of an absolute path without links are kept.
    package func storageKind(of path: String) -> StorageKind {
        var best: (length: Int, type: String)?
        for mount in mounts {
            let isAbove =
                mount.point == "/" || path == mount.point || path.hasPrefix(mount.point + "/")
            // Of two mounts on the same point, the later one hides the earlier one.
            if isAbove, mount.point.utf8.count >= best?.length ?? 0 {
                best = (mount.point.utf8.count, mount.type)
            }
        }
        guard let type = best?.type else { return .local }
        if let name = Self.networkNames[type] { return .network(name) }
        // Most programs that serve a file system bring files from elsewhere.
        guard type.hasPrefix("fuse."), !Self.localPrograms.contains(type) else { return .local }
        return .network("\(type.dropFirst(5)) (FUSE)")
    }

    private static let localPrograms: Set = [
        "fuse.fuse-overlayfs", "fuse.ntfs-3g", "fuse.exfat", "fuse.mergerfs", "fuse.gocryptfs",
        "fuse.encfs", "fuse.lxcfs", "fuse.bindfs",
    ]

    private static let networkNames = [
        "nfs": "NFS", "nfs4": "NFS", "cifs": "SMB", "smb3": "SMB", "smbfs": "SMB",
        "lustre": "Lustre", "ceph": "CephFS", "afs": "AFS", "gpfs": "GPFS", "beegfs": "BeeGFS",
        "pvfs2": "OrangeFS", "gfs2": "GFS2", "ocfs2": "OCFS2", "coda": "Coda", "9p": "9p",
        "glusterfs": "GlusterFS", "panfs": "PanFS", "wekafs": "WekaFS", "virtiofs": "virtiofs",
        "vboxsf": "a folder of the host", "fuse.sshfs": "SSHFS",
        "fuse.glusterfs": "GlusterFS", "fuse.ceph": "CephFS", "fuse.s3fs": "S3",
        "fuse.gcsfuse": "Cloud Storage", "fuse.mount-s3": "S3", "fuse.rclone": "rclone",
        "fuse.goofys": "S3", "fuse.blobfuse2": "Blob Storage", "fuse.juicefs": "JuiceFS",
        "fuse.davfs": "WebDAV",
    ]

    /// Mount points have space, tab, newline and backslash as three octal digits.
    private static func unescaped(_ field: Substring) -> String {
        var bytes: [UInt8] = []
        var rest = Array(field.utf8)[...]
        while let byte = rest.first {
            let digits = rest.dropFirst().prefix(3)
            if byte == 92, digits.count == 3, digits.allSatisfy({ (48...55).contains($0) }) {
                bytes.append(digits.reduce(0) { $0 &* 8 &+ ($1 - 48) })
                rest = rest.dropFirst(4)
            } else {
                bytes.append(byte)
                rest = rest.dropFirst()
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
