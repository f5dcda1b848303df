import Analysis
import CarbonBalance
import ContentDigest
import Lattice
import Regression
import Testing
import Tiling

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

    @Test func `grid, units, codes, scale and nodata change every stage`() throws {
        let before = try digests { _ in }
        let changes: [(inout RunModel) -> Void] = [
            { model in
                let grid = model.grid
                model.grid = Grid(
                    reference: grid.reference,
                    originX: grid.originX + 1,
                    originY: grid.originY,
                    cellSizeMetres: grid.cellSizeMetres,
                    columns: grid.columns,
                    rows: grid.rows
                )
            },
            { $0.layers[0].unitFactor *= 12 },
            { $0.layers[0].quantity = .intensity },
            { $0.layers[0].scale = 2 },
            { $0.layers[0].nodata = [0] },
            { $0.layers[1].codes = [LayerCode(code: 32_766, value: nil, isWater: true)] },
            { $0.layers[1].waterIsZero.toggle() },
            { $0.layers[0].reading.furtherBands = [2] },
        ]
        for (index, change) in changes.enumerated() {
            let after = try digests(change)
            for stage in Stage.allCases {
                #expect(before.digest(of: stage) != after.digest(of: stage), "change \(index)")
            }
        }
    }

    private static func regression(nullCovariates: Int = 0) -> RegressionModel {
        let noise = (0..<nullCovariates).map {
            RegressionModel.Covariate(
                name: "null_\($0 + 1)",
                layer: nil,
                transform: .none,
                unit: "1"
            )
        }
        let sink = RegressionModel.Covariate(name: "sink", layer: 1, transform: .none, unit: "1")
        return RegressionModel(
            response: .variant(.absolute),
            covariates: [sink] + noise,
            masks: [],
            kernel: .bisquare,
            minimumEmission: nil,
            spacingCells: 1,
            bandwidth: .neighbours(20),
            bufferMetres: 500,
            capMetres: nil,
            fitsCells: true,
            fitsZones: false
        )
    }

    @Test func `another bandwidth changes the stages from bandwidth on, and nothing before`() throws
    {
        let before = try digests { $0.regression = Self.regression() }
        let after = try digests { model in
            model.regression = Self.regression()
            model.regression?.bandwidth = .neighbours(21)
        }
        #expect(before.balance == after.balance)
        #expect(before.bandwidth != after.bandwidth)
        #expect(before.fit != after.fit)
        #expect(before.diagnose != after.diagnose)
    }

    @Test func `another support changes samples only where fields of noise follow from it`() throws
    {
        for nullCovariates in [0, 1] {
            let before = try digests {
                $0.regression = Self.regression(nullCovariates: nullCovariates)
            }
            let after = try digests { model in
                model.regression = Self.regression(nullCovariates: nullCovariates)
                model.layers[0].facts.supportMetres = 9000
            }
            #expect(before.prepare == after.prepare)
            #expect((before.balance == after.balance) == (nullCovariates == 0))
        }
    }

    @Test func `a model survives its encoding`() throws {
        let model = TestModel.model
        #expect(try RunModel(encoded: try model.encoded()) == model)
    }
}
