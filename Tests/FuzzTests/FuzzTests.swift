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

    /// Cases of libFuzzer's that once broke a rule, as hexadecimal digits.
    private static let found = [
        """
        00cded0d036dfe1cfa050505050505050505050505050505050505050505050505050505050505050505050505050505
        0505056d05050505070000000000000005050500100505436c6f73656430050505050505050505050505050505b00505
        0505050505050505050505050505fbfafafafafa218704050505050505050505050505050505050568a8942b28462002
        b5cb0e0cc468d41bc59f5ea300e0537472eb436c6f73656477a184db0ba85f4bcd470e0cc468d41bc59f5ea300e05374
        72eb77a184db0ba85f4fcd476b3eabb808c0e3d5138190f6996270d7f56a7073bebc71ce7cc883b858ed050505050505
        050505050505050500100505436c6f736564300505050505050505050505050505050505050505050505050505050505
        05050505050010050543646f7365643005050505050505050505050505050505050505050505050505056b3eabb808c0
        e3d5138190f6996270d7f56a7073bebc71ce7cc883b858ed050505050505050505050505050500100505436c05050505
        6b3eabb808c0e3d5138190f6996270d7f56a7073bebc71ce7cc883b858ed050505050505050505050505050500100505
        436c6f7365ffffffffffffffffffffffffffffffffffffffffff64300505050505050505050505050505050505050505
        0505050505050505050505059022c3c18bc8688c3ba5bab34cf5ac5c941d8cf3
        """,
        """
        003a649d2a27220cf5b85ab2857938ff597ebcbc2aa6193db8fca0e59283d742b28dccd00737d9f9452f824ec308bb3f
        4ce6b346f780f93fa263bb96211366e2bd1ac4136c4f5c29f971fd6b7530fdb6111b819ce52341d51ca513122f4b695b
        50e5bf1289ff6c4124cd0e2112586fcf4801cad886bf69f86749e0d7a3ab003a649d2a27220cf5b85ab2857938ff597e
        bcbc2a003a649d2a27220cf5b85ab2857938ff597fbcbc2aa6193db8fca0e59283d742b28dccd00736d9f9452f82b9c3
        08bb3f4ce6b346f780f9e600000000000000003fa263bb96211366e2bd1ac4136c4f5c29f971fd6b7530fdb6111b819c
        e52341d51ca513122f4b695b50e50000001f6c41dacd0e2112586fcf4801cad886bf69f86749e0d7a3ab003a649d2a27
        220cf5b85ab2857938ff597ebcbc2aa6193db8fca0e59283d742b28dccd00737d9f9452f82b9c308bb3f1ca513122f4b
        06fe695b50e5bf1289ff6c4124cd0e2112586fcf4801cad886bf69f86749e0d7a3ab003aff0f2a27220cf5b85ab28579
        34ff597ebcbc2aa6193db8fca0e59283d742b2649d2527220cf5b85ab2857938ff597ebcbc2aa6193db8fca0e5928313
        66e2bd1ac4136c4f5c29f971fd6b7530ddb6111b819ce52341d51ca513122f4b695b50e5bf1289ff354124a513122f4b
        695b50e5bf128956000000cd0e2112586fcf4801cad886bf69f8674941d7a3
        """,
    ]

    @Test(arguments: found.indices)
    func `what fuzzing once found breaks nothing any more`(number: Int) throws {
        let digits = Self.found[number].filter { !$0.isWhitespace }
        let bytes = try stride(from: 0, to: digits.count, by: 2).map { offset in
            let start = digits.index(digits.startIndex, offsetBy: offset)
            return try #require(UInt8(digits[start...].prefix(2), radix: 16))
        }
        #expect(FuzzCase(bytes).violations.isEmpty)
    }
}
