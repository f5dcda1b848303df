import Foundation
import Settings
import Testing

struct SettingsSchemaTests {
    @Test func `the committed schema is the one of the key table`() throws {
        let file = Repository.file("config/run.schema.json")
        if ProcessInfo.processInfo.environment["SECTILE_TEST_WRITE_SCHEMA"] == "1" {
            try SettingsSchema.text.write(to: file, atomically: true, encoding: .utf8)
        }
        let committed = try String(contentsOf: file, encoding: .utf8)
        #expect(
            committed == SettingsSchema.text,
            "write it anew with SECTILE_TEST_WRITE_SCHEMA=1 and look at the difference"
        )
    }

    @Test func `the schema is JSON and describes every key of the table, and no other`() throws {
        let data = try Data(contentsOf: Repository.file("config/run.schema.json"))
        let root = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
        var described: Set<String> = []
        collect(root, path: "", into: &described)
        #expect(described == Set(KeyTable.keys.map(\.path)))
    }

    private func collect(_ schema: [String: Any], path: String, into paths: inout Set<String>) {
        for (name, value) in schema["properties"] as? [String: [String: Any]] ?? [:] {
            let child = path.isEmpty ? name : "\(path).\(name)"
            paths.insert(child)
            #expect((value["description"] as? String)?.isEmpty == false, "\(child)")
            collect(value, path: child, into: &paths)
        }
        if let items = schema["items"] as? [String: Any] {
            paths.insert(path + "[]")
            collect(items, path: path + "[]", into: &paths)
        }
    }

    @Test func `the parser reads every key of the table`() throws {
        let example = try String(
            contentsOf: Repository.file("config/example.yaml"),
            encoding: .utf8
        )
        let fixed = ConfigurationText.regression + "\n  bandwidth: {type: fixed}"
        let consulted = try [example, fixed].reduce(into: Set<String>()) { keys, text in
            try keys.formUnion(RunSettings.consultedKeys(Array(text.utf8)))
        }
        #expect(Set(KeyTable.keys.map(\.path)).subtracting(consulted).isEmpty)
    }

    @Test func `the example names every key`() throws {
        let example = try String(
            contentsOf: Repository.file("config/example.yaml"),
            encoding: .utf8
        )
        // Also commented out, and in a mapping on one line; but as a key, not as a word.
        let words = example.split { !($0.isLetter || $0.isNumber || $0 == ":" || $0 == "_") }
        let keys = Set(words.filter { $0.hasSuffix(":") }.map { String($0.dropLast()) })
        for key in KeyTable.keys where key.name != "[]" {
            #expect(keys.contains(key.name), "\(key.path)")
        }
    }

    @Test func `paths of the table are unique and parents come first`() {
        var seen: Set<String> = [""]
        for key in KeyTable.keys {
            #expect(seen.contains(key.parent), "\(key.path)")
            #expect(seen.insert(key.path).inserted, "\(key.path)")
        }
    }
}
