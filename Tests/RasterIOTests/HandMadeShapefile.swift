import Foundation

/// A Shapefile of one square with one text attribute, byte by byte, without a `.cpg` or `.prj`.
enum HandMadeShapefile {
    /// Writes `.shp`, `.shx` and `.dbf`.
    static func write(to base: String, name: [UInt8]) throws {
        let points: [(Double, Double)] = [(0, 0), (0, 1), (1, 1), (1, 0), (0, 0)]
        var content = little(Int32(5)) + box + little(Int32(1)) + little(Int32(points.count))
        content += little(Int32(0))
        for (x, y) in points { content += little(x.bitPattern) + little(y.bitPattern) }
        let record = big(Int32(1)) + big(Int32(content.count / 2)) + content
        let index = big(Int32(50)) + big(Int32(content.count / 2))
        try save(header(bytes: 100 + record.count) + record, base + ".shp")
        try save(header(bytes: 100 + index.count) + index, base + ".shx")
        try save(table(name), base + ".dbf")
    }

    private static let box: [UInt8] = [0.0, 0, 1, 1].flatMap { little($0.bitPattern) }

    private static func header(bytes: Int) -> [UInt8] {
        big(Int32(9994)) + [UInt8](repeating: 0, count: 20) + big(Int32(bytes / 2))
            + little(Int32(1000)) + little(Int32(5)) + box + [UInt8](repeating: 0, count: 32)
    }

    private static func table(_ name: [UInt8]) -> [UInt8] {
        let width = 10
        var bytes: [UInt8] = [3, 126, 1, 1] + little(Int32(1)) + little(Int16(65))
        bytes += little(Int16(width + 1)) + [UInt8](repeating: 0, count: 20)
        bytes += Array("NAME".utf8) + [UInt8](repeating: 0, count: 7) + Array("C".utf8)
        bytes += [0, 0, 0, 0, UInt8(width), 0] + [UInt8](repeating: 0, count: 14) + [13]
        bytes += [32] + name + [UInt8](repeating: 32, count: width - name.count) + [26]
        return bytes
    }

    private static func little(_ number: some FixedWidthInteger) -> [UInt8] {
        var copy = number.littleEndian
        return unsafe withUnsafeBytes(of: &copy) { unsafe Array($0) }
    }

    private static func big(_ number: some FixedWidthInteger) -> [UInt8] {
        little(number.byteSwapped)
    }

    private static func save(_ bytes: [UInt8], _ path: String) throws {
        try Data(bytes).write(to: URL(fileURLWithPath: path))
    }
}
