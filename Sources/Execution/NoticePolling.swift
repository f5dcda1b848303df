internal import Foundation

/// What to ask a cloud's metadata service next, and what its answers mean.
///
/// A value without network or clock: ``request`` is sent, ``take(_:)`` hears what came.
package struct NoticePolling: Sendable {
    /// One question.
    package struct Request: Hashable, Sendable {
        /// The method and path.
        package let line: String
        /// The headers that the service insists on.
        package let headers: [String]

        /// The bytes of the question.
        package func text(to address: MetadataAddress) -> String {
            let all =
                ["\(line) HTTP/1.1", "Host: \(address.host)", "Connection: close"] + headers
            return all.joined(separator: "\r\n") + "\r\n\r\n"
        }
    }

    /// What an answer means.
    package enum Verdict: Hashable, Sendable {
        /// The machine will be taken away, in the service's words.
        case notice(String)
        /// It will not.
        case none
        /// Something else had to be asked first: ask again at once.
        case askAgain
        /// There was no answer, or none that can be understood.
        case unanswered
    }

    private let service: NoticeService
    /// Amazon's token; nil before the first and after a refused one.
    private var token: String?
    /// The machine's name at Microsoft; nil before it was asked for.
    private var machineName: String?

    /// A service that was not asked anything.
    package init(service: NoticeService) {
        self.service = service
    }

    /// The next question.
    package var request: Request {
        switch service {
        case .aws:
            guard let token else {
                return Request(
                    line: "PUT /latest/api/token",
                    headers: [
                        "X-aws-ec2-metadata-token-ttl-seconds: 21600", "Content-Length: 0",
                    ]
                )
            }
            return Request(
                line: "GET /latest/meta-data/spot/instance-action",
                headers: ["X-aws-ec2-metadata-token: \(token)"]
            )
        case .gcp:
            return Request(
                line: "GET /computeMetadata/v1/instance/preempted",
                headers: ["Metadata-Flavor: Google"]
            )
        case .azure:
            let path =
                machineName == nil
                ? "/metadata/instance/compute/name?api-version=2021-02-01&format=text"
                : "/metadata/scheduledevents?api-version=2020-07-01"
            return Request(line: "GET \(path)", headers: ["Metadata: true"])
        case .address(let address):
            return Request(line: "GET \(address.path.isEmpty ? "/" : address.path)", headers: [])
        }
    }

    /// Hears the answer to ``request``; nil for none.
    ///
    /// - Returns: what it means.
    package mutating func take(_ answer: HTTPAnswer?) -> Verdict {
        guard let answer else { return .unanswered }
        let body = answer.body.trimmingCharacters(in: .whitespacesAndNewlines)
        switch service {
        case .aws: return takeFromAmazon(answer.status, body)
        case .gcp:
            guard answer.status == 200 else { return .unanswered }
            return body.uppercased() == "TRUE" ? .notice("preempted") : .none
        case .azure: return takeFromMicrosoft(answer.status, body)
        case .address:
            guard answer.status == 200 else {
                return [204, 404].contains(answer.status) ? .none : .unanswered
            }
            let isNone = ["", "false", "none", "no", "0"].contains(body.lowercased())
            return isNone ? .none : .notice(Self.shortened(body))
        }
    }

    private mutating func takeFromAmazon(_ status: Int, _ body: String) -> Verdict {
        guard token != nil else {
            // The token goes into a header: what could end a line does not.
            guard status == 200, !body.isEmpty, body.utf8.count <= 1024,
                body.utf8.allSatisfy({ $0 > 32 && $0 < 127 })
            else { return .unanswered }
            token = body
            return .askAgain
        }
        switch status {
        case 200:
            let text = Self.object(body)
            guard let action = text?["action"] as? String else { return .unanswered }
            let time = text?["time"] as? String ?? "soon"
            return .notice(Self.shortened("\(action) at \(time)"))
        case 404: return .none
        case 401:
            token = nil
            return .unanswered
        default: return .unanswered
        }
    }

    private mutating func takeFromMicrosoft(_ status: Int, _ body: String) -> Verdict {
        guard let machineName else {
            guard status == 200 else { return .unanswered }
            self.machineName = body
            return .askAgain
        }
        guard status == 200, let events = Self.object(body)?["Events"] as? [[String: Any]] else {
            return .unanswered
        }
        for event in events {
            let kind = event["EventType"] as? String ?? ""
            let machines = event["Resources"] as? [String] ?? []
            guard kind == "Preempt" || kind == "Terminate",
                machineName.isEmpty || machines.contains(machineName)
            else { continue }
            let time = event["NotBefore"] as? String ?? "soon"
            return .notice(Self.shortened("\(kind) not before \(time)"))
        }
        return .none
    }

    private static func object(_ text: String) -> [String: Any]? {
        (try? JSONSerialization.jsonObject(with: Data(text.utf8))) as? [String: Any]
    }

    private static func shortened(_ text: String) -> String {
        String(text.prefix { !$0.isNewline }.prefix(200))
    }
}
