import Testing

@testable import HealthProbes

/// Each server says in its own way that it takes nobody more.
@Suite struct FullServerTests {
  private static let failures: [ProbeFailure] = [
    postgresFailure(sqlState: "53300", message: "sorry, too many clients already"),
    postgresLoginFailure(sqlState: "53300", message: "too many connections for role \"app\""),
    mysqlFailure(code: 1040, message: "Too many connections"),
    mysqlFailure(
      code: 1203, message: "User app already has more than 'max_user_connections' active connections"),
    mysqlFailure(code: 1226, message: "User 'app' has exceeded the 'max_user_connections' resource"),
    redisFailure("ERR max number of clients reached"),
    redisFailure("ERR max number of clients + cluster connections reached"),
  ]

  @Test(arguments: failures) func allConnectionsAreUsed(_ failure: ProbeFailure) {
    #expect(kind(of: failure) == "exhausted")
    #expect("\(failure)".hasPrefix("all its connections are used: "))
  }

  @Test(arguments: [
    postgresFailure(sqlState: "53200", message: "out of memory"), mysqlFailure(code: 1041, message: "x"),
    redisFailure("ERR unknown command"),
  ])
  func otherShortagesAreNone(_ failure: ProbeFailure) { #expect(kind(of: failure) == "rejected") }
}
