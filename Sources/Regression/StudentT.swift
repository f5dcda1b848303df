/// Student's t distribution with real degrees of freedom.
package struct StudentT: Sendable {
    /// Degrees of freedom, above 0.
    package let degreesOfFreedom: Double

    /// Creates the distribution.
    package init(degreesOfFreedom: Double) {
        precondition(degreesOfFreedom > 0, "degrees of freedom must be above 0")
        self.degreesOfFreedom = degreesOfFreedom
    }

    /// P(|T| > |t|), the two-sided p-value; accurate to about 1e-13 relative, also in the far tail.
    package func twoSidedProbability(_ t: Double) -> Double {
        guard t.isFinite else { return t.isNaN ? .nan : 0 }
        let nu = degreesOfFreedom
        let square = t * t
        return regularisedIncompleteBeta(
            x: nu / (nu + square),
            complement: square / (nu + square),
            a: nu / 2,
            b: 0.5
        )
    }

    /// The t that |T| exceeds with the given probability in (0, 1): the two-sided critical value.
    package func criticalValue(twoSidedProbability probability: Double) -> Double {
        guard probability > 0 else { return .infinity }
        guard probability < 1 else { return 0 }
        var high = 1.0
        while twoSidedProbability(high) > probability, high < 1e300 { high *= 2 }
        var low = high > 1 ? high / 2 : 0
        // Bisection: 60 halvings reach the last place, and nothing can go astray.
        while true {
            let middle = low + (high - low) / 2
            guard middle > low, middle < high else { return middle }
            if twoSidedProbability(middle) > probability { low = middle } else { high = middle }
        }
    }
}
