import Essentials

/// Reads one instruction.
struct InstructionReader {
  let path: String
  let escape: UInt8
  let line: LogicalLine

  func read() throws(DockerfileError) -> DockerfileInstruction {
    let keyword = line.text.prefix { !$0.isBlank }
    let (flags, rest) = flags(line.text[keyword.endIndex...].trimmed)
    return DockerfileInstruction(
      line: line.line, lastLine: line.lastLine, kind: try kind(keyword.text.uppercased(), rest), flags: flags,
      heredocs: line.heredocs)
  }

  private func kind(_ keyword: String, _ rest: ArraySlice<UInt8>) throws(DockerfileError)
    -> DockerfileInstruction.Kind
  {
    if rest.isEmpty, keyword != "CMD", keyword != "ENTRYPOINT" {
      throw failure("\(keyword) wants something behind it")
    }
    switch keyword {
    case "FROM": return try from(rest)
    case "ARG": return .argument(try pairs(rest, keyword))
    case "ENV": return .environment(try assignments(rest, keyword))
    case "LABEL": return .label(try assignments(rest, keyword))
    case "WORKDIR": return .workingDirectory(rest.text)
    case "COPY":
      let words = try places(rest, keyword)
      return .copy(sources: words.dropLast(), destination: words.last ?? "")
    case "ADD":
      let words = try places(rest, keyword)
      return .add(sources: words.dropLast(), destination: words.last ?? "")
    case "RUN": return .run(command(rest))
    case "CMD": return .command(command(rest))
    case "ENTRYPOINT": return .entrypoint(command(rest))
    case "USER": return .user(rest.text)
    case "EXPOSE": return .expose(plainWords(rest).map(\.text))
    case "STOPSIGNAL": return .stopSignal(rest.text)
    case "SHELL":
      guard let words = list(rest), !words.isEmpty else { throw failure("SHELL wants the form [\"…\"]") }
      return .shell(words)
    case "VOLUME": return .volume(list(rest) ?? plainWords(rest).map(\.text))
    case "HEALTHCHECK": return .healthcheck(rest.text)
    case "ONBUILD": return .onBuild(rest.text)
    case "MAINTAINER": return .maintainer(rest.text)
    default: throw unknown(keyword)
    }
  }

  private func from(_ rest: ArraySlice<UInt8>) throws(DockerfileError) -> DockerfileInstruction.Kind {
    let words = plainWords(rest).map(\.text)
    if words.count == 1 { return .from(words[0], name: nil) }
    guard words.count == 3, words[1].lowercased() == "as" else {
      throw failure("FROM takes an image, or an image AS a name")
    }
    let name = words[2].lowercased()
    guard name.wholeMatch(of: #/[a-z][a-z0-9\-_.]*/#) != nil else {
      throw failure("\"\(words[2])\" cannot be the name of a stage")
    }
    return .from(words[0], name: name)
  }

  /// `A=1 B`: each name with or without a value.
  private func pairs(_ rest: ArraySlice<UInt8>, _ keyword: String) throws(DockerfileError)
    -> [DockerfileInstruction.Pair]
  {
    var pairs: [DockerfileInstruction.Pair] = []
    for word in shellWords(rest, escape: escape) {
      let parts = word.split(separator: Mark.equals, maxSplits: 1, omittingEmptySubsequences: false)
      guard let name = parts.first, !name.isEmpty else {
        throw failure("\(keyword) has a value without a name")
      }
      pairs.append(.init(name: name.text, value: parts.count == 2 ? parts[1].text : nil))
    }
    return pairs
  }

  /// `A=1 B=2`, or the old form `A all the rest`.
  private func assignments(_ rest: ArraySlice<UInt8>, _ keyword: String) throws(DockerfileError)
    -> [DockerfileInstruction.Pair]
  {
    guard let first = shellWords(rest, escape: escape).first, !first.contains(Mark.equals) else {
      let pairs = try pairs(rest, keyword)
      if let bare = pairs.first(where: { $0.value == nil }) {
        throw failure("\(keyword) \(bare.name) has no value: write \(bare.name)=…")
      }
      return pairs
    }
    let name = rest.prefix { !$0.isBlank }
    let value = rest[name.endIndex...].trimmed
    guard !value.isEmpty else { throw failure("\(keyword) \(name.text) has no value: write \(name.text)=…") }
    return [.init(name: name.text, value: value.text)]
  }

  private func places(_ rest: ArraySlice<UInt8>, _ keyword: String) throws(DockerfileError) -> [String] {
    let words = list(rest) ?? plainWords(rest).map(\.text)
    guard words.count >= 2 else { throw failure("\(keyword) wants at least a source and a destination") }
    return words
  }

  private func command(_ rest: ArraySlice<UInt8>) -> DockerfileCommand {
    list(rest).map { .exec($0) } ?? .shell(rest.text)
  }

  /// The JSON form; what is no list of texts is no such form.
  private func list(_ rest: ArraySlice<UInt8>) -> [String]? {
    guard rest.first == UInt8(ascii: "["), rest.last == UInt8(ascii: "]") else { return nil }
    return try? JSONDecoder().decode([String].self, from: Data(rest))
  }

  private func flags(_ rest: ArraySlice<UInt8>) -> ([DockerfileInstruction.Flag], ArraySlice<UInt8>) {
    var flags: [DockerfileInstruction.Flag] = []
    for word in shellWords(rest, escape: escape) {
      guard word.starts(with: [Mark.dash, Mark.dash]) else { return (flags, rest[word.startIndex...]) }
      // Two dashes alone end the flags.
      guard word.count > 2 else { return (flags, rest[word.endIndex...].trimmed) }
      let parts = word.dropFirst(2)
        .split(separator: Mark.equals, maxSplits: 1, omittingEmptySubsequences: false)
      flags.append(.init(name: (parts.first ?? []).text, value: parts.count == 2 ? parts[1].text : nil))
    }
    return (flags, rest[rest.endIndex...])
  }

  private func unknown(_ keyword: String) -> DockerfileError {
    let shown = keyword.unicodeScalars.count > 40 ? "\(keyword.unicodeScalars.prefix(40))…" : keyword
    return failure("there is no instruction \"\(shown)\"")
  }

  private func failure(_ message: String) -> DockerfileError {
    DockerfileError(path, line: line.line, message)
  }
}
