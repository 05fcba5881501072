import ConvoxEnvironment
import Testing

@Suite struct URLAddressTests {
  @Test(
    arguments: [
      ("postgres://app:pw@127.0.0.1:15999/app", "postgres", "127.0.0.1", 15999),
      ("127.0.0.1:15998", nil, "127.0.0.1", 15998),
      ("rediss://:p@ss/w:rd@cache.example.org:6380/0", "rediss", "cache.example.org", 6380),
      ("postgres://app:a:b@db/app?sslmode=require&x=a@b", "postgres", "db", nil),
      ("redis://[::1]:6379/0", "redis", "::1", 6379),
      ("TCP+TLS://logs.example.org:6514", "tcp+tls", "logs.example.org", 6514),
      ("https://example.org", "https", "example.org", nil),
    ] as [(String, String?, String, Int?)])
  func whereAURLPoints(_ url: String, _ scheme: String?, _ host: String, _ port: Int?) throws {
    let address = try #require(URLAddress(url))
    #expect(address.scheme == scheme && address.host == host && address.port == port, "\(address)")
  }

  @Test(arguments: [
    "", "redis://", "redis://:6379", "host:port", "host:0", "host:65536", "redis://[::1", "[::1]x",
  ])
  func whatPointsNowhere(_ url: String) { #expect(URLAddress(url) == nil) }
}
