import Foundation
import Telemetry

/// A log file that is read from its front, a piece at a time, while others write to it.
///
/// The file is open only while a piece is read: a run has as many log files as it had workers. It stays
/// the same file when it is full and put aside under another name.
struct LogFile {
    /// What makes a file the one it is, whatever it is called.
    struct Identity: Hashable {
        fileprivate let device: UInt64
        fileprivate let inode: UInt64

        /// The file of a path; nil when there is none.
        init?(of path: String) {
            var information = stat()
            guard unsafe stat(path, &information) == 0 else { return nil }
            self.init(information)
        }

        fileprivate init?(descriptor: Int32) {
            var information = stat()
            guard unsafe fstat(descriptor, &information) == 0 else { return nil }
            self.init(information)
        }

        private init(_ information: stat) {
            device = UInt64(information.st_dev)
            inode = UInt64(information.st_ino)
        }
    }

    /// The file.
    let identity: Identity
    /// Where it was seen last.
    var path: String
    private var offset = 0
    private var rest: [UInt8] = []
    private var lines: ArraySlice<LogLine> = []
    private var lastTime = ""

    private static let pieceBytes = 64 << 10
    /// A line that is longer is cut there.
    private static let lineBytes = 1 << 20

    /// A file of which nothing was read yet.
    init(_ identity: Identity, path: String) {
        self.identity = identity
        self.path = path
    }

    /// True while the file is where it was, or where it is put aside.
    var isThere: Bool {
        guard let descriptor = opened() else { return false }
        close(descriptor)
        return true
    }

    /// The next whole line, which stays; nil when there is none at the moment.
    mutating func first() -> LogLine? {
        while lines.isEmpty {
            guard readPiece() else { return nil }
        }
        return lines.first
    }

    /// Takes the next line.
    mutating func removeFirst() { lines = lines.dropFirst() }

    /// Reads a piece; false at the end of the file.
    private mutating func readPiece() -> Bool {
        guard let descriptor = opened() else { return false }
        defer { close(descriptor) }
        // The number of a file that was removed may be given to the next one.
        if Int(lseek(descriptor, 0, SEEK_END)) < offset {
            offset = 0
            rest = []
        }
        var piece = [UInt8](repeating: 0, count: Self.pieceBytes)
        let count = unsafe piece.withUnsafeMutableBytes { buffer in
            unsafe pread(descriptor, buffer.baseAddress, buffer.count, off_t(offset))
        }
        guard count > 0 else { return false }
        offset += count
        rest += piece.prefix(count)
        var start = rest.startIndex
        var found: [LogLine] = []
        while let end = rest[start...].firstIndex(of: 10) {
            found.append(line(rest[start..<end]))
            start = end + 1
        }
        rest.removeSubrange(..<start)
        if rest.count > Self.lineBytes {
            found.append(line(rest[...]))
            rest = []
        }
        lines = found[...]
        return true
    }

    /// Opens the file, also when it was put aside a moment ago; nil when it is neither here nor there.
    private func opened() -> Int32? {
        for place in [path, FileLogSink.earlierPath(of: path)] {
            let descriptor = unsafe open(place, O_RDONLY | O_CLOEXEC)
            guard descriptor >= 0 else { continue }
            if Identity(descriptor: descriptor) == identity { return descriptor }
            close(descriptor)
        }
        return nil
    }

    private mutating func line(_ bytes: ArraySlice<UInt8>) -> LogLine {
        let line = LogLine(String(decoding: bytes, as: UTF8.self), after: lastTime)
        lastTime = line.time
        return line
    }
}

/// A line of a log: one JSON object, which begins with its time.
struct LogLine {
    /// The line as it stands.
    let text: String
    /// Its time, or that of the line before where it has none.
    ///
    /// ISO 8601 in UTC with milliseconds: texts compare as times do.
    let time: String

    private static let front = "{\"time\":\""
    private static let timeCount = 24

    /// A line that follows one of a time.
    init(_ text: String, after earlier: String) {
        self.text = text
        guard text.hasPrefix(Self.front) else {
            time = earlier
            return
        }
        time = String(text.dropFirst(Self.front.count).prefix(Self.timeCount))
    }

    /// The value of a key; nil when the line does not have it.
    func value(of key: String) -> Substring? {
        guard let place = text.range(of: "\"\(key)\":\"") else { return nil }
        return text[place.upperBound...].prefix { $0 != "\"" }
    }

    /// For people: time, level, event, then what varies.
    var plain: String {
        guard
            let object = try? JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any]
        else { return text }
        func value(_ key: String) -> String { object[key].map { "\($0)" } ?? "" }
        let event = value("event").isEmpty ? value("message") : value("event")
        var line = "\(time) \(value("level")) \(value("logger")) \(event)"
        let said: Set = ["time", "level", "message", "logger", "event", "run.id", "cause.id"]
        for key in object.keys.sorted() where !said.contains(key) {
            line += " \(key)=\(value(key))"
        }
        return line
    }
}
