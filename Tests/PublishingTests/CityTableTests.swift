import Analysis
import CarbonBalance
import Foundation
import Lattice
import RasterIO
import Testing

@testable import Publishing

@Suite struct CityTableTests {
    /// A table of zones with these emissions and sinks, all fully observed.
    private func table(
        _ rows: [(id: String, name: String, emission: Double, sink: Double)],
        sink: SinkKind = .nep,
        variants: [DeficitVariant] = [.absolute, .relative, .normalised]
    ) throws -> CityTable {
        let run = try RunFixture(RunFixture.Options(sink: sink, variants: variants))
        defer { run.remove() }
        var input = run.input
        input.zones = rows.map { ZoneSet.Identity(id: $0.id, name: $0.name) }
        let figures = rows.map { row in
            BalanceFigures(
                areaKm2: 100,
                emissionAreaKm2: 100,
                sinkAreaKm2: 50,
                emission: row.emission,
                sink: row.sink,
                population: nil,
                gdp: nil,
                cellCount: 2
            )
        }
        let pair = PairBalance(national: figures[0], zones: figures, statusCounts: [])
        let square = PolygonPart(rings: [
            PolygonRing(
                xs: [-640_000, -630_000, -630_000, -640_000, -640_000],
                ys: [4_400_000, 4_400_000, 4_410_000, 4_410_000, 4_400_000]
            )
        ])
        let outlines = try ZoneOutlines(
            features: rows.map { row in
                PolygonFeature(id: row.id, name: row.name, parts: [square], attributes: [])
            },
            grid: input.model.grid
        )
        return CityTable(
            input: input,
            balance: BalanceConstants(pairs: [pair]),
            outlines: outlines
        )
    }

    @Test func `the table is what it was`() throws {
        let table = try table([
            (id: "010", name: "Plain", emission: 400, sink: 100),
            (id: "02", name: "A, \"quoted\"", emission: 0, sink: 0.1),
        ])
        #expect(
            table.csv == #"""
                id,name,area_km2,area_outside_grid_share,area_missing_tiles_share,E_tCO2_yr,\#
                S_nep_tCO2_yr,D_tCO2_yr,RD,ND,balance,emission_valid_share,sink_valid_share,\#
                valid_share,cells,rank_D,rank_RD,rank_ND,sink
                010,Plain,100.0,0.0,0.0,400.0,100.0,300.0,0.75,0.6,deficit,1.0,0.5,0.5,2,1,1,1,nep
                02,"A, ""quoted""",100.0,0.0,0.0,0.0,0.1,-0.1,,-1.0,surplus,1.0,0.5,0.5,2,2,,2,nep

                """#
        )
        #expect(table.columnTypes.hasPrefix("\"String\",\"String\",\"Real\""))
    }

    @Test func `every number can be read back to its last bit`() throws {
        let third = 1.0 / 3
        let table = try table([(id: "1", name: "x", emission: third, sink: -1e-7 / 3)])
        let fields = table.csv.split(separator: "\n")[1].split(
            separator: ",",
            omittingEmptySubsequences: false
        )
        #expect(Double(fields[5]) == third)
        #expect(Double(fields[6]) == -1e-7 / 3)
    }

    @Test func `equal deficits are ranked by identity, and missing ones not at all`() throws {
        let table = try table([
            (id: "b", name: "b", emission: 5, sink: 1), (id: "a", name: "a", emission: 5, sink: 1),
            (id: "c", name: "c", emission: 9, sink: 1), (id: "d", name: "d", emission: 0, sink: 0),
        ])
        #expect(
            table.column("rank_D")?.values == [.integer(3), .integer(2), .integer(1), .integer(4)]
        )
        #expect(
            table.column("rank_RD")?.values == [.integer(3), .integer(2), .integer(1), .null]
        )
    }

    @Test func `a high compensation rate is a low rank`() throws {
        let table = try table(
            [
                (id: "a", name: "a", emission: 5, sink: 4),
                (id: "b", name: "b", emission: 5, sink: 1),
            ],
            variants: [.compensation]
        )
        #expect(table.column("rank_comp")?.values == [.integer(2), .integer(1)])
    }

    @Test func `only fields that need quotes have them`() {
        #expect(CityTable.escaped("plain text") == "plain text")
        #expect(CityTable.escaped("a,b") == "\"a,b\"")
        #expect(CityTable.escaped("a\"b") == "\"a\"\"b\"")
        #expect(CityTable.escaped("a\r\nb") == "\"a\r\nb\"")
        #expect(CityTable.escaped(" a") == "\" a\"")
        #expect(CityTable.escaped("北京市") == "北京市")
        #expect(CityTable.escaped("") == "")
    }

    @Test func `with NPP the header says what it is not, and nothing is a surplus`() throws {
        let rows = [(id: "a", name: "a", emission: 1.0, sink: 2.0)]
        let npp = try table(rows, sink: .npp).csv
        let nep = try table(rows, sink: .nep).csv
        let header = npp.prefix { $0 != "\n" }
        #expect(header.contains("NPP: gross of respiration and harvest, not a carbon sink"))
        #expect(header.contains("S_npp_tCO2_yr"))
        #expect(!npp.contains("surplus"))
        #expect(npp.contains("emission below NPP"))
        #expect(!nep.contains("NPP"))
        #expect(nep.contains("surplus"))
    }

    @Test func `the description of the columns is complete JSON`() throws {
        let run = try RunFixture(RunFixture.Options(sink: .npp))
        defer { run.remove() }
        let table = try table([(id: "a", name: "a", emission: 1, sink: 2)], sink: .npp)
        let bytes = try table.metadata(
            title: "t",
            statements: RunStatements(run.input),
            runID: "r"
        )
        let document = try JSONSerialization.jsonObject(with: Data(bytes)) as? [String: Any]
        let schema = document?["tableSchema"] as? [String: Any]
        let columns = schema?["columns"] as? [[String: Any]]
        #expect(columns?.map { $0["titles"] as? String } == table.columns.map(\.name))
        let description = document?["dc:description"] as? String
        #expect(description?.contains("not a carbon sink") == true)
    }
}
