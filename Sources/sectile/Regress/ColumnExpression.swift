import Foundation
import RasterIO

/// A column of a table, or a function of one: `npp`, `ln(npp)`.
struct ColumnExpression: Hashable {
    /// Functions that may stand around a column's name.
    enum Function: String, CaseIterable {
        /// Natural logarithm; missing for values of 0 and below.
        case ln
        /// Natural logarithm of 1 + value; missing for values of −1 and below.
        case log1p
        /// Square root; missing below 0.
        case sqrt
        /// Inverse hyperbolic sine.
        case asinh

        /// The value, NaN where it is undefined.
        func callAsFunction(_ value: Double) -> Double {
            switch self {
            case .ln: value > 0 ? Foundation.log(value) : .nan
            case .log1p: value > -1 ? Foundation.log1p(value) : .nan
            case .sqrt: value >= 0 ? value.squareRoot() : .nan
            case .asinh: Foundation.asinh(value)
            }
        }
    }

    /// Name of the column.
    let column: String
    /// The function, if there is one.
    let function: Function?

    /// What the term is called in outputs: `npp`, `ln_npp`.
    var name: String { function.map { "\($0.rawValue)_\(column)" } ?? column }

    /// Reads an expression; a name that the table has is taken literally, parentheses and all.
    init(_ text: String, columnNames: [String]) {
        let parts = Function.allCases.compactMap { function -> (Function, String)? in
            guard text.hasPrefix("\(function.rawValue)("), text.hasSuffix(")") else { return nil }
            return (function, String(text.dropFirst(function.rawValue.count + 1).dropLast()))
        }
        if !columnNames.contains(text), let (function, column) = parts.first {
            self.column = column
            self.function = function
        } else {
            column = text
            function = nil
        }
    }

    /// The values; NaN is missing.
    func values(in table: Table) throws -> [Double] {
        try table.numbers(column).map { value in
            guard let value else { return .nan }
            return function.map { $0(value) } ?? value
        }
    }
}
