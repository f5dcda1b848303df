import Messaging
import Testing

@Suite struct ZeroMQLibraryTests {
    @Test
    func `the library in use is accepted`() {
        #expect(throws: Never.self) { try ZeroMQLibrary.current.validate() }
    }

    @Test(arguments: [[4, 3, 3], [4, 2, 99], [3, 9, 9]])
    func `an older library is refused with both versions`(_ version: [Int]) throws {
        let library = ZeroMQLibrary(version: version, hasCurve: true)
        let error = #expect(throws: MessagingError.self) { try library.validate() }
        #expect(error?.code == .libraryTooOld)
        #expect(error?.message.contains(library.versionText) == true)
        #expect(error?.message.contains("4.3.4") == true)
    }

    @Test(arguments: [[4, 3, 4], [4, 3, 5], [4, 4, 0], [5, 0, 0]])
    func `the oldest release and later ones are accepted`(_ version: [Int]) {
        let library = ZeroMQLibrary(version: version, hasCurve: true)
        #expect(throws: Never.self) { try library.validate() }
    }

    @Test
    func `a library without encryption is refused`() {
        let library = ZeroMQLibrary(version: [4, 3, 5], hasCurve: false)
        let error = #expect(throws: MessagingError.self) { try library.validate() }
        #expect(error?.code == .curveUnavailable)
    }
}
