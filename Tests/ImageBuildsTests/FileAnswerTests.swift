import Testing

@testable import ImageBuilds

@Suite struct FileAnswerTests {
  @Test func tellsWhatAChangeMeans() throws {
    let stage = try dockerfile(
      """
      FROM node AS assets
      COPY package.json js /src/
      RUN make
      FROM ruby
      WORKDIR /app
      COPY Gemfile Gemfile.lock ./
      RUN bundle install
      COPY --chown=app . .
      COPY config/prod.yml /etc/app/
      ADD data.tar.gz seeds.sql /data/
      COPY --from=assets /src/dist public
      """
    ).running(development: true)
    #expect(
      stage.answer(to: "Gemfile.lock")
        == .rebuild(line: 6, reason: "is copied here, and line 7 makes something of it"))
    #expect(
      stage.answer(to: "js/a.js")
        == .rebuild(line: 2, reason: "is copied here into a stage of which line 11 takes something"))
    #expect(
      stage.answer(to: "data.tar.gz") == .rebuild(line: 10, reason: "is an archive that is unpacked here"))
    let (tree, config) = (stage.copies[1], stage.copies[2])
    #expect(stage.answer(to: "app/a.rb") == .put([.init(path: "/app/app/a.rb", copy: tree)]))
    #expect(tree.owner == "app")
    #expect(
      stage.answer(to: "config/prod.yml")
        == .put([
          .init(path: "/app/config/prod.yml", copy: tree), .init(path: "/etc/app/prod.yml", copy: config),
        ]))
  }

  @Test func aFileThatTheImageDoesNotHold() throws {
    #expect(
      try dockerfile("FROM a\nCOPY src /src").running(development: false).answer(to: "README") == .nothing)
  }
}
