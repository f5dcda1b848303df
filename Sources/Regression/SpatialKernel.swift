internal import RegressionKernels

/// Weight of an observation as a function of u = distance / bandwidth.
///
/// Sources: Fotheringham, Brunsdon & Charlton (2002), *Geographically Weighted Regression*, ch. 2;
/// tricube: Cleveland (1979). All have K(0) = 1.
package enum SpatialKernel: String, CaseIterable, Codable, Sendable {
    /// (1 − u²)² for u < 1, else 0.
    case bisquare
    /// (1 − u³)³ for u < 1, else 0.
    case tricube
    /// 1 − u² for u < 1, else 0.
    case epanechnikov
    /// 1 for u < 1, else 0.
    case boxcar
    /// exp(−u² / 2); every observation has weight.
    case gaussian
    /// exp(−u); every observation has weight.
    case exponential

    /// Whether the weight is 0 from u = 1 on.
    package var isCompact: Bool { self != .gaussian && self != .exponential }

    /// Number of distance powers whose running sums give every bandwidth; 0 where none do.
    var momentSetCount: Int {
        switch self {
        case .boxcar: 1
        case .epanechnikov: 2
        case .bisquare: 3
        case .tricube: 4
        case .gaussian, .exponential: 0
        }
    }

    /// Code of this kernel in the kernel modules.
    var code: Int {
        switch self {
        case .boxcar: KernelCode.boxcar
        case .epanechnikov: KernelCode.epanechnikov
        case .bisquare: KernelCode.bisquare
        case .tricube: KernelCode.tricube
        case .gaussian: KernelCode.gaussian
        case .exponential: KernelCode.exponential
        }
    }

    /// Ratio u beyond which a neighbour is left out on grids.
    ///
    /// 1 for compact kernels. The gaussian and the exponential reach as far as there are observations;
    /// a tile cannot, so they are cut where the weight falls below 1e-4: √(2 ln 10⁴) and ln 10⁴.
    package var gridReach: Double {
        switch self {
        case .gaussian: 4.291_932_052_579_1
        case .exponential: 9.210_340_371_976_2
        default: 1
        }
    }

    /// Ratio u beyond which the weight is zero in double precision, or by definition.
    var reach: Double {
        switch self {
        case .gaussian: 37.7
        case .exponential: 708.5
        default: 1
        }
    }
}
