import Analysis
import CarbonBalance
import ContentDigest
import Testing

@Suite struct ModelDigestTests {
    private func digests(_ change: (inout RunModel) -> Void) throws -> ModelDigests {
        var model = TestModel.model
        change(&model)
        return try ModelDigests(model)
    }

    @Test func `a moved file, a name or a remark leaves the digests alone`() throws {
        let before = try digests { _ in }
        let after = try digests { model in
            model.name = "other"
            model.layers[0].paths = ["/elsewhere/x.tif"]
            model.layers[0].facts.source = "somebody"
        }
        #expect(before == after)
    }

    @Test func `another content of a file changes both stages`() throws {
        let before = try digests { _ in }
        let after = try digests { $0.layers[0].fingerprints = [ContentDigest(of: "other")] }
        #expect(before.prepare != after.prepare)
        #expect(before.balance != after.balance)
    }

    @Test func `another floor changes the balance but not what was prepared`() throws {
        let before = try digests { _ in }
        let after = try digests { $0.deficit.emissionFloor = 2 }
        #expect(before.prepare == after.prepare)
        #expect(before.balance != after.balance)
    }

    @Test func `a model survives its encoding`() throws {
        let model = TestModel.model
        #expect(try RunModel(encoded: try model.encoded()) == model)
    }
}
