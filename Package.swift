// swift-tools-version: 6.2
import PackageDescription

/// Every Swift target compiles under the same rules; a warning fails the build.
let strict: [SwiftSetting] = [
  .treatAllWarnings(as: .error),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
]

/// A target of this package, its dependencies by name.
func library(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
  .target(name: name, dependencies: ["Essentials"] + dependencies, swiftSettings: strict)
}

/// The tests of one target, which may use the shared test support besides.
func tests(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
  .testTarget(
    name: "\(name)Tests",
    dependencies: [.byName(name: name), "DrydockTestSupport"] + dependencies,
    swiftSettings: strict)
}

/// What the C sources are compiled with: an overrun of a buffer on the stack, and one that the C library can see, ends
/// the program. The second needs an optimiser, and warns without one.
let hardened: [CSetting] = [
  .unsafeFlags([
    "-fstack-protector-strong", "-fno-strict-overflow", "-Wall", "-Wextra", "-Werror",
    "-Wno-missing-field-initializers",
  ]),
  .unsafeFlags(["-fstack-clash-protection"], .when(platforms: [.linux])),
  .define("_FORTIFY_SOURCE", to: "2", .when(configuration: .release)),
]

/// A small C program of this package.
///
/// The package manager would link the Swift runtime and its C++ library into it, which it has no use for and which
/// would double its memory. What is linked with a static runtime, the toolchain reads in its resource folder; in the
/// one that stands in for it here are no libraries, but the linker's flags: only what is used, every address bound
/// before the program runs and then read-only, no stack that can be executed.
func program(_ name: String) -> Target {
  let instead = Context.packageDirectory + "/Sources/plain-c"
  return .executableTarget(
    name: name, cSettings: hardened,
    linkerSettings: [
      .unsafeFlags(["-nostartfiles", "-static-stdlib", "-resource-dir", instead], .when(platforms: [.linux]))
    ])
}

let nioCore = Target.Dependency.product(name: "NIOCore", package: "swift-nio")
let sockets = [nioCore, .product(name: "NIOPosix", package: "swift-nio")]
let http = Target.Dependency.product(name: "NIOHTTP1", package: "swift-nio")
let nio = sockets + [http]
let webSocket = Target.Dependency.product(name: "NIOWebSocket", package: "swift-nio")
let arguments = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")
let subprocess = Target.Dependency.product(name: "Subprocess", package: "swift-subprocess")
let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let system = Target.Dependency.product(name: "SystemPackage", package: "swift-system")

let package = Package(
  name: "drydock",
  platforms: [.macOS(.v15)],
  products: [
    .executable(name: "drydock", targets: ["drydock"]),
    .executable(name: "drydock-keeper", targets: ["drydock-keeper"]),
    .executable(name: "drydock-mount", targets: ["drydock-mount"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
    .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
    .package(url: "https://github.com/apple/swift-system", from: "1.8.1"),
    .package(url: "https://github.com/swiftlang/swift-subprocess", from: "1.0.2"),
  ],
  targets: [
    .executableTarget(
      name: "drydock", dependencies: ["DrydockCommands"], swiftSettings: strict,
      // The static Swift runtime exports every symbol: eighteen thousand that each library loaded is looked up in.
      linkerSettings: [
        .unsafeFlags(["-Xlinker", "--no-export-dynamic"], .when(platforms: [.linux])),
        .unsafeFlags(
          ["-Xlinker", "-z", "-Xlinker", "relro", "-Xlinker", "-z", "-Xlinker", "now"],
          .when(platforms: [.linux], configuration: .release)),
      ]),
    program("drydock-keeper"),
    program("drydock-mount"),
    library(
      "DrydockCommands",
      [
        "AppState", "ByteStreams", "ConvoxEnvironment", "ConvoxManifest", "DrydockBase", "Emulator",
        "Engines", "HealthProbes", "LocalFiles", "LocalServer", "MonotonicTime", "NativeProcess", "Planning",
        "PortForwarding", "RackAPI", "Resources", "Servers", "Services", "TerminalProgress", "TestInstances",
        "Transfer", "TransportSecurity", arguments, logging,
      ]),
    library(
      "RackAPI",
      [
        "AppState", "ByteStreams", "ConvoxEnvironment", "ConvoxManifest", "DrydockBase", "Emulator",
        "Engines", "LocalFiles", "LocalServer", "MonotonicTime", "NativeProcess", "Planning",
        "PortForwarding", "PortListeners", "Resources", "Servers", "Services", "TerminalProgress", "Transfer",
      ] + nio),
    library(
      "TestInstances",
      [
        "AppState", "ConvoxEnvironment", "ConvoxManifest", "DrydockBase", "Emulator", "Engines",
        "HealthProbes", "LocalFiles",
        "LocalServer", "MonotonicTime", "NativeProcess", "Planning", "Resources", "Servers", "Services",
        "Transfer", "TransportSecurity", http, nioCore,
      ]),
    library(
      "LocalServer", ["DrydockBase", "MonotonicTime", "TerminalProgress", logging, webSocket] + nio),
    library(
      "AppState",
      [
        "ConvoxEnvironment", "ConvoxManifest", "DrydockBase", "LocalFiles", "MonotonicTime", "NativeProcess",
        "TransportSecurity", "CFileBirth", system,
      ]),
    library(
      "Planning", ["AppState", "ConvoxEnvironment", "ConvoxManifest", "DrydockBase", "Engines"]),
    library(
      "Servers",
      [
        "AppState", "ByteStreams", "Containers", "ConvoxEnvironment", "ConvoxManifest", "DockerEngine",
        "DrydockBase", "Engines", "HealthProbes", "LocalFiles", "MonotonicTime", "NativeProcess", "Planning",
        "PortListeners", "TransportSecurity", system,
      ]),
    library(
      "Resources",
      [
        "AppState", "ConvoxEnvironment", "ConvoxManifest", "DrydockBase", "Engines", "LocalFiles", "Planning",
        "TransportSecurity",
      ]),
    library(
      "Transfer",
      [
        "AppState", "ByteStreams", "ConvoxEnvironment", "DockerEngine", "DrydockBase", "Engines",
        "HealthProbes",
        "LocalFiles", "MonotonicTime", "NativeProcess", "Planning", "Resources", "Servers",
      ]),
    library(
      "Emulator",
      [
        "AppState", "Containers", "ConvoxEnvironment", "ConvoxManifest", "DockerEngine", "DrydockBase",
        "Engines", "HealthProbes", "LocalFiles", "MonotonicTime", "NativeProcess", "Planning",
        "PortForwarding", "Resources", "Servers", "TransportSecurity",
      ]),
    library(
      "ServiceRouter", ["DrydockBase", "MonotonicTime", "PortForwarding", "TransportSecurity"] + sockets),
    library(
      "Services",
      [
        "AppState", "ByteStreams", "Containers", "ConvoxEnvironment", "ConvoxManifest", "DockerEngine",
        "DrydockBase", "Emulator",
        "Engines", "FileWatch", "ImageBuilds", "LiveCode", "LocalFiles", "MonotonicTime", "NativeProcess",
        "Planning", "Resources", "Servers", "ServiceRouter", "SyslogDrains", "TransportSecurity",
      ]),
    library(
      "PortForwarding",
      ["DrydockBase", "NativeProcess", "PortListeners", "TransportSecurity"] + sockets),
    library(
      "Engines",
      [
        "ConvoxManifest", "ConvoxEnvironment", "DrydockBase", "HealthProbes", "MonotonicTime",
        "TransportSecurity",
      ]),
    library("ConvoxManifest", ["DrydockBase", "CLibYAML"]),
    library("ConvoxEnvironment", ["ConvoxManifest", "DrydockBase"]),
    library("Containers", ["DockerEngine", "DrydockBase", "MonotonicTime"]),
    library("DockerEngine", ["DrydockBase", "MonotonicTime", logging] + nio),
    library(
      "ImageBuilds",
      ["DockerEngine", "DrydockBase", "LocalFiles", "MonotonicTime", "TransportSecurity", logging, system]),
    library("FileWatch", ["DrydockBase", "LocalFiles", "MonotonicTime"]),
    library("SyslogDrains", ["DrydockBase", "MonotonicTime", "NativeProcess", "TransportSecurity"]),
    library(
      "LiveCode",
      [
        "Containers", "ConvoxManifest", "DockerEngine", "DrydockBase", "FileWatch", "ImageBuilds",
        "LocalFiles", "MonotonicTime",
      ]),
    library("LocalFiles", ["DrydockBase", system]),
    // Swift calls no function of variable arguments, such as syscall(2).
    .target(name: "CProcessDescriptor"),
    library(
      "NativeProcess",
      [
        "ByteStreams", "DrydockBase", "LocalFiles", "MonotonicTime", "PortListeners", "CProcessDescriptor",
        logging,
        subprocess, system,
      ]),
    library("ByteStreams", ["DrydockBase", "MonotonicTime", "CZlib"]),
    library(
      "HealthProbes",
      [
        "DrydockBase", "MonotonicTime", "PortListeners", "TransportSecurity", "CLibPQ", "CHiredis",
        "CMariaDB", logging,
      ]),
    library("PortListeners", ["CListeners", "DrydockBase"]),
    .target(name: "CListeners"),
    library("TransportSecurity", ["COpenSSL"]),
    library("TerminalProgress", ["DrydockBase"]),
    library("MonotonicTime", ["DrydockBase"]),
    library("DrydockBase"),
    .target(name: "Essentials", swiftSettings: strict),
    // Not system library targets, which would be linked: they load their libraries when those are first needed.
    .target(
      name: "CDynamicLibrary", cSettings: hardened,
      linkerSettings: [.linkedLibrary("dl", .when(platforms: [.linux]))]),
    .target(name: "CLibPQ", dependencies: ["CDynamicLibrary"], cSettings: hardened),
    .target(name: "CMariaDB", dependencies: ["CDynamicLibrary"], cSettings: hardened),
    .target(name: "COpenSSL", dependencies: ["CDynamicLibrary"], cSettings: hardened),
    .target(name: "CFileBirth", cSettings: hardened),
    .systemLibrary(
      name: "CHiredis", pkgConfig: "hiredis",
      providers: [.apt(["libhiredis-dev"]), .brew(["hiredis"])]),
    .systemLibrary(
      name: "CLibYAML", pkgConfig: "yaml-0.1", providers: [.apt(["libyaml-dev"]), .brew(["libyaml"])]),
    // Its pkg-config file has a flag that the package manager warns of; header and library are the system's anyway.
    .systemLibrary(name: "CZlib", providers: [.apt(["zlib1g-dev"]), .brew(["zlib"])]),
    library("DrydockTestSupport", ["MonotonicTime", "DockerEngine", "DrydockBase"] + nio),
    library("AppStateTestSupport", ["AppState", "DrydockBase", "Engines"]),
    library(
      "ServersTestSupport",
      [
        "AppState", "AppStateTestSupport", "ConvoxEnvironment", "ConvoxManifest", "DockerEngine",
        "DrydockBase", "DrydockTestSupport", "Engines", "HealthProbes", "MonotonicTime", "Planning",
        "Servers",
      ]),
    tests("Essentials"),
    tests("DrydockBase"),
    tests("LocalFiles", ["DrydockBase", system]),
    tests("ImageBuilds", ["DockerEngine", "DrydockBase", "MonotonicTime"]),
    tests("FileWatch", ["DrydockBase", "LocalFiles", "MonotonicTime"]),
    tests("ConvoxManifest"),
    tests("ConvoxEnvironment", ["ConvoxManifest"]),
    tests("DockerEngine", ["MonotonicTime"] + sockets),
    tests("Containers", ["DockerEngine", "MonotonicTime"]),
    tests("ByteStreams", ["DrydockBase"]),
    tests(
      "AppState", ["AppStateTestSupport", "ConvoxManifest", "DrydockBase", "Engines", "MonotonicTime"]),
    tests(
      "Planning",
      [
        "AppState", "AppStateTestSupport", "ConvoxManifest", "DrydockBase", "Engines", "Resources",
        "Servers", "ServersTestSupport",
      ]),
    tests(
      "Servers",
      [
        "AppState", "AppStateTestSupport", "ConvoxEnvironment", "ConvoxManifest", "DockerEngine",
        "DrydockBase", "Engines", "HealthProbes", "LocalFiles", "MonotonicTime", "NativeProcess", "Planning",
        "ServersTestSupport", "TransportSecurity",
      ]),
    tests(
      "Resources",
      [
        "AppState", "AppStateTestSupport", "ConvoxEnvironment", "ConvoxManifest", "DrydockBase", "Engines",
        "ServersTestSupport",
      ]),
    tests(
      "PortForwarding", ["AppStateTestSupport", "DrydockBase", "MonotonicTime", "TransportSecurity"]),
    tests("Transfer", ["ConvoxEnvironment", "DrydockBase", "Engines", "LocalFiles", "Servers"]),
    tests("NativeProcess", ["DrydockBase", "MonotonicTime", "drydock-keeper"]),
    tests(
      "HealthProbes",
      [
        "CDynamicLibrary", "ConvoxManifest", "DrydockBase", "MonotonicTime", "PortListeners",
        "TransportSecurity",
      ]),
    tests("PortListeners"),
    tests("TransportSecurity"),
    tests("TerminalProgress", ["DrydockBase"]),
    tests(
      "Engines",
      [
        "AppState", "AppStateTestSupport", "ConvoxEnvironment", "ConvoxManifest", "DrydockBase",
        "Emulator", "HealthProbes", "MonotonicTime", "Planning", "Resources", "Servers", "drydock-keeper",
      ]),
    tests(
      "Emulator",
      [
        "AppState", "AppStateTestSupport", "ConvoxEnvironment", "ConvoxManifest", "DrydockBase", "Engines",
        "HealthProbes", "MonotonicTime", "NativeProcess", "Planning", "PortForwarding", "Resources",
        "Servers", "ServersTestSupport", "Transfer", "TransportSecurity",
      ]),
    tests(
      "RackAPI",
      [
        "AppState", "ByteStreams", "DrydockBase", "Emulator", "Engines", "LocalFiles", "LocalServer",
        "MonotonicTime", "NativeProcess", "Resources", "Services", "drydock-keeper", nioCore, http,
      ]),
    tests(
      "TestInstances",
      [
        "AppState", "ConvoxEnvironment", "ConvoxManifest", "DrydockBase", "Engines", "MonotonicTime",
      ]),
    tests("LocalServer", ["MonotonicTime", nioCore, http]),
    tests(
      "ServiceRouter",
      [
        "MonotonicTime", "PortForwarding", "TransportSecurity",
        .product(name: "NIOEmbedded", package: "swift-nio"),
      ] + nio),
    tests(
      "Services",
      [
        "AppState", "AppStateTestSupport", "ConvoxManifest", "DrydockBase", "ImageBuilds", "MonotonicTime",
        "NativeProcess", "ServiceRouter", "SyslogDrains",
      ]),
    tests("SyslogDrains", ["NativeProcess"]),
    tests(
      "LiveCode",
      [
        "Containers", "ConvoxManifest", "DrydockBase", "FileWatch", "ImageBuilds", "LocalFiles",
        "MonotonicTime",
      ]),
    tests(
      "DrydockCommands",
      [
        "AppState", "ConvoxEnvironment", "ConvoxManifest", "DrydockBase", "Emulator", "Engines", "Planning",
        "Resources", "Services", "TerminalProgress", arguments,
      ]),
    .testTarget(
      name: "IntegrationTests",
      dependencies: [
        "DockerEngine", "DrydockBase", "MonotonicTime", "DrydockTestSupport", "drydock", "drydock-keeper",
        "drydock-mount",
      ],
      // Read where it lies: what an earlier release wrote.
      exclude: ["Fixtures"], swiftSettings: strict),
  ]
)
