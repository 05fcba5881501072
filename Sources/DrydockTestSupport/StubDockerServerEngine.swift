extension StubDockerServer {
  /// The answers by which a stub passes for an engine; every other request goes to `answer`, which finds its
  /// path prefixed by the version that was agreed on.
  package static func engine(
    api: String = "1.47", oldest: String = "1.24", answer: @escaping Handler = { _ in .reply(404) }
  ) -> Handler {
    { request in
      switch request.path {
      case "/_ping": .reply(200, "OK")
      case "/version":
        .reply(
          200,
          """
          {"Version":"27.3.1","ApiVersion":"\(api)","MinAPIVersion":"\(oldest)","Os":"linux","Arch":"amd64"}
          """)
      default: answer(request)
      }
    }
  }
}
