import Lattice

/// A window for requests whose cells nobody computes.
enum CellWindowFixture {
    static let window = CellWindow(rows: 0..<4, columns: 0..<4)
}
