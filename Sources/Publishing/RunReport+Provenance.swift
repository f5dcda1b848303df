import Analysis
import CarbonBalance
import ContentDigest
import Tiling

extension RunReport {
    /// Adds what was read, and how it was understood.
    func addLayers(to page: inout ReportPage) {
        let layers = input.model.layers
        page.heading("Layers")
        page.table(
            caption: "As the configuration declares them",
            header: [
                "layer", "role", "year", "unit", "internal unit", "true resolution", "derived from",
                "accounting", "sectors", "source",
            ],
            rows: layers.map { layer in
                let facts = layer.facts
                let sink = layer.sink.map { " (\($0.rawValue))" } ?? ""
                return [
                    layer.name + (facts.isProxy ? " (proxy)" : ""), facts.role + sink,
                    facts.year.map { "\($0)" } ?? "", facts.unit, layer.internalUnit,
                    "\(NumberText.compact(facts.supportMetres / 1000)) km",
                    facts.derivedFrom.joined(separator: ", "), facts.accounting ?? "",
                    facts.sectors.joined(separator: ", "), facts.source ?? "",
                ]
            },
            textColumns: Set(0...9)
        )
        if let prepare = input.prepare {
            page.table(
                caption: "On the national grid, in internal units",
                header: ["layer", "cells", "valid km²", "integral", "mean", "minimum", "maximum"],
                rows: prepare.layers.map { totals in
                    [
                        totals.name, NumberText.grouped(totals.cellCount),
                        NumberText.compact(totals.validAreaKm2),
                        isAmount(totals.name) ? NumberText.compact(totals.integral) : "",
                        NumberText.compact(totals.mean ?? .nan),
                        NumberText.compact(totals.minimum ?? .nan),
                        NumberText.compact(totals.maximum ?? .nan),
                    ]
                }
            )
        }
        guard !input.layerNotes.isEmpty else { return }
        page.beginDetails("How the files are read")
        for note in input.layerNotes {
            page.paragraph("\(note.layer): \(note.summary)")
            if !note.interpretation.isEmpty { page.list(note.interpretation) }
        }
        page.endDetails()
    }

    private func isAmount(_ name: String) -> Bool {
        input.model.layers.first { $0.name == name }?.quantity.isAmount ?? false
    }

    /// Adds what the run took.
    func addRun(to page: inout ReportPage) {
        let facts = input.facts
        page.heading("The run")
        page.figures([
            ("\(input.tiles.count) of \(input.tileCount)", "tiles committed"),
            ("\(facts.workerCount)", facts.workerCount == 1 ? "worker" : "workers"),
            ("\(facts.retryCount)", facts.retryCount == 1 ? "retry" : "retries"),
            (facts.state.rawValue, "state"),
        ])
        page.table(
            caption:
                "Stages from \(facts.startedAt) to \(facts.finishedAt); steps are summed over tiles",
            header: [
                "stage", "tiles", "committed", "quarantined", "attempts", "wall s", "read s",
                "compute s", "write s", "peak MiB",
            ],
            rows: facts.stages.map { stage in
                [
                    stage.round > 0
                        ? "\(stage.stage.rawValue).\(stage.round)" : stage.stage.rawValue,
                    "\(stage.tileCount)", "\(stage.committedCount)",
                    "\(stage.quarantinedCount)", "\(stage.attemptCount)",
                    stage.wallSeconds.map(NumberText.compact) ?? "n/a",
                    NumberText.compact(stage.readSeconds), NumberText.compact(stage.computeSeconds),
                    NumberText.compact(stage.writeSeconds),
                    stage.peakResidentBytes.map { NumberText.compact(Double($0) / 1_048_576) }
                        ?? "n/a",
                ]
            }
        )
    }

    /// Adds what identifies inputs, programs and configuration.
    func addProvenance(to page: inout ReportPage) {
        let facts = input.facts
        page.heading("Provenance")
        page.table(
            caption: "Input files",
            header: ["use", "file", "bytes", "SHA-256 fingerprint"],
            rows: input.inputs.map { file in
                [
                    file.use, file.path, file.bytes.map(NumberText.grouped) ?? "",
                    file.digest.hexadecimal,
                ]
            },
            textColumns: [0, 1, 3]
        )
        let software = facts.versions.map { [$0.name, $0.version] }
        let host = facts.host.map { [$0.label, $0.text] }
        page.table(
            caption: "Programs and machine",
            header: ["what", "which"],
            rows: software + host + [["plan", "sha256:\(facts.planDigest)"]],
            textColumns: [0, 1]
        )
        page.beginDetails("Effective configuration")
        page.preformatted(facts.configuration)
        page.endDetails()
    }
}
