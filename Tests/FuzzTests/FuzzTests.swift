import FuzzKit
import Testing

/// What reaches a coordinator or a worker cannot break it: a small part of what `scripts/fuzz` runs.
struct FuzzTests {
    @Test func `no conversation breaks a coordinator or a worker`() {
        var decoded = 0
        var accepted: [String: Int] = [:]
        for (number, bytes) in FuzzCorpus.conversations(seed: 1, count: 3000).enumerated() {
            let fuzz = FuzzCase(bytes)
            decoded += fuzz.decodedCount
            for (kind, count) in fuzz.accepted { accepted[kind, default: 0] += count }
            guard fuzz.violations.isEmpty else {
                Issue.record("conversation \(number): \(fuzz.violations)")
                return
            }
        }
        #expect(decoded > 20_000)
        // Every kind of message got through to the state.
        let kinds = [
            "hello", "heartbeat", "completed", "failed", "released", "goodbye", "request", "piece",
            "welcome", "refuse", "stage", "lease", "committed", "stale", "drain", "resync",
        ]
        #expect(kinds.filter { accepted[$0] == nil }.isEmpty)
    }

    @Test func `no changed frame and no changed file breaks what reads it`() {
        var accepted: [String: Int] = [:]
        let corpus = FuzzCorpus.cases(seed: 2, conversations: 0)
        for (number, original) in corpus.enumerated() {
            for change in 0..<60 {
                let bytes =
                    change == 0
                    ? original : FuzzCorpus.changed(original, seed: UInt64(number * 100 + change))
                let fuzz = FuzzCase(bytes)
                for (kind, count) in fuzz.accepted { accepted[kind, default: 0] += count }
                guard fuzz.violations.isEmpty else {
                    Issue.record("case \(number), change \(change): \(fuzz.violations)")
                    return
                }
            }
        }
        // What the corpus holds is what the readers accept, or it would reach nothing.
        let kinds = [
            "joinFile", "allowList", "objectKey", "inputPath", "tileID", "digest", "specification",
            "preparePartial", "balancePartials", "candidatePartial", "fitPartial",
            "residualPartial", "zones", "endpoint", "workerID", "configuration", "reduction",
            "worker frames", "coordinator frames", "controlRequest",
        ]
        #expect(kinds.filter { accepted[$0] == nil }.isEmpty)
    }
}
