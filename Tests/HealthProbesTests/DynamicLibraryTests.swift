import CDynamicLibrary
import Foundation
import Testing

/// Libraries that are loaded when they are needed.
struct DynamicLibraryTests {
  private func load(_ library: String, _ functions: [String], into table: inout [UnsafeMutableRawPointer?])
    -> String?
  {
    let names = [strdup(library), nil]
    let wanted = functions.map { strdup($0) } + [nil]
    defer { (names + wanted).forEach { free($0) } }
    return drydock_load_library(
      names.map { UnsafePointer($0) }, wanted.map { UnsafePointer($0) }, &table
    ).map { String(cString: $0) }
  }

  @Test func functionsAreFound() throws {
    var table: [UnsafeMutableRawPointer?] = [nil, nil]
    #expect(load("libm.so.6", ["fabs", "sqrt"], into: &table) == nil)
    let pointer = try #require(table[0])
    let magnitude = unsafeBitCast(pointer, to: (@convention(c) (Double) -> Double).self)
    #expect(magnitude(-27) == 27)
  }

  @Test func whatIsMissingIsNamed() {
    var table: [UnsafeMutableRawPointer?] = [nil]
    #expect(load("libdrydock-none.so.1", ["fabs"], into: &table)?.contains("libdrydock-none.so.1") == true)
    #expect(load("libm.so.6", ["drydock_none"], into: &table)?.contains("drydock_none") == true)
  }
}
