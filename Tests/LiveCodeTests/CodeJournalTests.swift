import Containers
import FileWatch
import Synchronization
import Testing

@testable import LiveCode

@Suite("What changed since an image was built") struct CodeJournalTests {
  private func change(_ path: String) -> TreeChange { TreeChange(path: path, kind: .file) }

  @Test("a container that is made anew is of an image with the whole tree")
  func freshImages() async throws {
    let journal = CodeJournal()
    journal.built("first", of: "web", at: journal.mark)
    let builds = Mutex(0)
    let image = LiveImage(service: "web", journal: journal) {
      let mark = journal.mark
      let name = builds.withLock { builds in
        builds += 1
        return "image\(builds)"
      }
      // Changed while the image is built.
      if name == "image1" { journal.note([change("late")], of: "web") }
      journal.built(name, of: "web", at: mark)
      return name
    }
    #expect(try await image.current().image == "first")
    journal.note([change("a")], of: "other")
    #expect(try await image.current().image == "first")
    journal.note([change("a")], of: "web")
    let fresh = try await image.current()
    #expect(fresh.image == "image1")
    #expect(journal.changes(of: "web", since: fresh.mark).map(\.path) == ["late"])
    image.started("container", mark: fresh.mark)
    let arrivals = await journal.arrivals.next()
    #expect(arrivals == [CodeJournal.Arrival(service: "web", container: "container", mark: fresh.mark)])
    #expect(try await image.current().image == "image2")
    #expect(try await image.current().image == "image2")
  }
}

@Suite("Owners that COPY names") struct CopyOwnersTests {
  private let owners = CopyOwners(
    passwd: "root:x:0:0:r:/:\napp:x:7:8:a:/:\nlone:x:5:6::/:\n", group: "app:x:9:\nstaff:x:50:a,b\n")

  @Test(
    arguments: [
      (nil, 0, 0), ("app", 7, 9), ("lone", 5, 6), ("app:staff", 7, 50), ("12", 12, 12), ("12:34", 12, 34),
      ("app:34", 7, 34), ("nobody", 0, 0),
    ] as [(String?, UInt32, UInt32)])
  func numbers(_ owner: String?, _ user: UInt32, _ group: UInt32) {
    #expect(owners.numbers(owner).id == user)
    #expect(owners.numbers(owner).group == group)
  }
}
