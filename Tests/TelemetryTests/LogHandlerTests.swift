import Foundation
import Logging
import Synchronization
import Telemetry
import Testing

/// Keeps the lines that are written.
private final class LineKeeper: LogSink {
    private let kept = Mutex<[String]>([])

    var lines: [String] { kept.withLock { $0 } }

    func write(line: String) {
        kept.withLock { $0.append(line) }
    }
}

@Suite struct LogHandlerTests {
    private func json(_ line: String) throws -> [String: String] {
        let object = try JSONSerialization.jsonObject(with: Data(line.utf8))
        return try #require(object as? [String: String])
    }

    @Test func `a line is one JSON object with its metadata as texts`() throws {
        let sink = LineKeeper()
        let handler = JSONLogHandler(label: "worker", sink: sink) { "2026-01-02T03:04:05.678Z" }
        var logger = Logger(label: "worker") { _ in handler }
        logger[metadataKey: LogKey.runID] = "run"
        logger.notice("tile.committed", metadata: [LogKey.tileID: "r000c001", LogKey.bytes: "12"])
        let line = try #require(sink.lines.first)
        #expect(!line.contains("\n"))
        #expect(
            try json(line) == [
                "time": "2026-01-02T03:04:05.678Z", "level": "notice", "logger": "worker",
                "message": "tile.committed", "run.id": "run", "tile.id": "r000c001", "bytes": "12",
            ]
        )
    }

    @Test func `text from anywhere cannot break out of its line`() throws {
        let sink = LineKeeper()
        let handler = JSONLogHandler(label: "x", sink: sink) { "t" }
        let logger = Logger(label: "x") { _ in handler }
        let hostile = "a\"b\\c\nd\r\u{0}\u{1f}\u{7f}\t北京"
        logger.error("m", metadata: ["detail": "\(hostile)"])
        let line = try #require(sink.lines.first)
        #expect(!line.contains("\n"))
        #expect(try json(line)["detail"] == hostile)
    }

    @Test func `a line about missing lines is one of the log`() throws {
        let line = JSONLogHandler.gapLine(of: 3, label: "x", at: "2026-01-02T03:04:05.678Z")
        let object = try json(line)
        #expect(object["event"] == "log.dropped")
        #expect(object["level"] == "warning")
        #expect(object["detail"]?.hasPrefix("3 lines") == true)
        #expect(line.hasPrefix("{\"time\":\"2026-01-02T03:04:05.678Z\""))
    }

    @Test func `each handler of a tee keeps its own level`() {
        let everything = LineKeeper()
        let trouble = LineKeeper()
        var file = JSONLogHandler(label: "x", sink: everything) { "t" }
        file.logLevel = .debug
        var terminal = PlainLogHandler(sink: trouble) { "t" }
        terminal.logLevel = .warning
        let tee = TeeLogHandler([file, terminal])
        let logger = Logger(label: "x") { _ in tee }
        logger.trace("a")
        logger.debug("b")
        logger.warning("c")
        #expect(everything.lines.count == 2)
        #expect(trouble.lines == ["t warning: c"])
    }
}

@Suite struct ProgressLineTests {
    private func line(retried: Int = 0, quarantined: Int = 0, remaining: Double?) -> String {
        ProgressLine(
            stage: "prepare",
            stageDone: 12,
            stageTotal: 20,
            done: 412,
            total: 9800,
            tilesPerSecond: 3.14,
            workers: 38,
            retried: retried,
            quarantined: quarantined,
            remainingSeconds: remaining
        ).text
    }

    @Test func `the line has what an operator asks for, and no zeros that nobody asks for`() {
        #expect(
            line(retried: 3, quarantined: 1, remaining: 7860)
                == "412/9800 tiles 4.2 %  prepare 12/20  3.1 tiles/s  38 workers  3 retried  "
                + "1 quarantined  ETA 2h11m"
        )
        #expect(
            line(remaining: nil)
                == "412/9800 tiles 4.2 %  prepare 12/20  3.1 tiles/s  38 workers  ETA ?"
        )
    }

    @Test(arguments: [
        (0.0, "0s"), (59.4, "59s"), (59.6, "1m00s"), (185, "3m05s"), (3600, "1h00m"),
        (.infinity, "?"), (.nan, "?"), (-1, "?"),
    ])
    func `a duration reads at a glance`(seconds: Double, text: String) {
        #expect(ProgressLine.duration(seconds) == text)
    }
}
