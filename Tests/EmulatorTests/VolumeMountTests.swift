import Testing

@testable import Emulator

@Suite struct VolumeMountTests {
  /// Bug: code that writes to ./uploads, as in its image, wrote beside the volume without a word.
  @Test(
    arguments: [
      ("/app/uploads", "/home/me/web", "./uploads stays in /home/me/web/uploads"),
      ("/app/uploads/", "/home/me/web/", "./uploads stays in /home/me/web/uploads"),
      ("/data", "/", nil), ("/app/uploads", "/app", nil), ("/app/uploads", "/app/", nil),
      ("/app/uploads", "/ap", "./uploads stays in /ap/uploads"),
    ] as [(String, String, String?)])
  func aFolderOfTheSameNameIsNotTheVolume(path: String, folder: String, told: String?) {
    let mount = VolumeMount(volume: "files", directory: "/state/files", path: path)
    let line = mount.line(in: folder)
    #expect((line == nil) == (told == nil))
    #expect(told.map { line?.hasSuffix($0) == true && line?.contains("at \(path) ") == true } ?? true)
  }
}
