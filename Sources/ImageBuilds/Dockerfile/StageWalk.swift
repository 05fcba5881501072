import DrydockBase

extension Dockerfile {
  /// The stage that would run, its instructions carried out as far as that needs no engine.
  /// - Parameters:
  ///   - arguments: The build's arguments.
  ///   - base: What is known of the image at its bottom.
  package func running(
    development: Bool, arguments: [String: String] = [:], base: BaseImage = BaseImage()
  ) throws(DockerfileError) -> RunningStage {
    let stage = target(development: development)
    let globals = try globalValues(arguments)
    let chain = try resolvedChain(to: stage, globals)
    var walk = StageWalk(self, stage, image: chain.image, arguments, globals, base)
    for stage in chain.stages { try walk.carryOut(stage) }
    var result = walk.result
    var seen = Set(chain.stages.map(\.index))
    var open = result.stageCopies
    while let next = open.popLast() {
      guard let index = next.stage, stages.indices.contains(index), seen.insert(index).inserted else {
        continue
      }
      let other = try resolvedChain(to: stages[index], globals)
      var walk = StageWalk(self, stages[index], image: other.image, arguments, globals, BaseImage())
      for stage in other.stages { try walk.carryOut(stage) }
      result.foreignCopies += walk.result.copies.map { ForeignCopy(copy: $0, line: next.line) }
      open += walk.result.stageCopies
    }
    return result
  }

  /// The image at the bottom of the stage that would run.
  package func baseImage(development: Bool, arguments: [String: String] = [:]) throws(DockerfileError)
    -> String
  {
    try resolvedChain(to: target(development: development), try globalValues(arguments)).image
  }

  /// The stages a stage stands on, the lowest first, and the image under them.
  private func resolvedChain(to stage: DockerfileStage, _ globals: [String: String]) throws(DockerfileError)
    -> (stages: [DockerfileStage], image: String)
  {
    var chain = [stage]
    while true {
      let image = try expand(chain[0].base, globals, line: chain[0].line)
      // A stage stands on an earlier one only, so that there are no circles.
      guard let below = stages[..<chain[0].index].last(where: { $0.name == image.lowercased() })
      else { return (chain, image) }
      chain.insert(below, at: 0)
    }
  }

  /// The image that a stage begins with; empty where that is an earlier stage.
  func base(of stage: DockerfileStage, _ arguments: [String: String]) throws(DockerfileError) -> String {
    let name = try expand(stage.base, try globalValues(arguments), line: stage.line)
    return stages[..<stage.index].contains { $0.name == name.lowercased() } ? "" : name
  }

  /// The image that COPY --from names; empty where that is an earlier stage.
  func base(
    named from: String, before stage: DockerfileStage, line: Int, _ arguments: [String: String]
  ) throws(DockerfileError) -> String {
    let name = try expand(from, try globalValues(arguments), line: line)
    let isStage =
      Int(name).map { $0 < stage.index } ?? stages[..<stage.index].contains { $0.name == name.lowercased() }
    return isStage ? "" : name
  }

  /// The values of ARG before the first stage, which FROM may use and a stage may take over.
  private func globalValues(_ arguments: [String: String]) throws(DockerfileError) -> [String: String] {
    var values: [String: String] = [:]
    var total = 0
    for instruction in globalArguments {
      guard case .argument(let pairs) = instruction.kind else { continue }
      for pair in pairs {
        let written = try pair.value.map { value throws(DockerfileError) in
          try expand(value, values, line: instruction.line)
        }
        total += written?.utf8.count ?? 0
        guard total <= Self.expansionLimit else { throw tooMuch(instruction.line) }
        values[pair.name] = arguments[pair.name] ?? written
      }
    }
    return values
  }

  fileprivate func expand(_ text: String, _ values: [String: String], line: Int) throws(DockerfileError)
    -> String
  {
    do throws(VariableExpansion.TooLong) {
      return try VariableExpansion(escape: escape, values: values).expand(text)
    } catch {
      throw tooMuch(line)
    }
  }

  /// The most that all texts together may come to with their variables, in bytes.
  fileprivate static let expansionLimit = 4 << 20

  fileprivate func tooMuch(_ line: Int) -> DockerfileError {
    DockerfileError(path, line: line, "with the variables' values in it, the text is too long")
  }
}

/// Goes through the instructions of stages that stand on each other.
private struct StageWalk {
  private(set) var result: RunningStage
  private let file: Dockerfile
  private let given: [String: String]
  private let globals: [String: String]
  private let base: BaseImage
  private var environment: [String: String]
  /// ENV's values and, where it has none, ARG's, which end with their stage.
  private var values: [String: String] = [:]
  private var places: [String: Int] = [:]
  private var firstLive = 0
  private var total = 0
  private var hasOwnCommand = false
  private var folders: Set<String> = ["/"]

  init(
    _ file: Dockerfile, _ stage: DockerfileStage, image: String, _ given: [String: String],
    _ globals: [String: String], _ base: BaseImage
  ) {
    (self.file, self.given, self.globals, self.base) = (file, given, globals, base)
    environment = base.environment
    result = RunningStage(
      path: file.path, stage: stage, base: image,
      workingDirectory: Self.absolute(base.workingDirectory, in: "/"), user: base.user)
    result.command = base.command.map { .init(value: .exec($0), line: nil) }
    result.entrypoint = base.entrypoint.map { .init(value: .exec($0), line: nil) }
    noteFolder(result.workingDirectory)
  }

  mutating func carryOut(_ stage: DockerfileStage) throws(DockerfileError) {
    values = environment
    hasOwnCommand = false
    for instruction in stage.instructions { try carryOut(instruction) }
  }

  private mutating func carryOut(_ instruction: DockerfileInstruction) throws(DockerfileError) {
    let line = instruction.line
    switch instruction.kind {
    case .argument(let pairs): try takeArguments(pairs, line)
    case .environment(let pairs): try takeEnvironment(pairs, line)
    case .workingDirectory(let path):
      result.workingDirectory = try place(try expand(path, line), line)
      noteFolder(result.workingDirectory)
    case .copy(let sources, let destination): try takeCopy(instruction, sources, destination, isAdd: false)
    case .add(let sources, let destination): try takeCopy(instruction, sources, destination, isAdd: true)
    case .run:
      for index in firstLive..<result.copies.count { result.copies[index].runBehind = line }
      firstLive = result.copies.count
    case .command(let command):
      hasOwnCommand = true
      result.command = .init(value: command, line: line)
    case .entrypoint(let command):
      // As the engine has it: a CMD from below was meant for the program from below.
      if !hasOwnCommand { result.command = nil }
      result.entrypoint = .init(value: command, line: line)
    case .user(let user): result.user = try expand(user, line)
    case .expose(let ports):
      for port in ports {
        result.exposedPorts += plainWords(Array(try expand(port, line).utf8)[...]).map(\.text)
      }
    case .stopSignal(let signal): result.stopSignal = try expand(signal, line)
    case .shell(let words): result.shell = words
    case .from, .label, .volume, .healthcheck, .onBuild, .maintainer: break
    }
  }

  private mutating func takeArguments(_ pairs: [DockerfileInstruction.Pair], _ line: Int)
    throws(DockerfileError)
  {
    for pair in pairs {
      // ENV goes before ARG, wherever they stand.
      guard environment[pair.name] == nil else { continue }
      if let value = given[pair.name] {
        values[pair.name] = value
      } else if let written = pair.value {
        values[pair.name] = try expand(written, line)
      } else if let value = globals[pair.name] {
        values[pair.name] = value
      }
    }
  }

  private mutating func takeEnvironment(_ pairs: [DockerfileInstruction.Pair], _ line: Int)
    throws(DockerfileError)
  {
    // All values of one instruction are made from what was there before it.
    var new: [(name: String, value: String)] = []
    for pair in pairs {
      new.append((try expand(pair.name, line), try expand(pair.value ?? "", line)))
    }
    for (name, value) in new {
      (environment[name], values[name]) = (value, value)
      let pair = DockerfileInstruction.Pair(name: name, value: value)
      if let place = places[name] {
        result.environment[place] = pair
      } else {
        places[name] = result.environment.count
        result.environment.append(pair)
      }
    }
  }

  private mutating func takeCopy(
    _ instruction: DockerfileInstruction, _ sources: [String], _ destination: String, isAdd: Bool
  ) throws(DockerfileError) {
    let line = instruction.line
    if let from = instruction.flag("from") {
      let name = try expand(from, line)
      let stage = file.stages.last { $0.name == name.lowercased() }?.index ?? Int(name)
      result.stageCopies.append(StageCopy(line: line, from: name, stage: stage))
      return
    }
    var local: [String] = []
    for source in sources where !source.beginsExactly(with: "<<") {
      let source = try expand(source, line)
      if !isAdd || source.firstMatch(of: #/^(?:https?:\/\/|git@|git:\/\/)/#) == nil { local.append(source) }
    }
    guard !local.isEmpty else { return }
    let written = try expand(destination, line)
    let place = try place(written, line)
    let isFolder =
      sources.count > 1 || written.isEmpty || written.endsExactly(with: "/")
      || written.endsExactly(with: "/.")
      || written == "." || folders.contains(place)
    result.copies.append(
      ContextCopy(
        line: line, sources: local, destination: place, isIntoFolder: isFolder,
        owner: try expanded(instruction.flag("chown"), line),
        mode: try expanded(instruction.flag("chmod"), line),
        isAdd: isAdd))
    noteFolder(isFolder ? place : Self.absolute("..", in: place))
  }

  private mutating func expand(_ text: String, _ line: Int) throws(DockerfileError) -> String {
    let text = try file.expand(text, values, line: line)
    total += text.utf8.count
    guard total <= Dockerfile.expansionLimit else { throw file.tooMuch(line) }
    return text
  }

  private mutating func expanded(_ text: String?, _ line: Int) throws(DockerfileError) -> String? {
    guard let text else { return nil }
    return try expand(text, line)
  }

  /// A path from the working directory, no longer than a kernel would take it.
  private func place(_ path: String, _ line: Int) throws(DockerfileError) -> String {
    let place = Self.absolute(path, in: result.workingDirectory)
    guard place.utf8.count < 4096 else {
      throw DockerfileError(file.path, line: line, "the path has more than 4095 bytes")
    }
    return place
  }

  private mutating func noteFolder(_ path: String) {
    var path = path
    while folders.insert(path).inserted { path = Self.absolute("..", in: path) }
  }

  /// A path from another, absolute and without `.` and `..`.
  private static func absolute(_ path: String, in folder: String) -> String {
    let whole = path.beginsExactly(with: "/") ? path : "\(folder)/\(path)"
    return "/" + ContextCopy.cleaned(whole)
  }
}
