import Foundation
import Regression
import Testing

/// The rule of a search, driven by curves that are known.
struct BandwidthScheduleTests {
    private static func score(_ bandwidth: Bandwidth, _ value: Double) -> CandidateScore {
        // With tr S = 0 and n = 1000 the criterion falls and rises with ln RSS.
        CandidateScore(
            bandwidth: bandwidth,
            locationCount: 1000,
            rss: exp(value),
            traceS: 0,
            squaredLeaveOneOutErrors: nil,
            squaredBufferedErrors: nil,
            hasBuffer: false,
            failureCount: value.isNaN ? 1 : 0
        )
    }

    /// Follows a schedule to its end.
    private static func follow(
        _ schedule: BandwidthSchedule,
        _ curve: (Double) -> Double
    ) throws -> (profile: BandwidthProfile, rounds: Int) {
        var scores: [CandidateScore] = []
        var rounds = 0
        while true {
            switch try schedule.next(after: scores.shuffled()) {
            case .evaluate(let candidates):
                rounds += 1
                #expect(!candidates.isEmpty && rounds < 64)
                let known = Set(scores.map(\.bandwidth.value))
                #expect(known.isDisjoint(with: candidates.map(\.value)), "nothing is done twice")
                scores += candidates.map { score($0, curve($0.value)) }
            case .finished(let profile): return (profile, rounds)
            }
        }
    }

    private static func adaptive(
        _ range: BandwidthSchedule.Range
    ) -> BandwidthSchedule {
        BandwidthSchedule(
            criterion: .aicc,
            isAdaptive: true,
            range: range,
            bufferDistance: nil,
            exhaustiveLimit: 64,
            ratio: 1.02,
            refinedMinima: 3
        )
    }

    @Test func `a range doubles until the minimum lies in its lower half`() throws {
        let schedule = Self.adaptive(.init(minimum: 50, maximum: 512, limit: 100_000))
        let (profile, _) = try Self.follow(schedule) { pow(log($0 / 3333), 2) }
        #expect(profile.bandwidth == .adaptive(neighbours: 3333))
        #expect(profile.state == .interior)
        #expect(profile.searchedMaximum == 8192)
    }

    @Test func `of several minima the lowest is found, to one neighbour`() throws {
        let schedule = Self.adaptive(.init(minimum: 50, maximum: 4000, limit: 4000))
        let (profile, _) = try Self.follow(schedule) { k in
            min(pow(log(k / 200), 2), pow(log(k / 1517), 2) - 0.01)
        }
        #expect(profile.bandwidth == .adaptive(neighbours: 1517))
    }

    @Test func `a curve that only falls ends at the limit and says so`() throws {
        let schedule = Self.adaptive(.init(minimum: 50, maximum: 512, limit: 9000))
        let (profile, _) = try Self.follow(schedule) { -log($0) }
        #expect(profile.bandwidth == .adaptive(neighbours: 9000))
        #expect(profile.state == .upperBound)
        #expect(profile.warning?.contains("is the bound, not an optimum") == true)
    }

    @Test func `a range without an admissible candidate doubles, too`() throws {
        let schedule = Self.adaptive(.init(minimum: 50, maximum: 512, limit: 9000))
        let (profile, _) = try Self.follow(schedule) { $0 < 1500 ? .nan : pow(log($0 / 2000), 2) }
        #expect(profile.bandwidth == .adaptive(neighbours: 2000))
    }

    @Test func `nothing admissible at all is an error that says how far was searched`() {
        let schedule = Self.adaptive(.init(minimum: 50, maximum: 512, limit: 9000))
        #expect(throws: RegressionError.self) {
            _ = try Self.follow(schedule) { _ in .nan }
        }
    }

    @Test func `a distance is refined until the criterion is flat`() throws {
        let schedule = BandwidthSchedule(
            criterion: .aicc,
            isAdaptive: false,
            range: .init(minimum: 1, maximum: 20, limit: 5000),
            bufferDistance: nil,
            exhaustiveLimit: 0,
            ratio: 1.02,
            refinedMinima: 3
        )
        let (profile, rounds) = try Self.follow(schedule) { pow(log($0 / 123.456), 2) }
        #expect(abs(profile.bandwidth.value - 123.456) < 1e-3)
        #expect(profile.state == .interior)
        #expect(rounds < 20)
    }
}
