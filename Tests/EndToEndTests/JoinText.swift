import Foundation

/// What a test reads of a `join.json`.
struct JoinText: Decodable {
    /// Where the coordinator listens.
    let endpoints: [String]

    /// Reads the join file of a run.
    init(directory: String) throws {
        let data = try Data(contentsOf: URL(fileURLWithPath: "\(directory)/join.json"))
        self = try JSONDecoder().decode(JoinText.self, from: data)
    }

    /// The port of the first endpoint.
    var port: Int? { endpoints.first?.split(separator: ":").last.flatMap { Int($0) } }
}
