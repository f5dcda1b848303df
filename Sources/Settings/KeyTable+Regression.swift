import CarbonBalance

extension KeyTable {
    static let regressionKeys = [
        KeyDescription(
            "regression.units",
            .list(1...RegressionUnit.allCases.count),
            .optional("cell, and zone where there are zones"),
            "What is fitted: the mosaic of cells, the table of zones, or both."
        ),
        KeyDescription(
            "regression.units[]",
            .choice(RegressionUnit.allCases.map(\.rawValue)),
            .mandatory,
            "cell or zone."
        ),
        KeyDescription(
            "regression.response",
            .text,
            .fallback("logratio"),
            "A variant of the deficit (logratio: where S is negative use asinh) or the name of a "
                + "layer."
        ),
        KeyDescription(
            "regression.covariates",
            .list(1...23),
            .mandatory,
            "Names of covariate layers, in the order of the terms."
        ),
        KeyDescription("regression.covariates[]", .text, .mandatory, "Name of a covariate layer."),
        KeyDescription(
            "regression.kernel",
            .choice(KernelChoice.allCases.map(\.rawValue)),
            .fallback("bisquare"),
            "Weight of a neighbour by its distance; gaussian and exponential are cut on tiles where "
                + "they fall below 1e-4."
        ),
        KeyDescription(
            "regression.minimumEmission",
            .number(.between(-1e12, 1e12)),
            .optional("no such condition"),
            "Observations need an emission above this, tCO2 km-2 yr-1."
        ),
        KeyDescription(
            "regression.observations",
            .mapping,
            .optional("the defaults of its keys"),
            "Where observations lie; coefficients are evaluated at every cell."
        ),
        KeyDescription(
            "regression.observations.spacingMetres",
            .words(["auto", "none"], or: .number(.positive(upTo: 1e7))),
            .fallback("auto"),
            "Spacing of the lattice of observations: auto is the response's support, none makes "
                + "every cell one."
        ),
        KeyDescription(
            "regression.neighbourhood",
            .mapping,
            .optional("the defaults of its keys"),
            "What happens where observations are few and far away."
        ),
        KeyDescription(
            "regression.neighbourhood.policy",
            .choice(SparsePolicy.allCases.map(\.rawValue)),
            .fallback("grow"),
            "grow: a neighbourhood reaches as far as its observations are; cap: it ends at "
                + "capMetres, and its cell is flagged."
        ),
        KeyDescription(
            "regression.neighbourhood.capMetres",
            .number(.positive(upTo: 1e8)),
            .optional("no end; mandatory for policy cap"),
            "Distance at which a neighbourhood ends; policy cap."
        ),
        KeyDescription(
            "regression.nullCovariates",
            .integer(0...8),
            .fallback("0"),
            "Number of seeded fields of smooth noise that are added as predictors, to see how often "
                + "something meaningless comes out significant."
        ),
        KeyDescription(
            "regression.bandwidth",
            .mapping,
            .optional("the defaults of its keys"),
            "How wide neighbourhoods are: neighbours or metres where it is given, else found by "
                + "the criterion."
        ),
        KeyDescription(
            "regression.bandwidth.type",
            .choice(BandwidthType.allCases.map(\.rawValue)),
            .fallback("adaptive"),
            "adaptive: a number of neighbours; fixed: a distance."
        ),
        KeyDescription(
            "regression.bandwidth.neighbours",
            .integer(3...1_000_000_000),
            .optional("found by the criterion"),
            "The bandwidth of type adaptive."
        ),
        KeyDescription(
            "regression.bandwidth.metres",
            .number(.positive(upTo: 1e8)),
            .optional("found by the criterion"),
            "The bandwidth of type fixed."
        ),
        KeyDescription(
            "regression.bandwidth.criterion",
            .choice(CriterionChoice.allCases.map(\.rawValue)),
            .optional("bcv, where the bandwidth is not given"),
            "What the best bandwidth minimises: bcv (buffered cross-validation) for cells, because "
                + "they are correlated."
        ),
        KeyDescription(
            "regression.bandwidth.minimum",
            .words(["auto"], or: .integer(3...1_000_000_000)),
            .optional("auto"),
            "Least number of neighbours that is tried; type adaptive."
        ),
        KeyDescription(
            "regression.bandwidth.maximum",
            .words(["auto"], or: .integer(3...1_000_000_000)),
            .optional("auto"),
            "Greatest number of neighbours that is tried; auto doubles until the optimum is interior."
        ),
        KeyDescription(
            "regression.bandwidth.minimumMetres",
            .words(["auto"], or: .number(.positive(upTo: 1e8))),
            .optional("auto"),
            "Least distance that is tried; type fixed."
        ),
        KeyDescription(
            "regression.bandwidth.maximumMetres",
            .words(["auto"], or: .number(.positive(upTo: 1e8))),
            .optional("auto"),
            "Greatest distance that is tried; auto doubles until the optimum is interior."
        ),
        KeyDescription(
            "regression.bandwidth.bufferMetres",
            .words(["auto"], or: .number(.between(0, 1e8))),
            .optional("auto"),
            "Radius that bcv leaves out around a location; auto is the largest support of response "
                + "and covariates."
        ),
    ]

    static let engineKeys = [
        KeyDescription(
            "engine.lease",
            .mapping,
            .optional("the defaults of its keys"),
            "Signs of life and the right to compute."
        ),
        KeyDescription(
            "engine.lease.heartbeatSeconds",
            .number(.between(0.05, 600)),
            .fallback("3"),
            "Pause between a worker's signs of life."
        ),
        KeyDescription(
            "engine.lease.durationSeconds",
            .number(.between(0.1, 3600)),
            .fallback("9"),
            "Silence after which a worker's tiles are given to others; at least two heartbeats."
        ),
        KeyDescription(
            "engine.attempts",
            .integer(1...100),
            .fallback("3"),
            "Charged failures of a tile after which it is quarantined."
        ),
        KeyDescription(
            "engine.backoff",
            .mapping,
            .optional("the defaults of its keys"),
            "Pauses before a failed tile is tried again, each twice the one before."
        ),
        KeyDescription(
            "engine.backoff.firstSeconds",
            .number(.between(0, 3600)),
            .fallback("1"),
            "The first pause."
        ),
        KeyDescription(
            "engine.backoff.maximumSeconds",
            .number(.between(0, 86400)),
            .fallback("60"),
            "The longest pause."
        ),
        KeyDescription(
            "engine.speculation",
            .boolean,
            .fallback("true"),
            "Whether a slow tile is given to a second worker when nothing else waits."
        ),
        KeyDescription(
            "engine.wallLimitSeconds",
            .number(.between(1, 604_800)),
            .fallback("3600"),
            "Longest computation of a tile; beyond it the attempt has failed."
        ),
        KeyDescription(
            "engine.maximumQuarantined",
            .integer(0...1_000_000_000),
            .optional("the run goes on to its end"),
            "Quarantined tiles beyond which the run is hopeless and stops."
        ),
    ]
}
