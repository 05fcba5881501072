import Testing

@testable import Containers

@Suite struct ImageUsersTests {
  @Test("Users of an image are found by name")
  func names() {
    let users = ImageUsers(passwd: "root:x:0:0:root:/root:/bin/sh\nredis:x:999:998::/:/bin/false\nodd\n:::\n")
    #expect(users["redis"] == ImageUsers.User(id: 999, group: 998))
    #expect(users["root"] == ImageUsers.User(id: 0, group: 0))
    #expect(users["odd"] == nil && users["postgres"] == nil)
  }
}
