/// What is answered while no replica of a service can.
struct WaitingPage {
  let service: String
  let condition: ServiceCondition
  let detail: String?

  /// - Parameter asPage: Whether for a browser, which asks again by itself.
  func answer(asPage: Bool) -> Answer {
    let text = "\(service) \(condition.words)"
    var answer =
      asPage
      ? Answer(status: 503, type: "text/html; charset=utf-8", body: page(text))
      : Answer(status: 503, body: ([text] + (detail.map { [$0] } ?? [])).joined(separator: "\n") + "\n")
    answer.fields.append(("Retry-After", condition.isOnItsWay ? "2" : "30"))
    return answer
  }

  private func page(_ text: String) -> String {
    let again = condition.isOnItsWay ? "<meta http-equiv=\"refresh\" content=\"2\">" : ""
    let detail = detail.map { "<p>\(Self.escaped($0))</p>" } ?? ""
    let hope = condition.isOnItsWay ? "<p>This page tries again every two seconds.</p>" : ""
    return """
      <!doctype html>
      <html lang="en"><head><meta charset="utf-8"><title>\(Self.escaped(text))</title>\(again)
      <style>body{font:16px/1.5 system-ui,sans-serif;margin:15vh auto;max-width:36em;padding:0 1em;color:#234}
      h1{font-size:1.4em}p{color:#567}</style></head>
      <body><h1>\(Self.escaped(text))</h1>\(detail)\(hope)</body></html>

      """
  }

  private static func escaped(_ text: String) -> String {
    text.unicodeScalars.reduce(into: "") { result, scalar in
      switch scalar {
      case "<": result += "&lt;"
      case ">": result += "&gt;"
      case "&": result += "&amp;"
      case "\"": result += "&quot;"
      case "'": result += "&#39;"
      default: result.unicodeScalars.append(scalar)
      }
    }
  }
}
