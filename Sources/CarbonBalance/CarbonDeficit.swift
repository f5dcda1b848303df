import Lattice

/// The forms of the carbon deficit and the rules for the cells where they end.
package enum CarbonDeficit {
    /// Decides a cell: one rule for each row of the truth table, in its order of precedence.
    ///
    /// Outside; invalid (E < 0); both, emission or sink missing; water; partly observed; ecosystem
    /// source (S < 0); empty; pure sink; below the floor; regular. For a cell of water the sink is not
    /// missing: the policy says what it is.
    ///
    /// - Parameters:
    ///   - emission: E as stored, tCO2 km⁻² yr⁻¹; NaN or infinite is missing.
    ///   - sink: S as stored, likewise.
    ///   - emissionValid: valid fraction of E, 0…1.
    ///   - sinkValid: valid fraction of S, 0…1; not asked for in a cell of water.
    ///   - water: whether the cell is water.
    ///   - inside: whether it lies in the study area.
    ///   - parameters: floor, policy and minimum fraction.
    /// - Returns: the status, and E and S as the formulas take them.
    package static func balance(
        emission: Float,
        sink: Float,
        emissionValid: Float,
        sinkValid: Float,
        water: Bool,
        inside: Bool,
        parameters: DeficitParameters
    ) -> CellBalance {
        guard inside else { return .without(.outside) }
        guard !(emission < 0 && emission.isFinite) else { return .without(.invalidEmission) }
        switch (emission.isFinite, sink.isFinite || water) {
        case (false, false): return .without(.bothMissing)
        case (false, true): return .without(.emissionMissing)
        case (true, false): return .without(.sinkMissing)
        case (true, true): break
        }
        if water, parameters.waterPolicy == .mask { return .without(.water) }
        // Adding zero turns −0 into +0, so that no quotient takes its sign from it.
        let e = Double(emission) + 0
        let s = water ? 0 : Double(sink) + 0
        let minimum = parameters.minimumValidFraction
        let isPartly =
            !(Double(emissionValid) >= minimum) || !(water || Double(sinkValid) >= minimum)
        let status: BalanceStatus =
            if water {
                .water
            } else if isPartly {
                .partlyObserved
            } else if s < 0 {
                .ecosystemSource
            } else if e == 0 {
                s == 0 ? .empty : .pureSink
            } else if e < parameters.emissionFloor {
                .belowFloor
            } else {
                .regular
            }
        return CellBalance(status: status, emission: e, sink: s)
    }

    /// The value of a variant for an emission and a sink; NaN where it is not defined.
    ///
    /// Serves cells and, with sums instead of densities, cities and the nation: then the floor is a
    /// matter of units, and the caller passes it in theirs.
    package static func value(
        of variant: DeficitVariant,
        emission e: Double,
        sink s: Double,
        denominator: Double = .nan,
        parameters: DeficitParameters
    ) -> Double {
        guard e >= 0, e.isFinite, s.isFinite else { return .nan }
        let deficit = e - s
        let floor = parameters.emissionFloor
        switch variant {
        case .absolute: return deficit
        case .relative: return e >= floor ? deficit / e : .nan
        case .normalised:
            let whole = e + s.magnitude
            return whole > 0 ? deficit / whole : .nan
        case .logRatio: return s >= 0 ? CanonicalMath.log((e + floor) / (s + floor)) : .nan
        case .relativeToSink: return s > 0 ? deficit / s : .nan
        case .pressure: return s > 0 ? e / s : .nan
        case .compensation: return e >= floor ? s / e : .nan
        case .perCapita, .perGDP: return denominator > 0 ? deficit / denominator : .nan
        case .asinh:
            guard let scale = parameters.asinhScale, scale > 0 else { return .nan }
            return CanonicalMath.asinh(deficit / scale)
        }
    }
}
