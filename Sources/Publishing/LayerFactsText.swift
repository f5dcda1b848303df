import Analysis
import CarbonBalance

extension LayerModel {
    /// What is known of the layer beyond its numbers, in one sentence for every output.
    var factsText: String {
        let role = facts.role + (sink.map { " \($0.rawValue)" } ?? "")
        var parts = [
            "\(name): \(role)", "\(quantity.rawValue) in \(facts.unit)",
            "true resolution \(NumberText.compact(facts.supportMetres / 1000)) km",
        ]
        if let year = facts.year { parts.append("year \(year)") }
        if facts.isProxy { parts.append("proxy") }
        if let accounting = facts.accounting { parts.append("\(accounting) accounting") }
        if !facts.sectors.isEmpty {
            parts.append("sectors \(facts.sectors.joined(separator: ", "))")
        }
        if !facts.derivedFrom.isEmpty {
            parts.append("derived from \(facts.derivedFrom.joined(separator: ", "))")
        }
        if let source = facts.source { parts.append("source: \(source)") }
        return parts.joined(separator: "; ")
    }

    /// The same for machines.
    var factsObject: JSONValue {
        [
            "name": .text(name),
            "role": .text(facts.role),
            "sink": .optional(sink?.rawValue),
            "quantity": .text(quantity.rawValue),
            "unit": .text(facts.unit),
            "internalUnit": .text(internalUnit),
            "year": .optional(facts.year),
            "support_m": .number(facts.supportMetres),
            "proxy": .boolean(facts.isProxy),
            "accounting": .optional(facts.accounting),
            "sectors": .array(facts.sectors.map { .text($0) }),
            "derivedFrom": .array(facts.derivedFrom.map { .text($0) }),
            "source": .optional(facts.source),
        ]
    }
}
