import ContentDigest
import Testing

@Suite struct ContentDigestTests {
    // NIST FIPS 180-2, appendix B.1 and B.2.
    @Test(arguments: [
        ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
        (
            "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
        ),
        ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
    ])
    func `the digest of the standard's examples is the standard's`(text: String, digits: String) {
        #expect(ContentDigest(of: text).hexadecimal == digits)
    }

    @Test func `pieces in any number have the digest of the whole`() {
        let bytes = (0..<1000).map { UInt8(truncatingIfNeeded: $0 * 7) }
        for size in [1, 3, 64, 999, 1000] {
            var hasher = ContentHasher()
            var start = 0
            while start < bytes.count {
                hasher.update(Array(bytes[start..<min(start + size, bytes.count)]))
                start += size
            }
            #expect(hasher.finalize() == ContentDigest(of: bytes))
        }
    }

    @Test func `every NaN is the same sample, and zero differs from minus zero`() {
        func digest(_ samples: [Float]) -> ContentDigest {
            var hasher = ContentHasher()
            hasher.update(samples: samples)
            return hasher.finalize()
        }
        #expect(digest([.nan, 1]) == digest([Float(bitPattern: 0xffc0_0001), 1]))
        #expect(digest([0]) != digest([-0.0]))
    }

    @Test func `only 64 lower-case hexadecimal digits are a digest`() {
        let digits = String(repeating: "a1", count: 32)
        #expect(ContentDigest(hexadecimal: digits)?.hexadecimal == digits)
        for text in ["", "a1", digits + "0", digits.uppercased(), "g" + digits.dropFirst()] {
            #expect(ContentDigest(hexadecimal: text) == nil)
        }
    }

    @Test func `digests are in the order of their texts, and come back from their bytes`() {
        let digests = (0..<40).map { ContentDigest(of: "\($0)") }
        #expect(digests.sorted().map(\.hexadecimal) == digests.map(\.hexadecimal).sorted())
        for digest in digests {
            #expect(ContentDigest(bytes: digest.bytes) == digest)
            #expect(ContentDigest(hexadecimal: digest.hexadecimal) == digest)
        }
        #expect(ContentDigest(bytes: [UInt8](repeating: 0, count: 31)) == nil)
    }
}
