// What drydock uses of Foundation, and the C library, which Foundation itself would bring.
//
// The whole of Foundation is CoreFoundation and ICU besides: 40 MB of a program that starts for every command, and a
// fifth of the conformances that the runtime looks through for each generic type. Swift has no other way to pass
// imports on.
#if canImport(FoundationEssentials)
  @_exported import FoundationEssentials
#else
  @_exported import Foundation
#endif
#if canImport(Glibc)
  @_exported import Glibc
#elseif canImport(Musl)
  @_exported import Musl
#endif
