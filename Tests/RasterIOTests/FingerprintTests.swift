import ContentDigest
import Foundation
import Lattice
import RasterIO
import Testing

struct FingerprintTests {
    private let directory: TemporaryDirectory

    init() throws { directory = try TemporaryDirectory() }

    @Test func `a whole file is hashed by content alone`() throws {
        let first = try directory.write("content", as: "a.txt")
        let second = try directory.write("content", as: "b.txt")
        let a = try InputFingerprint(path: first)
        let b = try InputFingerprint(path: second)
        #expect(a.digest == b.digest)
        #expect(a.files.count == 1)
        #expect(a.files[0].method == .whole)
        #expect(a.files[0].digest == ContentDigest(of: "content"))
        try directory.write("Content", as: "b.txt")
        #expect(try InputFingerprint(path: second).digest != a.digest)
    }

    @Test func `a Shapefile is all of its parts, and a change of one shows`() throws {
        try HandMadeShapefile.write(to: directory.file("city"), name: Array("A".utf8))
        let before = try InputFingerprint(path: directory.file("city.shp"))
        #expect(before.files.map(\.path).map { String($0.suffix(4)) } == [".dbf", ".shp", ".shx"])
        #expect(before.appearsUnchanged())
        try HandMadeShapefile.write(to: directory.file("city"), name: Array("B".utf8))
        let after = try InputFingerprint(path: directory.file("city.shp"))
        #expect(after.digest != before.digest)
        #expect(after.files[1].digest == before.files[1].digest)
    }

    @Test func `beyond the limit a file is sampled, first and last block included`() throws {
        var bytes = [UInt8](repeating: 7, count: 6 << 20)
        let path = directory.file("large.bin")
        let url = URL(fileURLWithPath: path)
        func fingerprint() throws -> InputFingerprint {
            try Data(bytes).write(to: url)
            try FileManager.default.setAttributes(
                [.modificationDate: Date(timeIntervalSince1970: 1_000_000)],
                ofItemAtPath: path
            )
            return try InputFingerprint(path: path, wholeLimitBytes: 1 << 20)
        }
        let before = try fingerprint()
        #expect(before.files[0].method == .sampled)
        #expect(before.files[0].modified == 1_000_000)
        #expect(try fingerprint() == before)
        bytes[bytes.count - 1] = 8
        #expect(try fingerprint().digest != before.digest)
        bytes[bytes.count - 1] = 7
        bytes[0] = 8
        #expect(try fingerprint().digest != before.digest)
    }

    @Test func `a changed size or a vanished file is noticed without reading`() throws {
        let path = try directory.write("content", as: "a.txt")
        let fingerprint = try InputFingerprint(path: path)
        try directory.write("contents", as: "a.txt")
        #expect(!fingerprint.appearsUnchanged())
        try FileManager.default.removeItem(atPath: path)
        #expect(!fingerprint.appearsUnchanged())
        let error = rasterError { _ = try InputFingerprint(path: path) }
        #expect(error?.code == .cannotOpen)
        #expect(error?.description == "cannot open \(path): there is no such file")
    }

    @Test func `a fingerprint survives encoding`() throws {
        let path = try directory.write("content", as: "a.txt")
        let fingerprint = try InputFingerprint(path: path)
        let data = try JSONEncoder().encode(fingerprint)
        #expect(try JSONDecoder().decode(InputFingerprint.self, from: data) == fingerprint)
    }
}

struct RuntimeTests {
    @Test func `versions and drivers are known`() throws {
        try GDALRuntime.start(cacheBytes: 64 << 20)
        #expect(GDALRuntime.versionNumber >= GDALRuntime.minimumVersionNumber)
        #expect(GDALRuntime.gdalVersion.split(separator: ".").count >= 3)
        #expect(GDALRuntime.projVersion.split(separator: ".").count == 3)
        #expect(GDALRuntime.driverIsAvailable("GTiff"))
        #expect(!GDALRuntime.driverIsAvailable("NoSuchFormat"))
        #expect(!GDALRuntime.compressionIsAvailable("NOTHING"))
    }
}
