package import CarbonBalance

/// One input layer as configured.
///
/// Whether its files exist and say the same is not known here: that is checked when the run is
/// planned.
package struct LayerSettings: Sendable, Codable, Hashable {
    /// Unique within the run.
    package var name: String
    /// What the layer is for.
    package var role: LayerRole
    /// The files or patterns of files, which are combined.
    ///
    /// Empty for layers that derive from others, and for attributes of zones.
    package var paths: [SourcePath]
    /// How several files or bands become one layer; nil exactly when there is one of both.
    package var combine: LayerCombination?
    /// Name of the subdataset or variable within the file; nil: the file has one.
    package var subdataset: String?
    /// Bands within the dataset.
    package var bands: BandChoice
    /// The reference system that replaces the file's own; nil: the file's own.
    package var crs: String?
    /// West, south, east and north of all pixels; empty: the file's own.
    package var extent: [Double]
    /// The part of a direction; present exactly for angles.
    package var component: AngleComponent?
    /// What a cell takes from its classes.
    package var statistic: ClassStatistic
    /// How the layer is computed; nil: its samples are read.
    package var derive: DerivationChoice?
    /// The layers that it is computed from.
    package var operands: [String]
    /// Columns of a table of points; nil: the file has geometries.
    package var xField: String?
    /// See ``xField``.
    package var yField: String?
    /// What a point counts; nil: 1.
    package var weightField: String?
    /// Radius of the circle about a cell's centre in which a density counts, metres; nil: the cell itself.
    package var radiusMetres: Double?
    /// Encoding of a vector file's attributes; nil: the file's own.
    package var encoding: String?
    /// The datum of a vector file.
    package var datum: VectorDatum
    /// The attribute of zones that is spread over them; nil: the layer has files.
    package var attribute: String?
    /// How cells are weighted in a zone's mean; nil: as for all layers.
    package var aggregate: ZoneAggregate?
    /// The year the data describe; nil when not declared.
    package var year: Int?
    /// True resolution of the data, metres; nil: the pixel of the file.
    package var support: Double?
    /// Names of the data it was derived from, layers of this run or not.
    package var derivedFrom: [String]
    /// True when the data are a stand-in, which every output then says.
    package var proxy: Bool
    /// Where the data come from.
    package var source: String?
    /// On whose account emissions are booked; nil when not declared.
    package var accounting: EmissionAccounting?
    /// The sectors that are covered, as text.
    package var sectors: [String]
    /// What is absorbed; present exactly for sink layers.
    package var sink: SinkKind?
    /// How samples relate to area.
    package var quantity: QuantityKind
    /// The unit as written; nil only for classes.
    package var unit: String?
    /// Factor from stored to physical samples; nil: the file's own.
    package var scale: Double?
    /// Added after ``scale``; nil: the file's own.
    package var offset: Double?
    /// Which stored samples are missing.
    package var nodata: NodataRule
    /// Meaning of stored special codes, applied before scale, offset and any averaging; nil when nothing is
    /// said of them, empty when every sample is a measurement.
    package var codes: [Int: CodeChoice]?
    /// The classes whose joint fraction of a cell is the layer's value; empty unless
    /// ``quantity`` is class.
    package var classes: [Int]
    /// Applied to the prepared value where a design row is made, never in `prepare`.
    package var transform: CovariateTransform
    /// How a source that is coarser than the grid is sampled.
    package var resampling: LayerResampling
    /// Least valid fraction of a cell for which it has a value; for emission and sink nil, because
    /// there ``DeficitSettings/minimumValidFraction`` decides on the status.
    package var minimumValidFraction: Double?

    private enum CodingKeys: String, CodingKey {
        case name, role
        case paths = "path"
        case bands = "band"
        case operands = "of"
        case crs, extent, component, statistic, derive, xField, yField, weightField, radiusMetres
        case encoding, datum, attribute, aggregate
        case combine, subdataset, year, support, derivedFrom, proxy, source, accounting
        case sectors, sink, quantity, unit, scale, offset, nodata, codes, classes, transform
        case resampling, minimumValidFraction
    }

    /// A layer with the defaults of its role.
    package init(
        name: String,
        role: LayerRole,
        paths: [SourcePath],
        quantity: QuantityKind,
        unit: String?,
        sink: SinkKind? = nil
    ) {
        self.name = name
        self.role = role
        self.paths = paths
        combine = nil
        subdataset = nil
        bands = .first
        crs = nil
        extent = []
        component = nil
        statistic = .fraction
        derive = nil
        operands = []
        xField = nil
        yField = nil
        weightField = nil
        radiusMetres = nil
        encoding = nil
        datum = .wgs84
        attribute = nil
        aggregate = nil
        year = nil
        support = nil
        derivedFrom = []
        proxy = false
        source = nil
        accounting = nil
        sectors = []
        self.sink = sink
        self.quantity = quantity
        self.unit = unit
        scale = nil
        offset = nil
        nodata = .file
        codes = nil
        classes = []
        transform = .none
        resampling = Self.defaultResampling(role: role, quantity: quantity)
        minimumValidFraction =
            role == .emission || role == .sink ? nil : Self.defaultMinimumValidFraction
    }

    /// The valid fraction below which a covariate's or mask's cell has no value, unless configured.
    package static let defaultMinimumValidFraction = 0.5

    /// Bilinear for covariates that are no totals or classes, else nearest, which keeps mass.
    ///
    /// Of angles the components are interpolated. A covariate that is the response or a denominator is
    /// nearest, too: that is known only when the whole configuration is read.
    package static func defaultResampling(
        role: LayerRole,
        quantity: QuantityKind
    ) -> LayerResampling {
        guard role == .covariate else { return .nearest }
        return quantity == .total || quantity == .category ? .nearest : .bilinear
    }

    /// The special codes in the form that reading a source wants.
    package func specialCodes() throws(CarbonBalanceError) -> SpecialCodes {
        try SpecialCodes((codes ?? [:]).map { (code: Double($0.key), meaning: $0.value.meaning) })
    }

    /// The parsed unit of an emission or sink layer; throws for other roles' units.
    package func fluxUnit() throws(CarbonBalanceError) -> FluxUnit {
        let parsed = try FluxUnit(parsing: unit ?? "")
        try parsed.check(fits: quantity)
        return parsed
    }

    /// The parsed unit of a covariate or mask; classes are dimensionless.
    package func covariateUnit() throws(CarbonBalanceError) -> CovariateUnit {
        try CovariateUnit(parsing: unit ?? "1", kind: quantity)
    }
}

/// What a layer is for.
package enum LayerRole: String, Sendable, Codable, Hashable, CaseIterable {
    /// Carbon emitted, E.
    case emission
    /// Carbon absorbed, S.
    case sink
    /// An explanatory variable of the regression, or a denominator.
    case covariate
    /// Only cells of which at least the layer's ``LayerSettings/minimumValidFraction`` lies in its
    /// classes take part in the regression.
    case mask
}

/// How several files become one layer.
package enum LayerCombination: String, Sendable, Codable, Hashable, CaseIterable {
    /// Months or sectors that add up; missing in one is missing in the sum.
    case sum
    /// Repeated measurements; missing in one is missing in the mean.
    case mean
    /// Sheets of one map; where they overlap, the later file that has a value counts.
    case mosaic
}

/// On whose account emissions are booked.
package enum EmissionAccounting: String, Sendable, Codable, Hashable, CaseIterable {
    /// Where they occur.
    case territorial
    /// Where the goods are consumed.
    case consumption
}

/// How a source that is coarser than the grid is sampled.
package enum LayerResampling: String, Sendable, Codable, Hashable, CaseIterable {
    /// The source pixel under each sub-point: keeps mass.
    case nearest
    /// Interpolated between source pixel centres: smooth.
    case bilinear
}
