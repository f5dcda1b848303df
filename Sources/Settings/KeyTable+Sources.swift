import CarbonBalance

extension KeyTable {
    /// Keys for layers that are more than one band of a raster, or none.
    static let sourceKeys = [
        KeyDescription(
            "layers[].crs",
            .text,
            .optional("the file's own"),
            "Reference system of the file where it names none, or a wrong one."
        ),
        KeyDescription(
            "layers[].extent",
            .list(0...4),
            .optional("the file's own"),
            "West, south, east and north of all pixels, in units of crs, where the file has no position, or a wrong one."
        ),
        KeyDescription("layers[].extent[]", .number(.any), .mandatory, "An edge."),
        KeyDescription(
            "layers[].component",
            .choice(AngleComponent.allCases.map(\.rawValue)),
            .optional("mandatory exactly for quantity angle and derive aspect"),
            "The part of a direction that is averaged: sine (eastward) or cosine (northward)."
        ),
        KeyDescription(
            "layers[].statistic",
            .choice(ClassStatistic.allCases.map(\.rawValue)),
            .fallback("fraction"),
            "What a cell takes from its classes: the fraction in those asked for, or the most frequent "
                + "one (of several the smallest), which the regression does not take."
        ),
        KeyDescription(
            "layers[].derive",
            .choice(DerivationChoice.allCases.map(\.rawValue)),
            .optional("the samples of path themselves"),
            "slope (degrees) or aspect of a height in metres, on the pixels of path; product, ratio, "
                + "sum or difference of layers; distance (km) to, or density (per km2) of, the points "
                + "or lines of path. Covariates only; a sink may be the difference of two layers of role sink "
                + "or emission, such as net primary production less respiration."
        ),
        KeyDescription(
            "layers[].of",
            .list(0...16),
            .optional("mandatory exactly for product, ratio, sum and difference"),
            "The layers, declared before this one, whose prepared values are combined."
        ),
        KeyDescription("layers[].of[]", .text, .mandatory, "Name of a layer."),
        KeyDescription(
            "layers[].xField",
            .text,
            .optional("the file has geometries"),
            "Column of a table with the points' longitude or easting."
        ),
        KeyDescription(
            "layers[].yField",
            .text,
            .optional("the file has geometries"),
            "Column with their latitude or northing."
        ),
        KeyDescription(
            "layers[].weightField",
            .text,
            .optional("every point counts 1"),
            "Column with what a point counts in a density, such as its capacity."
        ),
        KeyDescription(
            "layers[].radiusMetres",
            .number(.positive(upTo: 1e6)),
            .optional("the cell itself"),
            "Radius of the circle about a cell's centre in which a density counts points or lines."
        ),
        KeyDescription(
            "layers[].encoding",
            .text,
            .optional("the file's own"),
            "Encoding of a Shapefile's attributes, such as GBK."
        ),
        KeyDescription(
            "layers[].datum",
            .choice(VectorDatum.allCases.map(\.rawValue)),
            .fallback("wgs84"),
            "gcj02: the points or lines come from a Chinese web map; its shift is undone."
        ),
        KeyDescription(
            "layers[].attribute",
            .text,
            .optional("the layer has a path, or derives from layers"),
            "Column of zones.attributes, or field of the zones, spread over each zone: a total evenly, "
                + "anything else as it is. Covariates only."
        ),
        KeyDescription(
            "layers[].aggregate",
            .choice(ZoneAggregate.allCases.map(\.rawValue)),
            .optional("zones.aggregate"),
            "How cells are weighted in a zone's mean of this layer."
        ),
    ]

    /// Keys for the source of zones and what is known of them.
    static let zoneSourceKeys = [
        KeyDescription(
            "zones.encoding",
            .text,
            .optional("the file's own"),
            "Encoding of a Shapefile's attributes, such as GBK."
        ),
        KeyDescription(
            "zones.crs",
            .text,
            .optional("the file's own"),
            "Reference system of the file where it names none, or a wrong one."
        ),
        KeyDescription(
            "zones.datum",
            .choice(VectorDatum.allCases.map(\.rawValue)),
            .fallback("wgs84"),
            "gcj02: the boundaries come from a Chinese web map; its shift is undone."
        ),
        KeyDescription(
            "zones.aggregate",
            .choice(ZoneAggregate.allCases.map(\.rawValue)),
            .fallback("area"),
            "How cells are weighted in a zone's mean of a layer; population needs deficit.population."
        ),
        KeyDescription(
            "zones.within",
            .text,
            .optional("whole zones"),
            "A layer of quantity class: zones count only that fraction of each cell, so that a city "
                + "need not mean its whole prefecture."
        ),
        KeyDescription(
            "zones.attributes",
            .mapping,
            .optional("the fields of the file"),
            "A table with further attributes of zones."
        ),
        KeyDescription(
            "zones.attributes.path",
            .text,
            .mandatory,
            "The table, as a rule CSV; every field is read as text."
        ),
        KeyDescription(
            "zones.attributes.key",
            .text,
            .mandatory,
            "Column that holds the zones' identifiers."
        ),
        KeyDescription(
            "zones.attributes.encoding",
            .text,
            .optional("UTF-8"),
            "Encoding of the table, such as GBK."
        ),
    ]
}
