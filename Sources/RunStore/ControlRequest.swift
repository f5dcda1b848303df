private import Foundation
package import Tiling

/// What an operator asks of a running coordinator.
package enum ControlRequest: Hashable, Sendable {
    /// Begin nothing new.
    case pause
    /// Go on after a pause.
    case resume
    /// End the run.
    case cancel
    /// Let workers finish what they have and leave: those whose identity begins with the text, or
    /// whose host bears it as its name.
    case drain(worker: String)
    /// Put quarantined tiles back: one, or all.
    case retry(TileID?)
    /// Tell who works.
    case workers

    /// The largest request that is read, bytes.
    package static let byteLimit = 4096
    /// The longest name of a worker, bytes.
    package static let nameLimit = 255

    /// The word for it, as in the command.
    package var verb: String {
        switch self {
        case .pause: "pause"
        case .resume: "resume"
        case .cancel: "cancel"
        case .drain: "drain"
        case .retry: "retry"
        case .workers: "workers"
        }
    }

    private struct Form: Codable {
        var verb: String
        var worker: String?
        var tile: String?
    }

    /// The text that lies in a file.
    package var encoded: [UInt8] {
        var form = Form(verb: verb)
        switch self {
        case .drain(let worker): form.worker = worker
        case .retry(let tile): form.tile = tile?.description
        case .pause, .resume, .cancel, .workers: break
        }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        // A form of three texts can always be written.
        return (try? encoder.encode(form)).map { Array($0) } ?? []
    }

    /// Reads a request.
    ///
    /// - Throws: ``ControlRefusal`` that says what was found and what is legal.
    package init(encoded: [UInt8]) throws(ControlRefusal) {
        guard encoded.count <= Self.byteLimit else {
            throw ControlRefusal("a request of \(encoded.count) bytes; at most \(Self.byteLimit)")
        }
        let form: Form
        do { form = try JSONDecoder().decode(Form.self, from: Data(encoded)) } catch {
            throw ControlRefusal("a request that is no JSON object with a text 'verb'")
        }
        switch form.verb {
        case "pause": self = .pause
        case "resume": self = .resume
        case "cancel": self = .cancel
        case "workers": self = .workers
        case "drain":
            guard let worker = form.worker, (1...Self.nameLimit).contains(worker.utf8.count) else {
                throw ControlRefusal("drain needs a 'worker' of 1 to \(Self.nameLimit) bytes")
            }
            self = .drain(worker: worker)
        case "retry":
            guard let text = form.tile else {
                self = .retry(nil)
                return
            }
            guard let tile = TileID(text) else {
                throw ControlRefusal("'\(text.prefix(32))' is no tile; a tile reads like r003c012")
            }
            self = .retry(tile)
        default:
            throw ControlRefusal(
                "the verb '\(form.verb.prefix(32))'; legal: pause, resume, cancel, drain, retry, "
                    + "workers"
            )
        }
    }
}

/// Why a request is not carried out.
package struct ControlRefusal: Error, Hashable, Sendable, CustomStringConvertible {
    /// What was found and what is legal.
    package let description: String

    /// A refusal for a reason.
    package init(_ description: String) { self.description = description }
}
