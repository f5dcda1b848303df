import ArgumentParser
import Foundation
import Lattice
import Publishing
import RasterIO
import Regression
import Telemetry

extension SpatialKernel: ExpressibleByArgument {}
extension BandwidthCriterion: ExpressibleByArgument {}

/// The command `sectile regress`.
struct RegressCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "regress",
        abstract: "Geographically weighted regression of a table of points.",
        discussion: """
            sectile regress points.csv --x X --y Y --response y --predictors a,b,c --output DIR

            Does what mgwr's Sel_BW(...).search() and GWR(...).fit() do, with the same definitions \
            (adaptive factor 1.0000001, σ² = RSS/(n − tr S), sphere of 6371.0 km), and by default \
            with the same choices: adaptive bisquare, AICc, from 40 + 2p neighbours to n. What \
            differs: every bandwidth of the range is evaluated instead of a golden section; above \
            5,000 rows the range grows until the optimum lies in its lower half; condition numbers \
            are those of √W X; a coefficient that its neighbourhood does not determine is left \
            empty and named instead of being made up.

            The table is CSV, GeoPackage, Shapefile or GeoJSON. A column may be given as ln(name), \
            log1p(name), sqrt(name) or asinh(name). Rows with a missing value are left out, counted \
            and named. Coefficients are on the scale of the columns as they are given.

            DIR then holds
              local.csv       per row, in input order: x, y, fitted, residual, std_residual,
                              influence, local_r2, condition_number, beta_*, se_*, t_*, and Cook's
                              distance, VIF, variance-decomposition proportions, the reason where
                              a row has no model
              local.gpkg      the same as points, for QGIS
              bandwidth.csv   RSS, tr S, AICc, AIC, BIC, CV and buffered CV at every bandwidth
              model.json      OLS and GWR side by side, coefficient quantiles, residual Moran's I
                              and correlograms, effective number of observations, warnings
              prediction.csv  with --predict: predictions, standard errors, coefficients
              maps.png        the coefficients, grey where |t| is below the corrected critical value
            A directory that this command wrote before is overwritten, any other content refused.

            Environment: SECTILE_INSTRUCTION_SET (baseline, v3, v4, neon) overrides the level of \
            the kernels; results do not depend on it.
            """
    )

    @Argument(help: "The table: CSV with a header, GeoPackage, Shapefile or GeoJSON.")
    var table: String
    @Option(help: "Column of abscissae or longitudes; default: the points of the layer.")
    var x: String?
    @Option(help: "Column of ordinates or latitudes; default: the points of the layer.")
    var y: String?
    @Option(help: "Column to be explained.")
    var response: String
    @Option(help: "Columns that explain it, separated by commas; the intercept is added.")
    var predictors: String
    @Option(help: "Weight by distance.")
    var kernel = SpatialKernel.bisquare
    @Option(help: "adaptive: a number of neighbours; fixed: a distance.")
    var bandwidth = BandwidthKind.adaptive
    @Option(
        help: """
            Use this bandwidth instead of searching: neighbours (the row itself counts), or a \
            distance in the unit of the coordinates (metres with --great-circle).
            """
    )
    var value: Double?
    @Option(help: "What the bandwidth is chosen by; bcv needs --buffer.")
    var criterion = BandwidthCriterion.aicc
    @Option(
        help: """
            Distance within which neighbours are left out when the buffered cross-validation \
            predicts; coordinate units, metres with --great-circle.
            """
    )
    var buffer: Double?
    @Option(help: "Smallest bandwidth searched; default 40 + 2p, or half the least distance.")
    var minimum: Double?
    @Option(help: "Largest bandwidth searched; default n (above 5,000: as far as needed).")
    var maximum: Double?
    @Flag(help: "Coordinates are longitude and latitude in degrees.")
    var greatCircle = false
    @Flag(
        help: """
            Accepted for scripts; changes nothing: columns are scaled inside by powers of two, \
            which alters no digit, and never standardised in the results.
            """
    )
    var noStandardise = false
    @Option(
        help: "A table of places to predict at, with the same coordinate and predictor columns."
    )
    var predict: String?
    @Option(help: "Level of the tests, before the correction α p / ENP.")
    var alpha = 0.05
    @Option(help: "Threads; default: one per core. Results do not depend on it.")
    var threads: Int?
    @Option(help: "A column of labels, such as names, copied to the results.")
    var label: String?
    @Option(help: "The layer, where the file has several.")
    var layer: String?
    @Option(help: "Encoding of a Shapefile's attributes, such as GBK, where it does not say.")
    var encoding: String?
    @Option(
        help: """
            Coordinate reference system for local.gpkg: EPSG:n, a PROJ string or WKT. Default: the \
            layer's, EPSG:4326 with --great-circle, otherwise none.
            """
    )
    var crs: String?
    @Option(help: "Directory of the results.")
    var output: String

    /// Kinds of bandwidth.
    enum BandwidthKind: String, ExpressibleByArgument, CaseIterable {
        case adaptive, fixed
    }

    /// The columns that are read.
    var columns: RegressionInput.Columns {
        RegressionInput.Columns(
            x: x,
            y: y,
            response: response,
            predictors: predictors.split(separator: ",").map {
                $0.trimmingCharacters(in: .whitespaces)
            },
            label: label,
            layer: layer,
            encoding: encoding
        )
    }

    func run() throws {
        let request = try request()
        do { try GDALRuntime.start(cacheBytes: 64 << 20) } catch {
            throw CommandError.failed("\(error)")
        }
        let input = try RegressionInput(path: table, columns: columns)
        let reference = try reference(of: input)
        let output = try RegressionOutput(directory: output)
        do {
            try run(request, input: input, reference: reference, output: output)
        } catch let error as RegressionError {
            output.abandon()
            throw CommandError.usage("\(table): \(error)")
        } catch {
            output.abandon()
            throw error
        }
    }

    private func run(
        _ request: RegressionAnalysis.Request,
        input: RegressionInput,
        reference: CoordinateReference,
        output: RegressionOutput
    ) throws {
        say(
            "\(input.table.rowCount - input.incompleteRows.count) complete rows, "
                + "\(input.table.parameterCount) coefficients; kernels \(request.instructionSet), "
                + "\(request.threads) threads"
        )
        let analysis = try RegressionAnalysis(table: input.table, request: request, progress: say)
        let warnings = analysis.warnings(input: input)
        for warning in warnings { say("warning: \(warning)") }
        let columns = analysis.localColumns(labels: input.labels)
        try output.write(columns, as: "local.csv")
        try output.write(Data(CurveTable(analysis.curve).csv.utf8), as: "bandwidth.csv")
        do {
            try output.writePoints(
                columns,
                x: input.table.x,
                y: input.table.y,
                reference: reference,
                as: "local.gpkg"
            )
        } catch let error as RasterError {
            throw CommandError.failed("\(error)")
        }
        if let predict {
            let prediction = try PredictionTable(
                path: predict,
                columns: self.columns,
                analysis: analysis
            )
            try output.write(prediction.columns, as: "prediction.csv")
            say("\(prediction.rowCount) predictions, \(prediction.failureCount) places without")
        }
        if let picture = try CoefficientMaps(analysis: analysis)?.png() {
            try output.write(Data(picture), as: "maps.png")
        }
        let document = ModelDocument(
            analysis: analysis,
            input: input,
            path: table,
            warnings: warnings,
            software: Version.all
        )
        try output.write(try document.encoded(), as: RegressionOutput.document)
        try output.publish()
        print(RegressionSummary(analysis: analysis).text(directory: self.output))
    }

    /// Checks the options that need no table.
    private func request() throws -> RegressionAnalysis.Request {
        var search = BandwidthSearchSettings()
        search.isAdaptive = bandwidth == .adaptive
        search.criterion = criterion
        search.minimum = minimum
        search.maximum = maximum
        search.bufferDistance = buffer
        guard columns.predictors.allSatisfy({ !$0.isEmpty }), !columns.predictors.isEmpty else {
            throw CommandError.usage("--predictors: '\(predictors)'; legal: names between commas")
        }
        if criterion == .bcv, buffer == nil {
            throw CommandError.usage("--criterion bcv needs --buffer, the distance left out")
        }
        guard alpha > 0, alpha < 1 else {
            throw CommandError.usage("--alpha: \(alpha); legal: between 0 and 1")
        }
        if value != nil, minimum != nil || maximum != nil {
            throw CommandError.usage("--value is no search: it excludes --minimum and --maximum")
        }
        let cores = ProcessInfo.processInfo.activeProcessorCount
        let count = threads ?? cores
        guard (1...1024).contains(count) else {
            throw CommandError.usage("--threads: \(count); legal: 1 to 1024")
        }
        return RegressionAnalysis.Request(
            kernel: kernel,
            metric: greatCircle ? .greatCircle : .planar,
            search: search,
            bandwidth: try givenBandwidth(),
            alpha: alpha,
            threads: count,
            instructionSet: try InstructionSet.ofEnvironment()
        )
    }

    private func givenBandwidth() throws -> Bandwidth? {
        guard let value else { return nil }
        guard bandwidth == .adaptive else { return .fixed(distance: value) }
        guard let neighbours = Int(exactly: value) else {
            throw CommandError.usage(
                "--value: \(value) is no number of neighbours; for a distance add --bandwidth fixed"
            )
        }
        return .adaptive(neighbours: neighbours)
    }

    /// A system without place on the earth, for coordinates that nothing is known about.
    private static let unknownReference = CoordinateReference(
        wkt: "LOCAL_CS[\"Undefined Cartesian SRS\",UNIT[\"unknown\",1]]",
        name: "undefined"
    )

    private func reference(of input: RegressionInput) throws -> CoordinateReference {
        do {
            if let crs { return try ReferenceParser.parse(crs) }
            if x == nil, let reference = input.reference { return reference }
            return greatCircle ? try ReferenceParser.parse("EPSG:4326") : Self.unknownReference
        } catch {
            throw CommandError.usage("--crs: \(error)")
        }
    }

    private func say(_ line: String) { StandardStreamSink.error.write(line: line) }
}
