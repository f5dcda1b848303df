import Foundation
import Messaging
import Testing

@Suite struct CurveKeyTests {
    /// The pair in the example of libzmq's manual page zmq_curve(7).
    private let publicText = "Yne@$w-vo<fVvi]a<NY6T1ed:M$fCG*[IaLV{hID"
    private let secretText = "D:)Q[IlAW!ahhC2ac:9*A}h:p?([4%wOTJ%JR%cs"

    @Test
    func `the manual's example keys belong together`() throws {
        let pair = try CurveKeyPair(
            publicKey: CurvePublicKey(z85: publicText),
            secretKey: CurveSecretKey(z85: secretText)
        )
        #expect(pair.publicKey.z85 == publicText)
        #expect(pair.secretKey.exposedZ85 == secretText)
    }

    @Test
    func `generated pairs are whole and differ`() throws {
        let pairs = try (0..<4).map { _ in try CurveKeyPair.generate() }
        #expect(Set(pairs.map(\.publicKey)).count == 4)
        for pair in pairs {
            #expect(try CurveKeyPair(secretKey: pair.secretKey).publicKey == pair.publicKey)
        }
    }

    @Test
    func `keys that do not belong together are refused`() throws {
        let secretKey = try CurveSecretKey(z85: secretText)
        let error = #expect(throws: MessagingError.self) {
            try CurveKeyPair(publicKey: CurveKeyPair.generate().publicKey, secretKey: secretKey)
        }
        #expect(error?.code == .keyInvalid)
    }

    @Test(
        arguments: [
            "", "short", String(repeating: "a", count: 41), String(repeating: "~", count: 40),
            String(repeating: "#", count: 40), String(repeating: " ", count: 40),
            String(repeating: "é", count: 20),
        ]
    )
    func `text that is not a key is refused`(_ text: String) {
        #expect(throws: MessagingError.self) { try CurvePublicKey(z85: text) }
        #expect(throws: MessagingError.self) { try CurveSecretKey(z85: text) }
    }

    @Test
    func `the fingerprint is the first eight bytes`() throws {
        let key = try CurvePublicKey(bytes: Array(0..<32))
        #expect(key.fingerprint == "0001-0203-0405-0607")
        #expect("\(key)" == key.fingerprint)
    }

    @Test
    func `a secret never shows in text`() throws {
        let pair = try CurveKeyPair(secretKey: CurveSecretKey(z85: secretText))
        var dumped = ""
        dump(pair, to: &dumped)
        for text in ["\(pair)", String(reflecting: pair), "\(pair.secretKey)", dumped] {
            #expect(!text.contains(secretText))
            #expect(!text.contains("\(Array(secretText.utf8))"))
            #expect(text.contains("<secret key>") || !text.contains("secret"))
        }
        let error = #expect(throws: MessagingError.self) {
            try CurveSecretKey(z85: secretText + "x")
        }
        #expect(error.map { !"\($0)".contains(secretText) } == true)
    }

    @Test
    func `a key file has mode 0600 and reads back`() throws {
        let directory = try TemporaryDirectory()
        let path = directory.path("worker.key")
        let pair = try CurveKeyPair.generate()
        try pair.write(toNewFile: path)
        #expect(try directory.mode(of: path) == 0o600)
        let read = try CurveKeyPair(contentsOfFile: path)
        #expect(read.publicKey == pair.publicKey)
        #expect(read.secretKey.exposedZ85 == pair.secretKey.exposedZ85)
    }

    @Test
    func `a key file is never overwritten`() throws {
        let directory = try TemporaryDirectory()
        let path = directory.path("worker.key")
        try CurveKeyPair.generate().write(toNewFile: path)
        let before = try directory.text(of: path)
        let error = #expect(throws: MessagingError.self) {
            try CurveKeyPair.generate().write(toNewFile: path)
        }
        #expect(error?.code == .fileExists)
        #expect(error?.subject == path)
        #expect(try directory.text(of: path) == before)
    }

    @Test(arguments: [0o640, 0o604, 0o660, 0o644, 0o602])
    func `a key file that others can use is refused with the remedy`(_ mode: Int) throws {
        let directory = try TemporaryDirectory()
        let path = directory.path("worker.key")
        try CurveKeyPair.generate().write(toNewFile: path)
        try directory.setMode(mode, of: path)
        let error = #expect(throws: MessagingError.self) {
            try CurveKeyPair(contentsOfFile: path)
        }
        #expect(error?.code == .fileExposed)
        let message = try #require(error?.message)
        #expect(message.contains("mode 0\(String(mode, radix: 8))"))
        #expect(message.contains("0600"))
        #expect(message.contains("chmod 600 \(path)"))
    }

    @Test
    func `a key file of mode 0400 is accepted`() throws {
        let directory = try TemporaryDirectory()
        let path = directory.path("worker.key")
        try CurveKeyPair.generate().write(toNewFile: path)
        try directory.setMode(0o400, of: path)
        #expect(throws: Never.self) { try CurveKeyPair(contentsOfFile: path) }
    }

    @Test
    func `a missing key file is named`() throws {
        let directory = try TemporaryDirectory()
        let path = directory.path("absent.key")
        let error = #expect(throws: MessagingError.self) {
            try CurveKeyPair(contentsOfFile: path)
        }
        #expect(error?.code == .fileFailed)
        #expect(error.map { "\($0)".hasPrefix(path) } == true)
    }

    @Test
    func `a file that is not a key file is refused without being quoted`() throws {
        let directory = try TemporaryDirectory()
        let other = try CurveKeyPair.generate()
        let contents = [
            "", "public \(publicText)\n", "secret \(secretText)\n", "\(secretText)\n",
            "public \(publicText)\nsecret \(secretText)\nsecret \(secretText)\n",
            "public \(other.publicKey.z85)\nsecret \(secretText)\n",
            "public \(publicText)\nsecret \(secretText)x\n",
        ]
        for (index, content) in contents.enumerated() {
            let path = try directory.write(content, to: "\(index).key")
            let error = #expect(throws: MessagingError.self) {
                try CurveKeyPair(contentsOfFile: path)
            }
            #expect(error?.code == .fileInvalid)
            #expect(error.map { "\($0)".contains(secretText) } == false)
        }
        let error = #expect(throws: MessagingError.self) {
            try CurveKeyPair(contentsOfFile: directory.url.path)
        }
        #expect(error?.code == .fileInvalid)
    }
}
