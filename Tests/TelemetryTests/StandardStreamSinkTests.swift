import Foundation
import Telemetry
import Testing

/// A pipe of the smallest size that nobody reads until told to.
private final class UnreadPipe {
    let reading: Int32
    let writing: Int32

    init() throws {
        var ends: [Int32] = [0, 0]
        guard unsafe pipe(&ends) == 0 else { throw CocoaError(.fileReadUnknown) }
        (reading, writing) = (ends[0], ends[1])
        // F_SETPIPE_SZ
        #expect(fcntl(writing, 1031, 4096) == 4096)
        #expect(fcntl(reading, F_SETFL, O_NONBLOCK) == 0)
    }

    deinit {
        close(reading)
        close(writing)
    }

    /// What has been written since the last call.
    func contents() -> String {
        var all: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 4096)
        while case let count = unsafe read(reading, &piece, piece.count), count > 0 {
            all += piece.prefix(count)
        }
        return String(decoding: all, as: UTF8.self)
    }
}

@Suite struct StandardStreamSinkTests {
    @Test(.timeLimit(.minutes(1)))
    func `a reader that does not read stops nobody, and is told how much it missed`() throws {
        let pipe = try UnreadPipe()
        let sink = StandardStreamSink(descriptor: pipe.writing)
        let lines = (0..<500).map { "line \($0) of some length, so that the pipe is soon full" }
        for line in lines { sink.write(line: line) }
        let read = pipe.contents().split(separator: "\n").map(String.init)
        // Whole lines from the first on, save that the last may be cut.
        #expect(read.count > 10 && read.count < 200)
        #expect(Array(read.dropLast()) == Array(lines.prefix(read.count - 1)))
        sink.write(line: "at last")
        let later = pipe.contents().split(separator: "\n").map(String.init)
        let whole = read.last == lines[read.count - 1] ? read.count : read.count - 1
        #expect(
            later == [
                "(\(500 - whole) lines before this one were left out: nobody read them)", "at last",
            ]
        )
    }

    @Test func `a stream that is read takes every line as it is`() throws {
        let pipe = try UnreadPipe()
        let sink = StandardStreamSink(descriptor: pipe.writing)
        for number in 0..<500 {
            sink.write(line: "\(number)")
            #expect(pipe.contents() == "\(number)\n")
        }
        let long = String(repeating: "x", count: 4095)
        sink.write(line: long)
        #expect(pipe.contents() == long + "\n")
    }
}
