import ArgumentParser
import Foundation
import RunStore

/// The command `sectile workers`.
struct WorkersCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "workers",
        abstract: "Who works, and who did: host, key, tiles, failures, memory, clock, state.",
        discussion: """
            With a coordinator at work, what it knows now: key, memory, clock skew, who is draining, \
            benched or away. Else what the journal has. States: active, draining, benched, away (its \
            connection is gone, its leases wait), left.
            """
    )

    @OptionGroup var place: RunPlace
    @Flag(help: "One JSON array.")
    var json = false
    @Flag(help: "Also those that left.")
    var all = false

    func run() async throws {
        let live = try await place.control.liveWorkers()
        let reader = try RunReading.reader(place.directory, journal: place.journal)
        let table = WorkerTable(
            live: live,
            stored: try reader.workers(),
            wallSeconds: Timestamps.secondsSince1970()
        )
        let rows = all || live == nil ? table.rows : table.rows.filter { $0.state != .left }
        print(json ? try WorkerTable.json(rows) : WorkerTable.text(rows))
    }
}

/// Workers as the coordinator and the journal know them together.
struct WorkerTable {
    /// Those at work, then those that left, latest first.
    let rows: [WorkerReport]

    /// Joins what both know.
    ///
    /// - Parameters:
    ///   - live: the coordinator's word; nil when none is at work.
    ///   - stored: the journal's.
    ///   - wallSeconds: the time now, seconds since 1970.
    init(live: [WorkerReport]?, stored: [StoredWorker], wallSeconds: Double) {
        let history = Dictionary(
            stored.map { ($0.description.id, $0) },
            uniquingKeysWith: { first, _ in first }
        )
        var rows = (live ?? []).map { report in
            var report = report
            // Counts go on over restarts of the coordinator.
            if let known = history[report.id] {
                report.committedCount = max(report.committedCount, known.committedCount)
                report.failedCount = max(report.failedCount, known.failedCount)
                if report.host.isEmpty { report.host = known.description.host }
                if report.slots == 0 { report.slots = known.description.slots }
            }
            return report
        }
        let present = Set(rows.map(\.id))
        rows += stored.filter { !present.contains($0.description.id) }.map { worker in
            WorkerReport(
                id: worker.description.id,
                host: worker.description.host,
                processID: worker.description.processID,
                key: "",
                slots: worker.description.slots,
                running: [],
                leaseCount: worker.openLeaseCount,
                committedCount: worker.committedCount,
                failedCount: worker.failedCount,
                residentBytes: 0,
                silentSeconds: max(0, wallSeconds - (worker.leftSeconds ?? worker.lastSeenSeconds)),
                clockSkewSeconds: nil,
                state: worker.leftSeconds == nil ? .away : .left
            )
        }
        self.rows = rows
    }

    /// For people.
    static func text(_ rows: [WorkerReport]) -> String {
        guard !rows.isEmpty else { return "no workers" }
        let head = [
            "WORKER", "HOST", "KEY", "SLOTS", "TILES", "COMMITTED", "FAILED", "MEMORY", "HEARD",
            "SKEW", "STATE", "RUNNING",
        ]
        let lines =
            [head]
            + rows.map { row in
                [
                    String(row.id.prefix(8)), row.host, row.key.isEmpty ? "-" : row.key,
                    "\(row.slots)", "\(row.leaseCount)", "\(row.committedCount)",
                    "\(row.failedCount)",
                    row.residentBytes > 0 ? "\(row.residentBytes >> 20) MiB" : "-",
                    "\(seconds(row.silentSeconds)) ago",
                    row.clockSkewSeconds.map { seconds($0) } ?? "-", row.state.rawValue,
                    row.running.prefix(3).joined(separator: " ")
                        + (row.running.count > 3 ? " …" : ""),
                ]
            }
        let widths = head.indices.map { column in lines.map { $0[column].count }.max() ?? 0 }
        return lines.map { line in
            let cells = zip(line, widths).map { cell, width in
                cell + String(repeating: " ", count: max(0, width - cell.count))
            }
            var text = cells.joined(separator: "  ")
            while text.last == " " { text.removeLast() }
            return text
        }.joined(separator: "\n")
    }

    private static func seconds(_ value: Double) -> String {
        guard value.isFinite, abs(value) < 1e9 else { return "?" }
        let tenths = Int((value * 10).rounded())
        let sign = tenths < 0 ? "-" : ""
        return "\(sign)\(abs(tenths) / 10).\(abs(tenths) % 10) s"
    }

    /// For programs; keys sorted.
    static func json(_ rows: [WorkerReport]) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .prettyPrinted]
        return String(decoding: try encoder.encode(rows), as: UTF8.self)
    }
}
