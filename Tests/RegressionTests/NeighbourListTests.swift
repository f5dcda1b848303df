import Regression
import Testing

struct NeighbourListTests {
    private let x = [0.0, 1, 3, 0, 0, 7]
    private let y = [0.0, 0, 0, 2, 0, 0]

    private func model(spoiled: Int? = nil) throws -> GeographicallyWeightedRegression {
        var response = [1.0, 2, 3, 4, 5, 6]
        if let spoiled { response[spoiled] = .nan }
        return try GeographicallyWeightedRegression(
            table: RegressionTable(
                x: x,
                y: y,
                responseName: "response",
                response: response,
                predictorNames: ["a"],
                predictors: [[3, 1, 4, 1, 5, 9]]
            ),
            kernel: .bisquare
        )
    }

    @Test func `nearest others come by distance, then row, without oneself`() throws {
        var lists: [[Int]] = []
        var reach: [[Double]] = []
        try model().forEachObservation(nearest: 3) { observation, neighbours, distances in
            #expect(observation == lists.count)
            lists.append(neighbours)
            reach.append(distances)
        }
        #expect(lists[0] == [4, 1, 3])
        #expect(reach[0] == [0, 1, 2])
        // A coincident point is a neighbour like any other.
        #expect(lists[4] == [0, 1, 3])
        #expect(lists[5] == [2, 1, 0])
    }

    @Test func `incomplete rows are not observations`() throws {
        let model = try model(spoiled: 1)
        #expect(model.completeRows == [0, 2, 3, 4, 5])
        var first: [Int] = []
        model.forEachObservation(nearest: 2) { observation, neighbours, _ in
            if observation == 0 { first = neighbours }
        }
        // Observation 3 is row 4, which coincides; observation 2 is row 3.
        #expect(first == [3, 2])
    }

    @Test func `everybody within a distance is found`() throws {
        var counts: [Int] = []
        try model().forEachObservation(within: 3) { _, neighbours, distances in
            counts.append(zip(neighbours, distances).count { $1 < 3 })
        }
        #expect(counts == [3, 4, 1, 3, 3, 0])
    }

    @Test func `a fit without errors has the same coefficients`() throws {
        let table = SyntheticTable(count: 120, predictorCount: 3, seed: 5)
        let model = try table.model()
        let whole = try model.fit(bandwidth: .adaptive(neighbours: 60))
        let plain = try model.fit(bandwidth: .adaptive(neighbours: 60), options: [])
        #expect(plain.coefficients == whole.coefficients)
        #expect(plain.influence == whole.influence)
        #expect(plain.standardErrors.allSatisfy { $0.allSatisfy(\.isNaN) })
        #expect(whole.standardErrors.allSatisfy { $0.allSatisfy { $0 > 0 } })
    }
}
