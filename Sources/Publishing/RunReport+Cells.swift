import Analysis
import CarbonBalance
import Lattice
import Regression

extension RunReport {
    /// Adds the regression of cells: what was searched, what was found, and how far to believe it.
    func addCellRegression(to page: inout ReportPage) {
        guard let cells = input.cellRegression else { return }
        let told = RegressionStatements(input, cells)
        let caption = statements.sink.map { " · \($0)" } ?? ""
        page.heading("Regression of the cells\(caption)")
        for banner in [told.refusal, told.boundWarning].compactMap(\.self) { page.banner(banner) }
        let banners = Set([told.refusal, told.boundWarning].compactMap(\.self))
        for warning in told.warnings where !banners.contains(warning) { page.note(warning) }
        addCircularities(response: told.response, to: &page)
        let step = Double(cells.model.spacingCells) * input.model.grid.cellSizeMetres / 1000
        page.paragraph(
            "Response: \(told.response) = \(told.responseFormula). A local model at every cell, from "
                + "observations on a lattice of \(NumberText.compact(step)) km; kernel: \(told.kernel)."
                + (told.criterion.map {
                    " Bandwidth by \($0), neighbours within "
                        + "\(NumberText.compact(cells.model.bufferMetres / 1000)) km left out where it "
                        + "is bcv."
                } ?? "")
        )
        addFigures(of: cells, told, to: &page)
        if let bandwidth = cells.results.bandwidth {
            addCurve(
                bandwidth.curve(cells.model),
                metresPerUnit: input.model.grid.cellSizeMetres,
                chosen: cells.choice?.value,
                caption: "Search of the cells' bandwidth (\(told.state)); the whole curve is in "
                    + "tables/bandwidth.csv",
                to: &page
            )
        }
        if let local = cells.diagnostics, let diagnose = cells.results.diagnose {
            addComparison(
                global: cells.global,
                local: local,
                moran: (diagnose.global.moranI, diagnose.local.moranI),
                effective: (
                    diagnose.global.effectiveObservationCount,
                    diagnose.local.effectiveObservationCount
                ),
                to: &page
            )
        }
        page.paragraph("Errors, t values and significance: \(told.inference).")
        addTerms(of: cells, to: &page)
        addMaps(of: cells, to: &page)
        addBackground(of: cells, to: &page)
    }

    private func addFigures(
        of cells: CellRegression,
        _ told: RegressionStatements,
        to page: inout ReportPage
    ) {
        let observations = cells.observations
        let diagnose = cells.results.diagnose
        page.figures([
            (
                observations.map { NumberText.grouped($0.observationCount) } ?? "n/a",
                "observations"
            ),
            (
                cells.results.fit.map { NumberText.grouped($0.fittedCount) } ?? "n/a",
                "cells with a local model"
            ),
            (told.bandwidth ?? "none", "bandwidth (\(told.state))"),
            (text(cells.global?.rSquared), "R² of OLS"),
            (text(cells.diagnostics?.rSquared), "R² of GWR"),
            (text(diagnose?.global.moranI), "residual Moran's I of OLS"),
            (text(diagnose?.local.moranI), "residual Moran's I of GWR"),
        ])
    }

    private func addTerms(of cells: CellRegression, to page: inout ReportPage) {
        guard let fit = cells.results.fit, fit.fittedCount > 0 else { return }
        addTerms(
            global: cells.global,
            terms: fit.terms.enumerated().map { index, term in
                let fitted = max(1, term.identifiedCount + term.unidentifiedCount)
                let identified = Double(max(1, term.identifiedCount))
                return TermRow(
                    name: term.name,
                    quantiles: index < quantiles.count ? quantiles[index] : [],
                    unidentifiedShare: Double(term.unidentifiedCount) / Double(fitted),
                    unstableShare: Double(term.unstableCount) / identified,
                    significantShare: cells.isIndependent
                        ? Double(term.significantCount) / identified : nil
                )
            },
            places: "cells",
            to: &page
        )
        let noise = zip(cells.model.covariates, fit.terms.dropFirst()).filter { $0.0.layer == nil }
        guard !noise.isEmpty else { return }
        page.table(
            caption: "Fields of smooth noise: how often they come out significant at the corrected "
                + "level",
            header: ["field", "false positives"],
            rows: noise.map { covariate, term in
                let share = Double(term.significantCount) / Double(max(1, term.identifiedCount))
                return [covariate.name, percent(share)]
            }
        )
    }

    /// The coefficients' maps, then the neighbourhoods', folded away.
    private func addMaps(of cells: CellRegression, to page: inout ReportPage) {
        func isCoefficient(_ preview: Preview) -> Bool { preview.name.hasPrefix("gwr_beta_") }
        let drawn = regressionPreviews.filter { $0.path != nil }
        guard cells.choice != nil else { return }
        page.beginColumns()
        for preview in drawn where isCoefficient(preview) {
            page.picture(png: preview.png, caption: caption(of: preview))
        }
        page.endColumns()
        page.beginDetails("Fit, residuals and neighbourhoods")
        for preview in drawn where !isCoefficient(preview) {
            page.picture(png: preview.png, caption: caption(of: preview))
        }
        page.endDetails()
    }

    private func caption(of preview: Preview) -> String {
        preview.title + (preview.caption.map { ". \($0)" } ?? "")
    }

    /// How alike neighbours are, why cells have no model, how complete neighbourhoods were.
    private func addBackground(of cells: CellRegression, to page: inout ReportPage) {
        page.beginDetails("Residuals by distance, cells by status, certificates")
        if let diagnose = cells.results.diagnose, diagnose.local.moranI != nil {
            page.table(
                caption: "Correlation of residuals and response by distance",
                header: ["km", "pairs", "GWR residuals", "OLS residuals", "response"],
                rows: diagnose.local.classes.enumerated().map { index, item in
                    [
                        "\(NumberText.compact(item.fromMetres / 1000)) to "
                            + NumberText.compact(item.toMetres / 1000),
                        NumberText.grouped(item.pairCount), text(item.correlation),
                        text(diagnose.global.classes[index].correlation),
                        text(diagnose.response.classes[index].correlation),
                    ]
                }
            )
        }
        if let fit = cells.results.fit {
            let inside = fit.statusCounts.filter { $0.code != RegressionStatus.outside.rawValue }
            let total = max(1, inside.reduce(0) { $0 + $1.cells })
            page.table(
                caption: "Cells by status of the regression; mosaic/status.tif, band regression",
                header: ["status", "code", "cells", "share"],
                rows: inside.map { count in
                    [
                        RegressionStatus(rawValue: count.code)?.title ?? "unknown",
                        "\(count.code)", NumberText.grouped(count.cells),
                        percent(Double(count.cells) / Double(total)),
                    ]
                }
            )
        }
        let certificates = [
            ("bandwidth", cells.results.bandwidth?.certificates),
            ("fit", cells.results.fit?.certificates),
            ("diagnose", cells.results.diagnose?.certificates),
        ]
        page.table(
            caption: "Neighbourhoods proven complete within what was read; uncertified must be 0",
            header: ["stage", "certified", "uncertified", "windows grown"],
            rows: certificates.compactMap { stage, count in
                count.map { count in
                    [
                        stage, NumberText.grouped(count.certified),
                        NumberText.grouped(count.uncertified), NumberText.grouped(count.growths),
                    ]
                }
            }
        )
        page.endDetails()
    }
}
