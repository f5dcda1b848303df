import Testing

@testable import Publishing

@Suite struct NumberTextTests {
    @Test(arguments: [
        (0.0, "0"), (1, "1"), (-1.5, "-1.5"), (0.0451, "0.0451"), (12_345, "12.3k"),
        (9_480_010_639, "9.48G"), (999.6, "1000"), (1e-7, "1e-7"), (.nan, "n/a"),
    ])
    func `numbers are short`(value: Double, text: String) {
        #expect(NumberText.compact(value) == text)
    }

    @Test func `digits are grouped by three`() {
        #expect(NumberText.grouped(1_234_567) == "1\u{202F}234\u{202F}567")
        #expect(NumberText.grouped(-999) == "-999")
        #expect(NumberText.grouped(0) == "0")
    }
}
