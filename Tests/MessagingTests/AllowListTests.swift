import Messaging
import Testing

@Suite struct AllowListTests {
    private func key(_ seed: UInt8) throws -> CurvePublicKey {
        try CurvePublicKey(bytes: [UInt8](repeating: seed, count: 32))
    }

    @Test
    func `keys and labels are read among comments and empty lines`() throws {
        let text = """
            # keys of the cluster
            #\(try key(3).z85) no longer

            \(try key(1).z85)
              \(try key(2).z85)   rack 3,  left
            """
        let list = try AllowList(text: text, path: "keys")
        #expect(list.entries.map(\.publicKey) == [try key(1), try key(2)])
        #expect(list.entries.map(\.label) == ["", "rack 3, left"])
    }

    @Test
    func `no key can be taken for a comment`() throws {
        // The largest first word gives the last first character that a key can have.
        let key = try CurvePublicKey(bytes: [UInt8](repeating: 255, count: 32))
        #expect(key.z85.hasPrefix("%"))
        #expect(try AllowList(text: key.z85, path: "keys").entries.map(\.publicKey) == [key])
    }

    @Test
    func `every bad line is named`() throws {
        let text = "\(try key(1).z85)\nnonsense\nlabel \(try key(2).z85)\n\(try key(1).z85)\n"
        let error = #expect(throws: MessagingError.self) {
            try AllowList(text: text, path: "allowed-keys")
        }
        #expect(error?.code == .fileInvalid)
        #expect(error?.subject == "allowed-keys")
        let message = try #require(error?.message)
        #expect(message.contains("line 2"))
        #expect(message.contains("line 3"))
        #expect(message.contains("line 4: key listed twice"))
        #expect(!message.contains("line 1:"))
    }

    @Test
    func `a list survives its file`() throws {
        let directory = try TemporaryDirectory()
        let path = directory.path("allowed-keys")
        var list = AllowList()
        #expect(list.insert(try AllowList.Entry(publicKey: key(1), label: "one")))
        #expect(list.insert(try AllowList.Entry(publicKey: key(2))))
        #expect(!list.insert(try AllowList.Entry(publicKey: key(1), label: "first")))
        try list.write(toFile: path)
        #expect(try AllowList(contentsOfFile: path) == list)
        #expect(list.remove(try key(1)))
        #expect(!list.remove(try key(1)))
        try list.write(toFile: path)
        #expect(try AllowList(contentsOfFile: path).entries.map(\.publicKey) == [try key(2)])
        #expect(try directory.names() == ["allowed-keys"])
    }

    @Test
    func `a list that others can write is refused and one they can read is not`() throws {
        let directory = try TemporaryDirectory()
        let path = try directory.write("\(try key(1).z85)\n", to: "allowed-keys", mode: 0o644)
        #expect(throws: Never.self) { try AllowList(contentsOfFile: path) }
        try directory.setMode(0o664, of: path)
        let error = #expect(throws: MessagingError.self) { try AllowList(contentsOfFile: path) }
        #expect(error?.code == .fileExposed)
        #expect(error?.message.contains("chmod go-w \(path)") == true)
    }

    @Test
    func `an entry is found by key and fingerprint and label`() throws {
        let entry = try AllowList.Entry(publicKey: key(7), label: "node 7")
        let list = AllowList([try AllowList.Entry(publicKey: key(1), label: "node 1"), entry])
        for name in [entry.publicKey.z85, entry.publicKey.fingerprint, "node 7"] {
            #expect(list.entries(named: name) == [entry])
        }
        #expect(list.entries(named: "node").isEmpty)
        #expect(list.entry(for: try key(7)) == entry)
    }

    @Test
    func `a label that would break the file is refused`() throws {
        for label in ["two\nlines", String(repeating: "x", count: 201)] {
            #expect(throws: MessagingError.self) {
                try AllowList.Entry(publicKey: key(1), label: label)
            }
        }
    }
}
