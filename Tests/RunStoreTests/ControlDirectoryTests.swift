import Foundation
import RunStore
import Testing
import Tiling

/// Requests of operators, as files.
struct ControlDirectoryTests {
    private let files = MemoryFileSystem()
    private let control: ControlDirectory
    private static let id = String(repeating: "0a", count: 16)

    init() throws {
        let directory = try RunDirectory.prepare(
            at: "/run",
            plan: Fixtures.plan(),
            runID: "run",
            probeToken: "probe",
            files: files
        )
        control = ControlDirectory(of: directory)
    }

    private static func id(_ number: Int) -> String {
        let digits = String(number, radix: 16)
        return String(repeating: "0", count: 32 - digits.count) + digits
    }

    @Test func `nobody but the owner may enter`() throws {
        #expect(try files.information(at: control.path)?.permissions == 0o700)
    }

    @Test(
        arguments: [
            ControlRequest.pause, .resume, .cancel, .workers, .drain(worker: "node1"),
            .retry(nil), .retry(TileID(row: 3, column: 12)),
        ]
    )
    func `a request arrives as it was made, once`(_ request: ControlRequest) throws {
        try control.submit(request, as: Self.id)
        #expect(try control.take() == [.request(id: Self.id, request)])
        #expect(try control.take().isEmpty)
    }

    @Test func `an answer is fetched once`() throws {
        let reply = ControlReply(isAccepted: true, message: "paused")
        #expect(try control.reply(to: Self.id) == nil)
        try control.answer(Self.id, reply)
        #expect(try control.take().isEmpty)
        #expect(try control.reply(to: Self.id) == reply)
        #expect(try control.reply(to: Self.id) == nil)
    }

    @Test func `a request that is taken back was not carried out, or it says so`() throws {
        try control.submit(.cancel, as: Self.id)
        #expect(try control.withdraw(Self.id))
        #expect(try control.take().isEmpty)
        try control.submit(.cancel, as: Self.id)
        _ = try control.take()
        #expect(try !control.withdraw(Self.id))
    }

    @Test func `what an earlier coordinator was asked is nothing to the next`() throws {
        try control.submit(.cancel, as: Self.id)
        try control.clear()
        #expect(try control.take().isEmpty)
    }

    @Test(
        arguments: [
            "", "{", "[]", "{}", #"{"verb":"destroy"}"#, #"{"verb":7}"#, #"{"verb":"drain"}"#,
            #"{"verb":"drain","worker":""}"#, #"{"verb":"retry","tile":"../../x"}"#,
            #"{"verb":"retry","tile":"r1c1"}"#,
        ]
    )
    func `what is no request is refused with the reason and gone`(_ text: String) throws {
        let name = "\(Self.id).request"
        try files.write(Array(text.utf8), to: "\(control.path)/\(name)", permissions: 0o600)
        guard case .refused(Self.id, name, let reason)? = try control.take().first else {
            Issue.record("not refused")
            return
        }
        #expect(!reason.isEmpty)
        #expect(try files.names(in: control.path).isEmpty)
    }

    @Test func `an overlong request is refused without being read as one`() throws {
        let padding = String(repeating: " ", count: ControlRequest.byteLimit)
        let text = #"{"verb":"cancel"}"# + padding
        let path = "\(control.path)/\(Self.id).request"
        try files.write(Array(text.utf8), to: path, permissions: 0o600)
        guard case .refused? = try control.take().first else {
            Issue.record("not refused")
            return
        }
    }

    @Test func `files of other names are removed and named`() throws {
        for name in ["x.request", "\(Self.id.uppercased()).request", "notes", ".hidden"] {
            try files.write([1], to: "\(control.path)/\(name)", permissions: 0o600)
        }
        #expect(try control.take().count == 4)
        #expect(try files.names(in: control.path).isEmpty)
    }

    @Test func `a flood is taken in bounded looks, and what is beyond the bound is refused`() throws
    {
        let count = ControlDirectory.waitingLimit + 10
        for number in 0..<count { try control.submit(.pause, as: Self.id(number)) }
        let findings = try control.take()
        let requests = findings.filter { if case .request = $0 { true } else { false } }
        #expect(requests.count == ControlDirectory.requestLimit)
        #expect(findings.count - requests.count == 10)
        var rest = 0
        while case let next = try control.take(), !next.isEmpty { rest += next.count }
        #expect(rest == ControlDirectory.waitingLimit - ControlDirectory.requestLimit)
    }

    @Test func `a link in place of a request is not followed`() throws {
        let scratch = FileManager.default.temporaryDirectory
            .appendingPathComponent("sectile-control-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: scratch) }
        let directory = try RunDirectory.prepare(
            at: scratch,
            plan: Fixtures.plan(),
            runID: "run",
            probeToken: "probe",
            files: PosixFileSystem()
        )
        let real = ControlDirectory(of: directory)
        let secret = "\(scratch)/secret"
        try #"{"verb":"cancel"}"#.write(toFile: secret, atomically: true, encoding: .utf8)
        try FileManager.default.createSymbolicLink(
            atPath: "\(real.path)/\(Self.id).request",
            withDestinationPath: secret
        )
        guard case .refused? = try real.take().first else {
            Issue.record("the link was followed")
            return
        }
        #expect(FileManager.default.fileExists(atPath: secret))
    }
}
