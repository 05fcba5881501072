#if os(Linux)
  import DrydockTestSupport
  import Foundation
  import Testing

  /// What the linker and the compiler made of the programs, read from the files themselves.
  @Suite struct HardeningTests {
    /// Whether the programs are those of a release build.
    private static var isOptimised: Bool {
      ProcessInfo.processInfo.environment["DRYDOCK_TEST_PRODUCTS"]?.isEmpty == false
    }

    @Test("The programs are hardened", arguments: ["drydock", "drydock-keeper", "drydock-mount"])
    func hardened(_ name: String) throws {
      let file = try ELF(path: try BuiltProducts.executable(name))
      #expect(file.isPositionIndependent)
      #expect(file.stackFlags.map { $0 & 1 == 0 } == true, "the stack can be executed")
      #expect(file.hasReadOnlyRelocations)
      // A debug build of drydock has the Swift libraries' thousands of symbols to look up.
      if name != "drydock" || Self.isOptimised { #expect(file.bindsBeforeStart) }
      // As `make release` builds them.
      if Self.isOptimised { #expect(!file.hasOwnSearchPath, "libraries beside the program come first") }
    }

    @Test(
      "The helpers link the C library alone, and are compiled to notice overruns",
      arguments: ["keeper", "mount"])
    func helpers(_ name: String) throws {
      let file = try ELF(path: try BuiltProducts.executable("drydock-\(name)"))
      let others = file.libraries.filter { !$0.hasPrefix("libc.") && !$0.hasPrefix("ld-linux") }
      #expect(others.isEmpty)
      #expect(file.names("__stack_chk_fail"))
      if Self.isOptimised { #expect(file.names("__snprintf_chk") || file.names("__fprintf_chk")) }
    }

    @Test("As installed they are the same", arguments: ["drydock", "drydock-keeper", "drydock-mount"])
    func stripped(_ name: String) throws {
      let folder = FileManager.default.temporaryDirectory.appending(path: "drydock-elf-\(UUID().uuidString)")
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
      defer { try? FileManager.default.removeItem(at: folder) }
      let copy = folder.appending(path: name)
      let original = try BuiltProducts.executable(name)
      let strip = Process()
      strip.executableURL = URL(filePath: "/usr/bin/strip")
      strip.arguments = ["-o", copy.path, original]
      try strip.run()
      strip.waitUntilExit()
      try #require(strip.terminationStatus == 0)
      let (before, after) = (try ELF(path: original), try ELF(path: copy.path))
      #expect(before.traits == after.traits)
    }
  }

  /// The parts of a 64-bit ELF file that tell how it was linked (System V ABI, chapter 4 and 5).
  private struct ELF {
    private let bytes: Data
    private var dynamic: [(tag: Int, value: Int)] = []
    private var names = Data()
    private(set) var stackFlags: Int?
    private(set) var hasReadOnlyRelocations = false

    init(path: String) throws {
      bytes = try Data(contentsOf: URL(filePath: path), options: .mappedIfSafe)
      try #require(bytes.prefix(5) == Data([0x7f, 0x45, 0x4c, 0x46, 2]))
      let (table, size, count) = (number(at: 32, 8), number(at: 54, 2), number(at: 56, 2))
      var loads: [(address: Int, offset: Int, size: Int)] = []
      var dynamicAt: (offset: Int, size: Int)?
      for start in (0..<count).map({ table + $0 * size }) {
        let (offset, address, length) = (
          number(at: start + 8, 8), number(at: start + 16, 8), number(at: start + 32, 8)
        )
        switch number(at: start, 4) {
        case 1: loads.append((address, offset, length))
        case 2: dynamicAt = (offset, length)
        case 0x6474_e551: stackFlags = number(at: start + 4, 4)
        case 0x6474_e552: hasReadOnlyRelocations = true
        default: break
        }
      }
      let (offset, length) = try #require(dynamicAt)
      dynamic = stride(from: offset, to: offset + length, by: 16).map {
        (number(at: $0, 8), number(at: $0 + 8, 8))
      }
      let address = try #require(dynamic.first { $0.tag == 5 }?.value)
      let load = try #require(loads.first { ($0.address..<$0.address + $0.size).contains(address) })
      let start = address - load.address + load.offset
      names = bytes[start..<start + (dynamic.first { $0.tag == 10 }?.value ?? 0)]
    }

    private func number(at offset: Int, _ count: Int) -> Int {
      bytes[offset..<offset + count].reversed().reduce(0) { $0 << 8 | Int($1) }
    }

    /// ET_DYN.
    var isPositionIndependent: Bool { number(at: 16, 2) == 3 }

    /// DF_BIND_NOW in DT_FLAGS, or DF_1_NOW in DT_FLAGS_1.
    var bindsBeforeStart: Bool {
      dynamic.contains {
        $0.tag == 24 || ($0.tag == 30 && $0.value & 8 != 0) || ($0.tag == 0x6fff_fffb && $0.value & 1 != 0)
      }
    }

    /// DT_RPATH or DT_RUNPATH.
    var hasOwnSearchPath: Bool { dynamic.contains { $0.tag == 15 || $0.tag == 29 } }

    /// DT_NEEDED.
    var libraries: [String] {
      dynamic.filter { $0.tag == 1 }.map { entry in
        String(decoding: names.dropFirst(entry.value).prefix { $0 != 0 }, as: UTF8.self)
      }
    }

    /// Whether a symbol of another library is used.
    func names(_ symbol: String) -> Bool { names.range(of: Data("\(symbol)\0".utf8)) != nil }

    /// All of it, for comparison.
    var traits: [String] {
      ["\(isPositionIndependent) \(bindsBeforeStart) \(hasReadOnlyRelocations) \(stackFlags ?? -1)"]
        + libraries
    }
  }
#endif
