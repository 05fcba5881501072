import Testing

@testable import AppState

/// Which instance a folder means, by all that can be seen of both.
@Suite struct FolderMeaningTests {
  struct Case: Sendable, CustomTestStringConvertible {
    var testDescription: String
    var folder: FolderSighting
    var instances: [InstanceSighting]
    var meaning: FolderMeaning

    init(
      _ description: String, _ marks: [FolderMark], identity: FolderIdentity? = FolderMeaningTests.folder,
      name: String = "web", folderName: String = "web", _ instances: [InstanceSighting],
      _ meaning: FolderMeaning
    ) {
      testDescription = description
      folder = FolderSighting(marks: marks, identity: identity, name: name, folderName: folderName)
      self.instances = instances
      self.meaning = meaning
    }
  }

  static let folder = FolderIdentity(inode: 7, born: 1_000)
  static let (id, token) = ("abc123def456", "secrettokensecrettoken00")

  /// An instance with a token, its folder known.
  static func tokened(_ id: String = id, folder: FolderIdentity? = folder) -> InstanceState {
    var state = plain(id)
    (state.token, state.folder) = (token, folder)
    return state
  }
  /// One of a drydock that kept neither.
  static let old = plain(id)

  private static func plain(_ id: String) -> InstanceState {
    InstanceState(id: id, handle: "web", app: "web", path: "/apps/web", resourcePassword: "secret")
  }

  static func seen(
    _ state: InstanceState, _ place: InstanceSighting.Place, fits: Bool = false, knows: Bool = false
  ) -> InstanceSighting {
    InstanceSighting(state: state, place: place, isKnownByPassword: knows, fits: fits)
  }

  static let mark = FolderMark(id: id, token: token, home: "homehomehome")
  static let bare = FolderMark(id: id)
  static let other = FolderIdentity(inode: 7, born: 2_000)
  static let elsewhere = InstanceSighting.Place.elsewhere(isItsStill: false)
  static let original = InstanceSighting.Place.elsewhere(isItsStill: true)

  static let cases: [Case] = [
    Case("nothing known", [], [], .none(doubtful: [])),
    Case("id and token at its path", [mark], [seen(tokened(), .here)], .instance(tokened(), .marked)),
    Case("one of an older drydock at its path", [bare], [seen(old, .here)], .instance(old, .marked)),
    Case(
      "another home's id beside ours", [FolderMark(id: "foreign00000"), mark], [seen(tokened(), .here)],
      .instance(tokened(), .marked)),
    Case("moved", [mark], [seen(tokened(), .gone)], .instance(tokened(), .moved)),
    Case(
      "moved, and another folder at its path", [mark], [seen(tokened(), elsewhere)],
      .instance(tokened(), .moved)),
    Case(
      "moved, or a copy: its own folder cannot be seen", [mark], [seen(tokened(), .unknown)],
      .none(doubtful: [tokened()])),
    Case("a copy", [mark], [seen(tokened(), original)], .none(doubtful: [])),
    Case(
      "a committed id of another app, its folder there", [bare], identity: other,
      [seen(tokened(), original)], .none(doubtful: [])),
    Case(
      "a committed id of another app, its folder gone", [bare], identity: other, [seen(tokened(), .gone)],
      .none(doubtful: [tokened()])),
    Case(
      "a wrong token", [FolderMark(id: id, token: "guessedguessed")], identity: other,
      [seen(tokened(), .gone, fits: true)], .none(doubtful: [tokened()])),
    Case(
      "an older drydock's folder moved, nothing proves it", [bare], [seen(old, .gone)],
      .none(doubtful: [old])),
    Case(
      "an older drydock's folder moved with its passwords", [bare], [seen(old, .gone, knows: true)],
      .instance(old, .moved)),
    Case(
      "a password proves nothing where there is a token", [bare], identity: other,
      [seen(tokened(), .gone, knows: true)], .none(doubtful: [tokened()])),
    Case(
      "git clean: path, inode and birth agree", [], [seen(tokened(), .here)],
      .instance(tokened(), .identity)),
    Case(
      "a fresh clone at its path, resources fit", [], identity: other, [seen(tokened(), .here, fits: true)],
      .instance(tokened(), .resources)),
    Case(
      "another app at its path", [], identity: other, [seen(tokened(), .here)],
      .none(doubtful: [tokened()])),
    Case(
      "git clean of an older drydock's, resources fit", [], [seen(old, .here, fits: true)],
      .instance(old, .resources)),
    Case("git clean of an older drydock's, they do not fit", [], [seen(old, .here)], .none(doubtful: [old])),
    Case(
      "the inode again at another path, born later", [], identity: other, [seen(tokened(), .gone)],
      .none(doubtful: [])),
    Case(
      "the same folder at another path, without its id", [], [seen(tokened(), .gone)],
      .none(doubtful: [tokened()])),
    Case(
      "an inode without a time of birth", [], identity: FolderIdentity(inode: 7, born: nil),
      [seen(tokened(folder: FolderIdentity(inode: 7, born: nil)), .here)],
      .none(doubtful: [tokened(folder: FolderIdentity(inode: 7, born: nil))])),
    Case(
      "an app of that name and these resources without a folder", [], identity: other,
      [seen(tokened(), .gone, fits: true)], .none(doubtful: [tokened()])),
    Case(
      "two that were at this path", [],
      [seen(tokened(), .here, fits: true), seen(tokened("second000000"), .here, fits: true)],
      .none(doubtful: [tokened(), tokened("second000000")])),
    Case("made over a rack", [], [seen(old, .none)], .instance(old, .named)),
    Case(
      "made over a rack under another name", [], name: "shop", folderName: "shop", [seen(old, .none)],
      .none(doubtful: [])),
    Case(
      "made over a rack under the name that a repository gives itself", [], folderName: "clone",
      [seen(old, .none)], .none(doubtful: [old])),
    Case(
      "made over a rack under the folder's name, and the repository says another", [], name: "shop",
      [seen(old, .none)], .none(doubtful: [])),
  ]

  @Test(arguments: cases) func whichInstanceAFolderMeans(_ one: Case) {
    #expect(FolderMeaning.decide(one.folder, among: one.instances) == one.meaning)
  }

  @Test(arguments: [
    ("abc123def456\n", FolderMark(id: "abc123def456")),
    (
      "abc123def456 tokentoken homehomehome",
      FolderMark(id: "abc123def456", token: "tokentoken", home: "homehomehome")
    ),
    ("", nil), ("abc123def456 ../../x homehomehome", nil),
    ("abc123def456 tokentoken homehomehome more0000", nil),
  ])
  func marks(_ text: String, _ mark: FolderMark?) {
    #expect(FolderMark(text) == mark)
    if let mark { #expect(FolderMark(mark.text) == mark) }
  }
}
