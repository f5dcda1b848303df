import Foundation
import Testing

@Suite(.enabled(if: RegressProgram.path != nil, "the program is not built (SECTILE_BINARY)"))
struct RegressCommandTests {
    private let columns = ["--x", "east", "--y", "north", "--response", "obs"]

    private func arguments(_ table: String, _ scratch: Scratch, _ more: String...) -> [String] {
        [table] + columns + ["--predictors", "a,b", "--output", scratch.path("out")] + more
    }

    @Test func `every output is there, with the columns of the contract`() throws {
        let scratch = try Scratch()
        let table = try scratch.plane(side: 12)
        let run = try RegressProgram.run(arguments(table, scratch), in: scratch)
        #expect(run.exitCode == 0, "\(run.errors)")
        let local = try scratch.rows("out/local.csv")
        #expect(local.count == 145)
        let expected =
            "x,y,fitted,residual,std_residual,influence,local_r2,condition_number,"
            + "beta_intercept,beta_a,beta_b,se_intercept,se_a,se_b,t_intercept,t_a,t_b"
        #expect(local[0].prefix(17).joined(separator: ",") == expected)
        let curve = try scratch.rows("out/bandwidth.csv")
        #expect(curve[0].joined(separator: ",") == "neighbours,rss,tr_s,aicc,aic,bic,cv,bcv")
        #expect(curve.count == 1 + (46...144).count)
        let gwr = try #require(scratch.object("out/model.json")["gwr"] as? [String: Any])
        for key in [
            "bandwidth", "aicc", "aic", "bic", "cv", "rss", "sigma2", "tr_s", "tr_sts", "enp", "r2",
            "adjusted_r2", "corrected_alpha", "critical_t",
        ] {
            #expect(gwr[key] is NSNumber, "\(key)")
        }
        #expect(FileManager.default.fileExists(atPath: scratch.path("out/local.gpkg")))
    }

    @Test func `the results do not depend on threads or instruction set`() throws {
        let scratch = try Scratch()
        let table = try scratch.plane(side: 12)
        var files: [Data] = []
        for (threads, level) in [("1", ""), ("3", ""), ("2", "baseline")] {
            #if !arch(x86_64)
                if level == "baseline" { continue }
            #endif
            let run = try RegressProgram.run(
                arguments(table, scratch, "--threads", threads),
                in: scratch,
                environment: level.isEmpty ? [:] : ["SECTILE_INSTRUCTION_SET": level]
            )
            #expect(run.exitCode == 0, "\(run.errors)")
            files.append(
                try Data(contentsOf: URL(fileURLWithPath: scratch.path("out/local.csv")))
            )
        }
        #expect(Set(files).count == 1)
    }

    @Test func `rows with missing values are counted, named and left out`() throws {
        let scratch = try Scratch()
        let table = try scratch.plane(side: 12) { row, fields in
            if row == 6 { fields[4] = "NA" }
            if row == 40 { fields[3] = "" }
        }
        let run = try RegressProgram.run(arguments(table, scratch), in: scratch)
        #expect(run.exitCode == 0, "\(run.errors)")
        #expect(run.errors.contains("2 of 144 rows are left out, the first of them 7, 41"))
        let local = try scratch.rows("out/local.csv")
        let reason = try #require(local[0].firstIndex(of: "reason"))
        #expect(local[7][reason] == "incomplete_row")
        #expect(local[7][2].isEmpty)
        #expect(local[8][reason].isEmpty)
        #expect(!local[8][2].isEmpty)
    }

    @Test func `predicting at the observations gives their fitted values`() throws {
        let scratch = try Scratch()
        let table = try scratch.plane(side: 12)
        let run = try RegressProgram.run(
            arguments(
                table,
                scratch,
                "--bandwidth",
                "fixed",
                "--value",
                "4000",
                "--predict",
                table
            ),
            in: scratch
        )
        #expect(run.exitCode == 0, "\(run.errors)")
        let local = try scratch.rows("out/local.csv")
        let predicted = try scratch.rows("out/prediction.csv")
        #expect(predicted.count == local.count)
        for (own, other) in zip(local, predicted).dropFirst() {
            let (fitted, value) = (try #require(Double(own[2])), try #require(Double(other[2])))
            #expect(abs(fitted - value) < 1e-9)
            #expect(try #require(Double(other[3])) > 0)
        }
    }

    @Test func `a directory of other things is not written to`() throws {
        let scratch = try Scratch()
        let table = try scratch.plane(side: 8)
        let folder = scratch.path("out")
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        _ = try scratch.write("mine", as: "out/notes.txt")
        let refused = try RegressProgram.run(arguments(table, scratch), in: scratch)
        #expect(refused.exitCode == 2)
        #expect(refused.errors.contains("notes.txt"))
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["notes.txt"])
    }

    @Test func `a run of the same command is replaced, stale predictions included`() throws {
        let scratch = try Scratch()
        let table = try scratch.plane(side: 10)
        let first = try RegressProgram.run(
            arguments(table, scratch, "--predict", table),
            in: scratch
        )
        #expect(first.exitCode == 0, "\(first.errors)")
        #expect(FileManager.default.fileExists(atPath: scratch.path("out/prediction.csv")))
        let second = try RegressProgram.run(arguments(table, scratch), in: scratch)
        #expect(second.exitCode == 0, "\(second.errors)")
        #expect(!FileManager.default.fileExists(atPath: scratch.path("out/prediction.csv")))
    }

    @Test(arguments: [
        (["--response", "nonsense"], "there is no column 'nonsense'"),
        (["--predictors", "a,id"], "column 'id', row 1: 'p0' is no number"),
        (["--predictors", "a,obs"], "it would explain itself"),
        (["--criterion", "bcv"], "--buffer"),
        (["--value", "2.5"], "no number of neighbours"),
        (["--value", "1000"], "legal: 1 to 144"),
        (["--minimum", "2"], "legal: 4 to 144"),
        (["--great-circle"], "longitude"),
        (["--threads", "0"], "--threads"),
    ])
    func `a wrong request is one message and exit code 2`(
        replaced: [String],
        expected: String
    ) throws {
        let scratch = try Scratch()
        let table = try scratch.plane(side: 12)
        var all = arguments(table, scratch)
        if let index = all.firstIndex(of: replaced[0]) {
            all.replaceSubrange(index..<(index + replaced.count), with: replaced)
        } else {
            all += replaced
        }
        let run = try RegressProgram.run(all, in: scratch)
        #expect(run.exitCode == 2)
        #expect(run.errors.contains(expected), "\(run.errors)")
        #expect(!FileManager.default.fileExists(atPath: scratch.path("out/model.json")))
    }

    @Test func `too few rows are refused with the numbers`() throws {
        let scratch = try Scratch()
        let table = try scratch.write(
            "east,north,obs,a,b\n0,0,1,2,3\n1,0,2,1,5\n0,1,4,4,1\n",
            as: "few.csv"
        )
        let run = try RegressProgram.run(arguments(table, scratch), in: scratch)
        #expect(run.exitCode == 2)
        #expect(run.errors.contains("3 complete rows for 3 coefficients"))
    }

    @Test func `points that all coincide are refused for what they are`() throws {
        let scratch = try Scratch()
        let table = try scratch.plane(side: 12) { _, fields in
            fields[1] = "5"
            fields[2] = "7"
        }
        let run = try RegressProgram.run(arguments(table, scratch), in: scratch)
        #expect(run.exitCode == 2)
        #expect(run.errors.contains("all 144 complete rows lie at (5.0, 7.0)"), "\(run.errors)")
    }

    @Test func `degrees without great circle are warned about`() throws {
        let scratch = try Scratch()
        let table = try scratch.plane(side: 12) { _, fields in
            for index in [1, 2] { fields[index] = "\((Double(fields[index]) ?? 0) / 1e4 + 0.01)" }
        }
        let run = try RegressProgram.run(arguments(table, scratch), in: scratch)
        #expect(run.exitCode == 0, "\(run.errors)")
        #expect(run.errors.contains("--great-circle"))
    }

    @Test func `an optimum at a bound is called one`() throws {
        let scratch = try Scratch()
        let table = try scratch.plane(side: 12)
        let run = try RegressProgram.run(
            arguments(table, scratch, "--minimum", "120", "--maximum", "144"),
            in: scratch
        )
        #expect(run.exitCode == 0, "\(run.errors)")
        let bandwidth = try #require(
            scratch.object("out/model.json")["bandwidth"] as? [String: Any]
        )
        let state = try #require(bandwidth["state"] as? String)
        #expect(state == "lower_bound" || state == "upper_bound")
        #expect(run.errors.contains("is the bound, not an optimum"))
    }
}

@Suite(
    .enabled(if: RegressProgram.path != nil, "the program is not built (SECTILE_BINARY)"),
    .enabled(if: RegressProgram.reference != nil, "../shared/reference/gwr is absent")
)
struct RegressReferenceTests {
    @Test func `the command reproduces mgwr on Georgia`() throws {
        let scratch = try Scratch()
        let reference = try #require(RegressProgram.reference)
        let input = reference.appendingPathComponent("georgia_input.csv")
        let header = try #require(
            String(contentsOf: input, encoding: .utf8).split(separator: "\n").first
        ).split(separator: ",").map(String.init)
        let run = try RegressProgram.run(
            [
                input.path, "--x", header[0], "--y", header[1], "--response", header[2],
                "--predictors", header.dropFirst(3).joined(separator: ","),
                "--output", scratch.path("out"),
            ],
            in: scratch
        )
        #expect(run.exitCode == 0, "\(run.errors)")
        let gwr = try #require(scratch.object("out/model.json")["gwr"] as? [String: Any])
        #expect(gwr["bandwidth"] as? Int == 93)
        // README of the reference cases: georgia_bisquare_nn.
        #expect(abs((gwr["aicc"] as? Double ?? 0) - 896.349995166) < 1e-8)
        #expect(abs((gwr["tr_s"] as? Double ?? 0) - 14.36415603) < 1e-7)
        let local = try scratch.rows("out/local.csv")
        let theirs = try String(
            contentsOf: reference.appendingPathComponent("georgia_bisquare_nn_local.csv"),
            encoding: .utf8
        ).split(separator: "\n").map { $0.split(separator: ",").map(String.init) }
        let own = try #require(local[0].firstIndex(of: "local_r2"))
        let other = try #require(theirs[0].firstIndex(of: "localR2"))
        for (row, reference) in zip(local, theirs).dropFirst() {
            let difference =
                try #require(Double(row[own])) - (try #require(Double(reference[other])))
            #expect(abs(difference) < 1e-9)
        }
    }
}
