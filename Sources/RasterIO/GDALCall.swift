internal import CGDAL

/// A message of the library at level failure or fatal, or a warning.
struct GDALMessage: Hashable, Sendable {
    /// Level: warning, failure or fatal.
    let isFailure: Bool
    /// The library's error number, such as 3 for file input and output.
    let number: Int
    /// The text on one line.
    let text: String
}

/// The messages that the library emitted on this thread during one call.
final class GDALMessageLog {
    /// At most ``limit`` messages: a damaged file can repeat one for every block.
    private(set) var messages: [GDALMessage] = []
    static let limit = 8

    /// The texts of the failures, first to last, without repetition.
    var failures: [String] {
        var texts: [String] = []
        for message in messages where message.isFailure && !texts.contains(message.text) {
            texts.append(message.text)
        }
        return texts
    }

    /// The texts of the warnings, first to last.
    var warnings: [String] { messages.filter { !$0.isFailure }.map(\.text) }

    /// Messages, warnings too, of something that could not be read.
    var lostReads: [String] {
        messages.map(\.text).filter { text in
            [
                "IO error", "Read error", "Seek error", "Cannot read", "Can not read",
                "Error reading",
            ]
            .contains { text.contains($0) }
        }
    }

    /// True when a failure reports a full disk.
    var reportsFullDisk: Bool {
        messages.contains { message in
            message.text.contains("No space left") || message.text.contains("disk is full")
                || message.text.contains("Disk quota exceeded")
        }
    }

    func append(_ message: GDALMessage) {
        if messages.count < Self.limit { messages.append(message) }
    }
}

/// Runs calls of the library with its messages captured instead of printed.
///
/// The library keeps a stack of handlers per thread: what the calls of `body` say on this thread
/// ends up in the log it is given, and nothing reaches the standard error stream.
func withGDALMessages<Result: ~Copyable, Failure: Error>(
    _ body: (GDALMessageLog) throws(Failure) -> Result
) throws(Failure) -> Result {
    GDALRuntime.register()
    let log = GDALMessageLog()
    unsafe CPLPushErrorHandlerEx(recordMessage, Unmanaged.passUnretained(log).toOpaque())
    defer { CPLPopErrorHandler() }
    CPLErrorReset()
    let result = try body(log)
    // The log must outlive the handler that points at it.
    withExtendedLifetime(log) {}
    return result
}

private func recordMessage(
    level: CPLErr,
    number: CPLErrorNum,
    text: UnsafePointer<CChar>?
) {
    guard level.rawValue >= CE_Warning.rawValue, let text = unsafe text,
        let pointer = unsafe CPLGetErrorHandlerUserData()
    else { return }
    let log = unsafe Unmanaged<GDALMessageLog>.fromOpaque(pointer).takeUnretainedValue()
    let line = unsafe String(cString: text).split(whereSeparator: \.isNewline)
        .joined(separator: " ")
    log.append(
        GDALMessage(
            isFailure: level.rawValue >= CE_Failure.rawValue,
            number: Int(number),
            text: line
        )
    )
}

/// A null-terminated list of texts as the library wants it, freed with the value.
@safe struct GDALStringList: ~Copyable {
    private(set) var pointer: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?

    /// A copy of the texts.
    init(_ texts: [String]) {
        unsafe pointer = nil
        for text in texts {
            unsafe pointer = CSLAddString(pointer, text)
        }
    }

    deinit { unsafe CSLDestroy(pointer) }

    /// The list for functions that take `const char* const*`.
    var constants: UnsafePointer<UnsafePointer<CChar>?>? {
        // C's two pointer types differ only in const; Swift has no implicit conversion between
        // them.
        unsafe UnsafeRawPointer(pointer)?.assumingMemoryBound(to: UnsafePointer<CChar>?.self)
    }
}

/// The texts of a list that the library owns.
func texts(of list: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?) -> [String] {
    guard let list = unsafe list else { return [] }
    return unsafe (0..<Int(CSLCount(list))).compactMap { index in
        unsafe list[index].map { unsafe String(cString: $0) }
    }
}

/// A text that the library owns, nil when it is absent or empty.
func text(of pointer: UnsafePointer<CChar>?) -> String? {
    guard let pointer = unsafe pointer else { return nil }
    let text = unsafe String(cString: pointer)
    return text.isEmpty ? nil : text
}
