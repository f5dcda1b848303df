/// Numbers as people read them, without locale.
package enum NumberText {
    /// About three significant digits, with k, M, G for large values: `12.3k`, `0.045`, `-1.5`.
    package static func compact(_ value: Double) -> String {
        guard value.isFinite else { return value.isNaN ? "n/a" : (value < 0 ? "-∞" : "∞") }
        let size = abs(value)
        if size == 0 { return "0" }
        if size >= 1e12 { return fixed(value / 1e12, significant: 3) + "T" }
        if size >= 1e9 { return fixed(value / 1e9, significant: 3) + "G" }
        if size >= 1e6 { return fixed(value / 1e6, significant: 3) + "M" }
        if size >= 1e4 { return fixed(value / 1e3, significant: 3) + "k" }
        if size < 1e-4 { return scientific(value) }
        return fixed(value, significant: 3)
    }

    /// A whole number with a space between groups of three digits: `1 234 567`.
    package static func grouped(_ value: Int) -> String {
        let digits = Array(String(value.magnitude))
        var text = value < 0 ? "-" : ""
        for (index, digit) in digits.enumerated() {
            if index > 0, (digits.count - index).isMultiple(of: 3) { text += "\u{202F}" }
            text.append(digit)
        }
        return text
    }

    /// `significant` digits in positional notation, without trailing zeros behind the point.
    package static func fixed(_ value: Double, significant: Int) -> String {
        guard value.isFinite, value != 0 else { return value == 0 ? "0" : "n/a" }
        var magnitude = 0
        var scaled = abs(value)
        while scaled >= 10 {
            scaled /= 10
            magnitude += 1
        }
        while scaled < 1 {
            scaled *= 10
            magnitude -= 1
        }
        let decimals = max(0, significant - 1 - magnitude)
        return decimal(value, places: min(decimals, 12), trimsZeros: true)
    }

    /// A fixed number of digits behind the point; `|value|` below 9e15 / 10^places.
    package static func decimal(_ value: Double, places: Int, trimsZeros: Bool = false) -> String {
        guard value.isFinite else { return "n/a" }
        var power = 1.0
        for _ in 0..<places { power *= 10 }
        let scaled = (abs(value) * power).rounded()
        guard scaled < 9e15 else { return "\(value)" }
        let whole = Int(scaled)
        let divisor = Int(power)
        var text = String(whole / divisor)
        if places > 0 {
            let digits = String(whole % divisor)
            text += "." + String(repeating: "0", count: places - digits.utf8.count) + digits
            if trimsZeros {
                while text.hasSuffix("0") { text.removeLast() }
                if text.hasSuffix(".") { text.removeLast() }
            }
        }
        return value < 0 && whole != 0 ? "-" + text : text
    }

    private static func scientific(_ value: Double) -> String {
        var exponent = 0
        var significand = value
        while abs(significand) < 1 {
            significand *= 10
            exponent -= 1
        }
        return decimal(significand, places: 2, trimsZeros: true) + "e\(exponent)"
    }
}
