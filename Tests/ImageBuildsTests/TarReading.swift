import Foundation
import Testing

/// What a tar archive holds, read apart from the code that writes it.
struct TarMember: Hashable {
  var name: String
  var type: Character
  var mode: Int
  var owner: Int
  var link: String
  var content: [UInt8]
}

func tarMembers(_ archive: [UInt8], sourceLocation: SourceLocation = #_sourceLocation) throws -> [TarMember] {
  var members: [TarMember] = []
  var records: [String: String] = [:]
  var place = 0
  while place + 512 <= archive.count {
    let block = archive[place..<place + 512]
    if block.allSatisfy({ $0 == 0 }) { break }
    func field(_ offset: Int, _ length: Int) -> String {
      String(decoding: block.dropFirst(offset).prefix(length).prefix { $0 != 0 }, as: UTF8.self)
    }
    func number(_ offset: Int, _ length: Int) throws -> Int {
      try #require(
        Int(field(offset, length).trimmingCharacters(in: .whitespaces), radix: 8),
        sourceLocation: sourceLocation)
    }
    let size = try number(124, 12)
    let type = Character(Unicode.Scalar(block[place + 156]))
    let content = Array(archive[(place + 512)..<min(archive.count, place + 512 + size)])
    place += 512 + (size + 511) / 512 * 512
    if type == "x" {
      for line in String(decoding: content, as: UTF8.self).split(separator: "\n") {
        let pair = line.drop { $0 != " " }.dropFirst().split(separator: "=", maxSplits: 1)
        if pair.count == 2 { records[String(pair[0])] = String(pair[1]) }
      }
      continue
    }
    let prefix = field(345, 155)
    let name = (prefix.isEmpty ? "" : prefix + "/") + field(0, 100)
    members.append(
      TarMember(
        name: records["path"] ?? name, type: type == "\0" ? "0" : type, mode: try number(100, 8),
        owner: try number(108, 8), link: records["linkpath"] ?? field(157, 100), content: content))
    records = [:]
  }
  try #require(place <= archive.count, sourceLocation: sourceLocation)
  return members
}
