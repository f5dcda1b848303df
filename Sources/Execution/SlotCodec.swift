internal import Tiling
internal import WireProtocol

/// Orders and reports to frames and back.
///
/// What coordinator and worker say to each other as well travels in the same form, through the same
/// checks; the rest is text. Decoding is total: whatever the bytes, it returns a message or throws.
package enum SlotCodec {
    private enum OrderKind: UInt8 {
        case setting = 1
        case message = 2
        case cancel = 3
        case lent = 4
        case withheld = 5
        case inspect = 6
    }

    private enum ReportKind: UInt8 {
        case ready = 1
        case message = 2
        case wants = 3
        case returned = 4
        case spoiled = 5
        case inspected = 6
    }

    /// The frame of an order.
    package static func encode(_ order: SlotOrder) -> [UInt8] {
        switch order {
        case .setting(let specification, let runDirectory):
            let path = Array(runDirectory.utf8)
            let length = [UInt8(path.count >> 8 & 0xff), UInt8(path.count & 0xff)]
            return frame(.setting, length + path + specification)
        case .brief(let brief): return frame(OrderKind.message, envelope(.stage(brief)))
        case .compute(let grant): return frame(OrderKind.message, envelope(.lease([grant])))
        case .cancel: return frame(.cancel, [])
        case .lent(let path): return frame(.lent, Array(path.utf8))
        case .withheld(let failureClass, let message):
            return frame(
                .withheld,
                Array("\(failureClass.rawValue) \(message)".utf8.prefix(65_536))
            )
        case .inspect(let specification): return frame(.inspect, specification)
        }
    }

    /// The frame of a report.
    package static func encode(_ report: SlotReport) -> [UInt8] {
        switch report {
        case .ready: frame(.ready, [])
        case .completed(let result): frame(ReportKind.message, envelope(.completed(result)))
        case .failed(let failure): frame(ReportKind.message, envelope(.failed(failure)))
        case .wants(let file): frame(.wants, Array(file.description.utf8))
        case .returned(let file, let isSound):
            frame(isSound ? .returned : .spoiled, Array(file.description.utf8))
        case .inspected(let problem):
            frame(.inspected, Array((problem ?? "").utf8.prefix(65_536)))
        }
    }

    /// Reads an order.
    ///
    /// - Returns: an order all of whose fields are legal.
    /// - Throws: ``SlotFrameError`` that says what was found.
    package static func decodeOrder(_ frame: SlotFrameBuffer.Frame) throws(SlotFrameError)
        -> SlotOrder
    {
        let content = frame.content
        switch OrderKind(rawValue: frame.kind) {
        case .setting:
            guard content.count >= 2 else { throw SlotFrameError("a setting without a length") }
            let end = 2 + (Int(content[0]) << 8 | Int(content[1]))
            guard end <= content.count else {
                throw SlotFrameError("a setting with a path of \(end - 2) bytes")
            }
            return .setting(
                specification: Array(content[end...]),
                runDirectory: String(decoding: content[2..<end], as: UTF8.self)
            )
        case .message:
            switch try coordinatorMessage(content) {
            case .stage(let brief): return .brief(brief)
            case .lease(let grants):
                guard let grant = grants.first, grants.count == 1 else {
                    throw SlotFrameError("\(grants.count) grants; a slot takes one")
                }
                return .compute(grant)
            default: throw SlotFrameError("a message that is no order")
            }
        case .cancel: return .cancel
        case .lent: return .lent(path: String(decoding: content, as: UTF8.self))
        case .withheld:
            let text = String(decoding: content, as: UTF8.self)
            let parts = text.split(separator: " ", maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2, let failureClass = FailureClass(rawValue: String(parts[0]))
            else { throw SlotFrameError("a refusal without a class of failure") }
            return .withheld(failureClass, String(parts[1]))
        case .inspect: return .inspect(specification: content)
        case nil: throw SlotFrameError("an order of kind \(frame.kind)")
        }
    }

    /// Reads a report.
    ///
    /// - Returns: a report all of whose fields are legal.
    /// - Throws: ``SlotFrameError`` that says what was found.
    package static func decodeReport(_ frame: SlotFrameBuffer.Frame) throws(SlotFrameError)
        -> SlotReport
    {
        switch ReportKind(rawValue: frame.kind) {
        case .ready: return .ready
        case .message:
            switch try workerMessage(frame.content) {
            case .completed(let result): return .completed(result)
            case .failed(let failure): return .failed(failure)
            default: throw SlotFrameError("a message that is no report")
            }
        case .wants: return .wants(try file(frame.content))
        case .returned: return .returned(try file(frame.content), isSound: true)
        case .spoiled: return .returned(try file(frame.content), isSound: false)
        case .inspected:
            let problem = String(decoding: frame.content, as: UTF8.self)
            return .inspected(problem: problem.isEmpty ? nil : problem)
        case nil: throw SlotFrameError("a report of kind \(frame.kind)")
        }
    }

    private static func frame(_ kind: OrderKind, _ content: [UInt8]) -> [UInt8] {
        SlotFrameBuffer.encoded(kind: kind.rawValue, content)
    }

    private static func frame(_ kind: ReportKind, _ content: [UInt8]) -> [UInt8] {
        SlotFrameBuffer.encoded(kind: kind.rawValue, content)
    }

    // Both ends are one program, so the header with the version need not travel.

    private static func envelope(_ message: CoordinatorMessage) -> [UInt8] {
        WireCodec.encode(message)[1]
    }

    private static func envelope(_ message: WorkerMessage) -> [UInt8] {
        WireCodec.encode(message)[1]
    }

    private static func coordinatorMessage(
        _ envelope: [UInt8]
    ) throws(SlotFrameError) -> CoordinatorMessage {
        do throws(WireError) {
            return try WireCodec.decodeCoordinator([ProtocolVersion.current.header, envelope])
        } catch { throw SlotFrameError("\(error)") }
    }

    private static func workerMessage(
        _ envelope: [UInt8]
    ) throws(SlotFrameError) -> WorkerMessage {
        do throws(WireError) {
            return try WireCodec.decodeWorker([ProtocolVersion.current.header, envelope])
        } catch { throw SlotFrameError("\(error)") }
    }

    private static func file(_ content: [UInt8]) throws(SlotFrameError) -> TransferFile {
        let text = String(decoding: content, as: UTF8.self)
        if let key = TileObjectKey(path: text) { return .object(key) }
        if let input = ResolvedInput(path: text) { return .input(input) }
        throw SlotFrameError("a file that is neither an object nor an input")
    }
}
