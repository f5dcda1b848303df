import Foundation
import Telemetry
import Testing

@Suite struct LineAllowanceTests {
    @Test func `a source has ten lines at once, and what is left out is told later`() {
        var lines = LineAllowance()
        let told = (0..<1000).compactMap { _ in lines.take(kind: "refused", source: "a", at: 5) }
        #expect(told == [Int](repeating: 0, count: 10))
        // Another source of the kind has its own, and brings the count.
        #expect(lines.take(kind: "refused", source: "b", at: 5) == 990)
        #expect(lines.take(kind: "refused", source: "b", at: 5) == 0)
        // Another kind is untouched.
        #expect(lines.take(kind: "unknown", source: "a", at: 5) == 0)
        // One line comes back every six seconds.
        #expect(lines.take(kind: "refused", source: "a", at: 10) == nil)
        #expect(lines.take(kind: "refused", source: "a", at: 12) == 1)
        #expect(lines.take(kind: "refused", source: "a", at: 12) == nil)
    }

    @Test func `who names itself anew each time gets no more than its kind`() {
        var lines = LineAllowance()
        let count = (0..<100_000).count { number in
            lines.take(kind: "refused", source: "peer \(number)", at: 0) != nil
        }
        #expect(count == 60)
    }

    @Test func `lines that could not be written are counted in the log once it can be`() throws {
        let directory = FileManager.default.temporaryDirectory
            .appendingPathComponent("sectile-telemetry-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: directory) }
        let path = "\(directory)/coordinator.jsonl"
        let sink = FileLogSink(path: path) { "\($0) missing" }
        for line in ["a", "b"] { sink.write(line: line) }
        try FileManager.default.createDirectory(
            atPath: directory,
            withIntermediateDirectories: true
        )
        for line in ["c", "d"] { sink.write(line: line) }
        #expect(try String(contentsOfFile: path, encoding: .utf8) == "2 missing\nc\nd\n")
    }

    @Test func `a full log is put aside, and both together are bounded`() throws {
        let directory = FileManager.default.temporaryDirectory
            .appendingPathComponent("sectile-telemetry-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(
            atPath: directory,
            withIntermediateDirectories: true
        )
        defer { try? FileManager.default.removeItem(atPath: directory) }
        let path = "\(directory)/coordinator.jsonl"
        try "of an earlier process\n".write(toFile: path, atomically: true, encoding: .utf8)
        // Lines of ten bytes, eight to a file.
        do {
            let sink = FileLogSink(path: path, fileBytes: 80)
            for number in 100..<130 { sink.write(line: "line  \(number)") }
        }
        let earlier = FileLogSink.earlierPath(of: path)
        #expect(earlier == "\(directory)/coordinator.1.jsonl")
        let lines = try [earlier, path].flatMap { file in
            try String(contentsOfFile: file, encoding: .utf8).split(separator: "\n")
                .map(String.init)
        }
        #expect(lines.last == "line  129")
        #expect(lines.count <= 16)
        #expect(lines == (130 - lines.count..<130).map { "line  \($0)" })
        #expect(try FileManager.default.contentsOfDirectory(atPath: directory).count == 2)
    }
}
