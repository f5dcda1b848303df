import Analysis
import CarbonBalance
import Lattice
import Regression

/// A covariate that shares ancestors with the response: a regression on it may return its own recipe.
struct CircularTerm: Hashable, Sendable {
    /// Name of the term.
    let term: String
    /// The shared ancestors in alphabetical order; never empty.
    let ancestors: [String]

    /// The flag as outputs carry it.
    func flag(response: String) -> String {
        "circular with response: '\(term)' and \(response) share "
            + ancestors.joined(separator: ", ")
    }
}

/// What every output has to say of the regression of cells, worded once.
struct RegressionStatements: Sendable {
    private let run: RunModel
    private let regression: CellRegression
    private let prepare: PrepareConstants?
    /// The covariates that share ancestors with the response.
    let circular: [CircularTerm]

    /// The statements of a run's regression.
    init(_ input: PublishingInput, _ regression: CellRegression) {
        run = input.model
        prepare = input.prepare
        self.regression = regression
        circular = input.model.circularTerms
    }

    /// The response's name: a variant's, or a layer's.
    var response: String { regression.model.responseName(in: run, prepare) }

    /// The response's formula, or what the layer is.
    var responseFormula: String { regression.model.responseFormula(in: run, prepare) }

    /// The kernel, and where it ends.
    var kernel: String {
        let kernel = regression.model.kernel
        return kernel.isCompact
            ? kernel.rawValue : "\(kernel.rawValue), cut where the weight is below 1e-4"
    }

    /// The chosen bandwidth with its unit; nil where there is none.
    var bandwidth: String? {
        regression.choice.map { text(ofBandwidth: $0.value) }
    }

    /// A bandwidth with its unit.
    func text(ofBandwidth value: Double) -> String {
        regression.model.text(ofBandwidth: value, cellSizeMetres: run.grid.cellSizeMetres)
    }

    /// The state of the bandwidth: `interior`, `lower_bound`, `upper_bound`, `given`, `refused`, or
    /// `unfinished`.
    var state: String {
        if regression.refusal != nil { return "refused" }
        return regression.choice?.state ?? "unfinished"
    }

    /// That there is no regression, and why; nil where there is one.
    var refusal: String? {
        regression.refusal.map { "The regression of cells was refused: \($0)" }
    }

    /// What a bandwidth at a bound means; nil for every other.
    ///
    /// The searched range is in neighbours or cells inside; people read neighbours or metres.
    var boundWarning: String? {
        guard let choice = regression.choice, choice.warning != nil else { return nil }
        let isLower = choice.state == BandwidthProfile.State.lowerBound.rawValue
        let bound = isLower ? choice.searchedMinimum : choice.searchedMaximum
        let range = bound.map { " (\(text(ofBandwidth: $0)))" } ?? ""
        return "\(criterion ?? "the criterion") falls towards the "
            + (isLower ? "smallest" : "largest")
            + " bandwidth searched\(range): \(text(ofBandwidth: choice.value)) is the bound, not an "
            + "optimum"
    }

    /// The criterion of the search; nil for a given bandwidth.
    var criterion: String? {
        guard case .search(_, let criterion, _, _) = regression.model.bandwidth else { return nil }
        return criterion.rawValue
    }

    /// How errors, t values and significance may be read.
    var inference: String {
        guard let diagnose = regression.results.diagnose else {
            return "assumes independent residuals, which were not examined"
        }
        return ModelVocabulary.inference(moranI: diagnose.local.moranI, places: "cells")
    }

    /// Whether errors and t values must be called conditional.
    var isConditional: Bool { !regression.isIndependent }

    /// Sentences a reader must see, in order of weight.
    var warnings: [String] {
        var sentences = [refusal, boundWarning].compactMap(\.self)
        if refusal == nil, let fit = regression.results.fit,
            let count = regression.observations?.observationCount, fit.observationCount < count
        {
            let without = NumberText.grouped(count - fit.observationCount)
            sentences.append(
                "\(without) of \(NumberText.grouped(count)) observations have no local model (their status "
                    + "says why): R², AICc and the effective parameters are those of the others"
            )
        }
        for gap in identificationGaps where gap.share > 0.05 {
            let share = NumberText.decimal(100 * gap.share, places: 1)
            sentences.append(
                "'\(gap.term)' is not identified at \(NumberText.grouped(gap.count)) cells "
                    + "(\(share) %)\(gap.place): it is constant or collinear there, and left out there"
            )
        }
        if let moran = regression.results.diagnose?.local.moranI, isConditional {
            sentences.append(
                "residual Moran's I is \(NumberText.decimal(moran, places: 3)): standard errors, t "
                    + "values and significance assume independent residuals, which these are not"
            )
        }
        let missing = Set(
            (regression.results.missingFitTiles + regression.results.missingDiagnoseTiles).map(\.id)
        )
        if !missing.isEmpty {
            sentences.append(
                "the regression of \(missing.count) tiles is missing: no quantile or count holds them"
            )
        }
        return sentences
    }

    /// How often each term is unidentified, for the terms that ever are.
    private var identificationGaps: [(term: String, count: Int, share: Double, place: String)] {
        guard let fit = regression.results.fit else { return [] }
        let fitted = max(1, fit.fittedCount)
        return fit.terms.filter { $0.unidentifiedCount > 0 }.map { term in
            let place = term.firstUnidentified.map {
                ", the first in row \($0[0]), column \($0[1])"
            }
            return (
                term.name, term.unidentifiedCount, Double(term.unidentifiedCount) / Double(fitted),
                place ?? ""
            )
        }
    }
}

extension RunModel {
    /// The layers that the response is made of.
    var responseLayers: [Int] {
        guard let regression else { return [] }
        switch regression.response {
        case .layer(let index): return [index]
        case .variant(let variant):
            let denominator: Int? =
                switch variant.denominator {
                case .population: deficit.populationLayer
                case .grossDomesticProduct: deficit.gdpLayer
                case nil: nil
                }
            return [deficit.pairs[0].emissionLayer, deficit.pairs[0].sinkLayer, denominator]
                .compactMap(\.self)
        }
    }

    /// The covariates of the regression that share an ancestor with the response, in their order.
    ///
    /// The ancestors of a layer are its own name, what it is derived from (planning adds what it is computed
    /// of), and the ancestors of those that are layers themselves.
    var circularTerms: [CircularTerm] {
        let roots = responseLayers.reduce(into: Set<String>()) { set, index in
            set.formUnion(ancestors(of: layers[index].name))
        }
        return (regression?.covariates ?? []).compactMap { covariate in
            guard let layer = covariate.layer else { return nil }
            let shared = ancestors(of: layers[layer].name).intersection(roots)
            return shared.isEmpty
                ? nil : CircularTerm(term: covariate.name, ancestors: shared.sorted())
        }
    }

    private func ancestors(of name: String) -> Set<String> {
        var found: Set<String> = []
        var open = [name]
        while let next = open.popLast() {
            guard found.insert(next).inserted, let index = layerIndex(named: next) else { continue }
            open += layers[index].facts.derivedFrom
        }
        return found
    }
}
