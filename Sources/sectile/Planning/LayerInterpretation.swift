import Analysis
import CarbonBalance
import RasterIO

/// A layer in one readable line: what it amounts to, then how it was understood.
struct LayerInterpretation {
    /// The layer.
    let model: LayerModel
    /// What was read of its files; nil when nothing was.
    let survey: LayerSurvey?
    /// Where its values come from, in words.
    let origin: String

    /// The line.
    var text: String {
        let head = headline.map { "\($0); " } ?? ""
        return "\(model.name): \(head)\(model.facts.role), \(origin)"
    }

    /// The total and the mean over the study area: the figures by which a wrong unit is seen.
    private var headline: String? {
        guard let survey, let mean = survey.mean else { return nil }
        let about = survey.pixelsForEach > 1 ? "about " : ""
        let note =
            survey.pixelsForEach > 1 ? " (estimated from 1 in \(survey.pixelsForEach) pixels)" : ""
        switch model.reading.derivation {
        case .direction, .terrain:
            return "source \(Self.short(survey.minimum)) to \(Self.short(survey.maximum)) "
                + "\(model.facts.unit), mean \(Self.short(mean))\(note)"
        case .none, .layers, .distance, .density, .zones: break
        }
        switch model.quantity {
        case .total, .density:
            let unit = model.internalUnit.replacing(" km-2", with: "")
            // Of a plain count only "per km²" is left to say.
            let isCount = model.internalUnit.hasSuffix(" km-2")
            return "\(about)\(Self.short(survey.integral)) \(unit) in total, mean "
                + "\(Self.short(mean)) \(isCount ? "/km²" : model.internalUnit)\(note)"
        case .category where model.reading.isMode:
            return "classes \(Int(survey.minimum)) to \(Int(survey.maximum))\(note)"
        case .category:
            return "\(about)\(Self.short(100 * mean)) % of the area in classes "
                + "\(model.classes.map(String.init).joined(separator: ", "))\(note)"
        case .intensity, .angle:
            let unit = model.internalUnit == "1" ? "" : " \(model.internalUnit)"
            return "mean \(Self.short(mean))\(unit), \(Self.short(survey.minimum)) to "
                + "\(Self.short(survey.maximum))\(note)"
        }
    }

    /// What becomes of a sample, in words.
    static func conversion(_ model: LayerModel) -> String {
        switch model.reading.derivation {
        case .direction(let component, _):
            return "\(component.rawValue) of a direction in '\(model.facts.unit)'"
        case .terrain(.slope): return "slope in degrees of a height in m"
        case .terrain(.aspect(let component)):
            return "\(component.rawValue) of the aspect of a height in m"
        case .none, .layers, .distance, .density, .zones: break
        }
        switch model.quantity {
        case .total:
            return "total '\(model.facts.unit)' per source cell, divided by its ellipsoidal area, "
                + "times \(model.unitFactor) -> \(model.internalUnit)"
        case .density:
            return
                "density '\(model.facts.unit)' times \(model.unitFactor) -> \(model.internalUnit)"
        case .intensity, .angle: return "intensity in '\(model.internalUnit)', unconverted"
        case .category where model.reading.isMode: return "most frequent class"
        case .category: return "share of the cell in classes \(model.classes)"
        }
    }

    /// Three digits: 1.39e9, 147, 0.0123.
    static func short(_ number: Double) -> String {
        guard number.isFinite, number != 0 else { return number == 0 ? "0" : "\(number)" }
        var exponent = 0
        var digits = number.magnitude
        while digits >= 999.5 { digits /= 10; exponent += 1 }
        while digits < 99.95 { digits *= 10; exponent -= 1 }
        let rounded = Int(digits.rounded())
        let sign = number < 0 ? "-" : ""
        // The number is rounded × 10^exponent, rounded within 100…999.
        let power = exponent + 2
        func text(_ integer: Int, pointAfter places: Int) -> String {
            let all = "\(integer)"
            let whole = all.prefix(places)
            var rest = all.dropFirst(places)
            while rest.last == "0" { rest = rest.dropLast() }
            return rest.isEmpty ? "\(whole)" : "\(whole).\(rest)"
        }
        if power >= 6 || power < -3 { return "\(sign)\(text(rounded, pointAfter: 1))e\(power)" }
        if power >= 2 {
            return sign + "\(rounded)" + String(repeating: "0", count: power - 2)
        }
        if power >= 0 { return sign + text(rounded, pointAfter: power + 1) }
        let zeros = String(repeating: "0", count: -power - 1)
        var tail = "\(rounded)"[...]
        while tail.last == "0" { tail = tail.dropLast() }
        return "\(sign)0.\(zeros)\(tail)"
    }
}
