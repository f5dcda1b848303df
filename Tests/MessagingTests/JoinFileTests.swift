import Foundation
import Messaging
import Testing

@Suite struct JoinFileTests {
    private let directory: TemporaryDirectory
    private let server: CurvePublicKey
    private let worker: CurveKeyPair

    init() throws {
        directory = try TemporaryDirectory()
        server = try CurveKeyPair.generate().publicKey
        worker = try CurveKeyPair.generate()
    }

    private func object() -> [String: Any] {
        [
            "endpoints": ["tcp://node1:5555"],
            "protocol": "sectile-join/1",
            "runID": "run-1",
            "serverPublicKey": server.z85,
            "workerKey": [
                "public": worker.publicKey.z85, "secret": worker.secretKey.exposedZ85,
            ],
        ]
    }

    private func write(_ object: [String: Any], mode: Int = 0o600) throws -> String {
        let data = try JSONSerialization.data(withJSONObject: object)
        return try directory.write(
            String(decoding: data, as: UTF8.self),
            to: "join.json",
            mode: mode
        )
    }

    @Test
    func `a join file with and without worker key survives writing`() throws {
        let path = directory.path("join.json")
        for key in [worker, nil] {
            let file = try JoinFile(
                endpoints: ["tcp://node1:5555", "tcp://[fe80::1]:5555", "tcp://10.0.0.1:1"],
                serverPublicKey: server,
                runID: "run-1",
                workerKey: key
            )
            // The second writing replaces the first.
            try file.write(toFile: path)
            #expect(try directory.mode(of: path) == 0o600)
            let read = try JoinFile(contentsOfFile: path)
            #expect(read.endpoints == file.endpoints)
            #expect(read.serverPublicKey == server)
            #expect(read.runID == "run-1")
            #expect(read.workerKey?.publicKey == key?.publicKey)
            #expect(read.workerKey?.secretKey.exposedZ85 == key?.secretKey.exposedZ85)
        }
        #expect(try directory.names() == ["join.json"])
    }

    @Test
    func `the text form is stable`() throws {
        let path = directory.path("join.json")
        try JoinFile(endpoints: ["tcp://h:1"], serverPublicKey: server, runID: "r")
            .write(toFile: path)
        let escaped = server.z85
        #expect(
            try directory.text(of: path) == """
                {
                  "endpoints" : [
                    "tcp://h:1"
                  ],
                  "protocol" : "sectile-join/1",
                  "runID" : "r",
                  "serverPublicKey" : "\(escaped)"
                }

                """
        )
    }

    @Test
    func `a join file that others can read is refused with the remedy`() throws {
        let path = try write(object(), mode: 0o644)
        let error = #expect(throws: MessagingError.self) { try JoinFile(contentsOfFile: path) }
        #expect(error?.code == .fileExposed)
        #expect(error?.message.contains("chmod 600 \(path)") == true)
    }

    @Test(arguments: ["endpoints", "protocol", "runID", "serverPublicKey"])
    func `a missing key is named`(_ key: String) throws {
        var object = object()
        object[key] = nil
        let path = try write(object)
        let error = #expect(throws: MessagingError.self) { try JoinFile(contentsOfFile: path) }
        #expect(error?.code == .fileInvalid)
        #expect(error?.message.contains("\(key): is missing") == true)
    }

    @Test
    func `a key of the wrong type is named with its path`() throws {
        var object = object()
        object["workerKey"] = ["public": worker.publicKey.z85, "secret": 5]
        let path = try write(object)
        let error = #expect(throws: MessagingError.self) { try JoinFile(contentsOfFile: path) }
        #expect(error?.message.contains("workerKey.secret") == true)
    }

    @Test
    func `another protocol is refused before anything else`() throws {
        let path = try write(["protocol": "sectile-join/2", "addresses": []])
        let error = #expect(throws: MessagingError.self) { try JoinFile(contentsOfFile: path) }
        #expect(error?.message.contains("sectile-join/2") == true)
        #expect(error?.message.contains("sectile-join/1") == true)
    }

    @Test
    func `a worker key whose halves do not match is refused without being quoted`() throws {
        var object = object()
        object["workerKey"] = [
            "public": server.z85, "secret": worker.secretKey.exposedZ85,
        ]
        let path = try write(object)
        let error = #expect(throws: MessagingError.self) { try JoinFile(contentsOfFile: path) }
        #expect(error.map { "\($0)".contains(worker.secretKey.exposedZ85) } == false)
    }

    @Test(arguments: ["", "{", "[]", "null", "{\"protocol\": 1}"])
    func `a file that is not such JSON is refused by name`(_ text: String) throws {
        let path = try directory.write(text, to: "join.json")
        let error = #expect(throws: MessagingError.self) { try JoinFile(contentsOfFile: path) }
        #expect(error?.code == .fileInvalid)
        #expect(error?.subject == path)
    }

    @Test(
        arguments: [
            "tcp://*:5555", "tcp://0.0.0.0:5555", "tcp://[::]:5555", "tcp://h", "tcp://h:0",
            "tcp://h:65536", "tcp://:5555", "ipc:///s", "tcp://h:+1", "tcp://a;b:1", "tcp://a b:1",
            "tcp://::1:5", "http://h:1", "",
        ]
    )
    func `an endpoint that nobody can dial is named`(_ endpoint: String) throws {
        let error = #expect(throws: MessagingError.self) {
            try JoinFile(endpoints: [endpoint], serverPublicKey: server, runID: "r")
        }
        #expect(error?.message.contains("endpoints: '\(endpoint)'") == true)
    }

    @Test(arguments: ["", "a b", "a\n", String(repeating: "x", count: 201)])
    func `a run id that is not one word is refused`(_ runID: String) throws {
        let error = #expect(throws: MessagingError.self) {
            try JoinFile(endpoints: ["tcp://h:1"], serverPublicKey: server, runID: runID)
        }
        #expect(error?.message.contains("runID") == true)
    }

    @Test
    func `a join file needs an endpoint`() throws {
        #expect(throws: MessagingError.self) {
            try JoinFile(endpoints: [], serverPublicKey: server, runID: "r")
        }
    }
}
