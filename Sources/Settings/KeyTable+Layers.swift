import CarbonBalance

extension KeyTable {
    /// The quantities that `prepare` can bring to the grid.
    static let quantities: [QuantityKind] = [.total, .density, .intensity, .category, .angle]

    /// The word for the codes of the MODIS product MOD17A3HGF.
    static let mod17 = "mod17"

    static let layerKeys = [
        KeyDescription(
            "layers[].name",
            .identifier,
            .mandatory,
            "Unique name; deficits and the regression refer to it."
        ),
        KeyDescription(
            "layers[].role",
            .choice(LayerRole.allCases.map(\.rawValue)),
            .mandatory,
            "What the layer is for. Several emission and sink layers are allowed; outside a mask's "
                + "classes there are no observations."
        ),
        KeyDescription(
            "layers[].path",
            .oneOrMore(.text),
            .optional("mandatory unless the layer derives from layers or is an attribute"),
            "The file, relative to this configuration; GDAL's /vsi… paths, URLs and subdataset names "
                + "work as they do in GDAL; * and ? stand for parts of names. Several files need combine."
        ),
        KeyDescription(
            "layers[].combine",
            .choice(LayerCombination.allCases.map(\.rawValue)),
            .optional("one file and band; mandatory for several"),
            "How several files or bands become one layer: sum (months, sectors), mean, or mosaic (sheets of "
                + "one map; where they overlap, the later file that has a value counts). Class, intensity and "
                + "angle have no sum, a most frequent class only mosaic."
        ),
        KeyDescription(
            "layers[].subdataset",
            .text,
            .optional("the file has one"),
            "Name of the subdataset or variable within the file."
        ),
        KeyDescription(
            "layers[].band",
            .words(["all"], or: .oneOrMore(.integer(1...65535))),
            .fallback("1"),
            "Band within the dataset; several, or all, need combine: time steps, for example. All: every "
                + "file has the same number."
        ),
        KeyDescription(
            "layers[].year",
            .integer(1800...2200),
            .optional("not declared"),
            "Year the data describe; years more than 5 apart are warned about."
        ),
        KeyDescription(
            "layers[].support",
            .number(.positive(upTo: 1e7)),
            .optional("the file's pixel"),
            "True resolution of the data, metres."
        ),
        KeyDescription(
            "layers[].derivedFrom",
            .list(0...64),
            .fallback("[]"),
            "Names of the data it was derived from; shared ancestors of response and covariates are "
                + "flagged as circular."
        ),
        KeyDescription("layers[].derivedFrom[]", .text, .mandatory, "Name of an ancestor."),
        KeyDescription(
            "layers[].proxy",
            .boolean,
            .fallback("false"),
            "true: a stand-in, which every output says."
        ),
        KeyDescription("layers[].source", .text, .optional("not declared"), "Where it comes from."),
        KeyDescription(
            "layers[].accounting",
            .choice(EmissionAccounting.allCases.map(\.rawValue)),
            .optional("not declared"),
            "On whose account emissions are booked; emission layers only."
        ),
        KeyDescription(
            "layers[].sectors",
            .oneOrMore(.text),
            .optional("not declared"),
            "The sectors that are covered."
        ),
        KeyDescription(
            "layers[].sink",
            .choice(SinkKind.allCases.map(\.rawValue)),
            .optional("mandatory for sink layers"),
            "What is absorbed, recorded in every output: npp (gross of respiration and harvest), "
                + "nep, or custom."
        ),
        KeyDescription(
            "layers[].quantity",
            .choice(quantities.map(\.rawValue)),
            .mandatory,
            "total (per source cell), density (per area), intensity, class, or angle (degree or radian)."
        ),
        KeyDescription(
            "layers[].unit",
            .text,
            .optional("mandatory unless quantity is class or the derivation has its own"),
            "Unit of the samples after scale and offset. Emission and sink: mass (t, kg, g, Mt; of C "
                + "or CO2) / area (density only) / time (yr, month, day, hour, s). 1 is dimensionless."
        ),
        KeyDescription(
            "layers[].scale",
            .number(.any),
            .optional("the file's own"),
            "Factor from stored to physical samples; not 0."
        ),
        KeyDescription(
            "layers[].offset",
            .number(.any),
            .optional("the file's own"),
            "Added after scale."
        ),
        KeyDescription(
            "layers[].nodata",
            .words(["file", "none", "nan"], or: .oneOrMore(.number(.any))),
            .fallback("file"),
            "Stored samples that are missing: those the file declares, none besides NaN, or these."
        ),
        KeyDescription(
            "layers[].codes",
            .words([KeyTable.mod17], or: .codes(words: ["nodata", "water"])),
            .optional("no sample is special; a sink with samples of MODIS classes is refused"),
            "Meaning of stored special codes, applied before scale and averaging; a number is in "
                + "the layer's unit. mod17: the classes of MODIS net primary production."
        ),
        KeyDescription(
            "layers[].classes",
            .list(0...1024),
            .optional("mandatory exactly for fractions of quantity class"),
            "The value of a cell is the fraction of it in these classes."
        ),
        KeyDescription(
            "layers[].classes[]",
            .integer(-2_147_483_648...2_147_483_647),
            .mandatory,
            "A class of the file."
        ),
        KeyDescription(
            "layers[].transform",
            .choice(CovariateTransform.allCases.map(\.rawValue)),
            .fallback("none"),
            "Function of the prepared value that enters the regression; covariates only."
        ),
        KeyDescription(
            "layers[].resampling",
            .choice(LayerResampling.allCases.map(\.rawValue)),
            .optional(
                "bilinear for covariates of quantity density, intensity and angle, unless they are the "
                    + "response, deficit.population or deficit.gdp; else nearest"
            ),
            "How a source that is coarser than the grid is sampled: nearest keeps mass, bilinear is "
                + "smooth. Of a finer one the mean of its pixels is taken."
        ),
        KeyDescription(
            "layers[].minimumValidFraction",
            .number(.between(0, 1)),
            .optional(
                "0.5; 0 for attributes and for the layers of deficit.population and deficit.gdp; for "
                    + "emission and sink deficit.minimumValidFraction"
            ),
            "Covariate: a cell with a smaller valid fraction has no value. Mask: a cell with a "
                + "smaller fraction in its classes is excluded."
        ),
    ]
}
