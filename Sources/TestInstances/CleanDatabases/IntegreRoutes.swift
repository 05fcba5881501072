import ConvoxEnvironment
import DrydockBase
import Essentials
import HealthProbes
import LocalServer
import NIOCore
import NIOHTTP1

/// The REST interface of IntegreSQL, on a pool.
struct IntegreRoutes: Sendable {
  let pool: DatabasePool
  /// How the app reaches the server.
  let endpoint: ResourceEndpoint
  /// What a client has to add to connect; nil for nothing.
  var parameters: [String: String]?
  /// The secret with which every path begins: clients of IntegreSQL send no password, and other users of this machine
  /// reach its ports as well.
  let key: String

  /// What comes before a version.
  var base: String { "/\(key)/api" }

  var routes: [Route] {
    let templates = "\(base)/v1/templates"
    return [
      .post(templates) { request, body in
        let hash: Result<String, any Error>
        do { hash = .success(try await Self.hash(request.headers, &body)) } catch { hash = .failure(error) }
        return await answering {
          let hash = try hash.get()
          let name = try await pool.initialize(hash)
          return try .json(TemplateBody(database: database(hash, name)))
        }
      },
      .put("\(templates)/:hash") { request, _ in
        await answering { try await done(pool.finalize(request["hash"])) }
      },
      .delete("\(templates)/:hash") { request, _ in
        await answering { try await done(pool.discard(request["hash"])) }
      },
      .get("\(templates)/:hash/tests") { request, _ in
        await answering {
          let (id, name) = try await pool.take(request["hash"])
          return try .json(TestDatabaseBody(database: database(request["hash"], name), id: id))
        }
      },
      .post("\(templates)/:hash/tests/:id/recreate") { request, _ in
        await answering { try await done(pool.recreate(request["hash"], Self.id(request))) }
      },
      .post("\(templates)/:hash/tests/:id/unlock") { request, _ in await unlock(request) },
      .delete("\(templates)/:hash/tests/:id") { request, _ in await unlock(request) },
      .delete("\(base)/v1/admin/templates") { _, _ in await answering { try await done(pool.reset()) } },
      .get("\(base)/drydock/clone") { request, _ in await clone(request.query["template"]) },
    ]
  }

  private func unlock(_ request: Request) async -> Reply {
    await answering { try await done(pool.unlock(request["hash"], Self.id(request))) }
  }

  /// The URL of a clean database for a shell: of a template by its hash, else of the app's own as it was the first time.
  private func clone(_ hash: String?) async -> Reply {
    await answering {
      if hash == nil { try await pool.adopt(endpoint.database) }
      var copy = endpoint
      copy.database = try await pool.take(hash ?? "").name
      return .text((copy.url ?? "") + "\n")
    }
  }

  private func done(_ result: Void) -> Reply { .noContent }

  private func database(_ hash: String, _ name: String) -> DatabaseBody {
    DatabaseBody(hash: hash, endpoint, name: name, parameters: parameters)
  }

  private static func id(_ request: Request) throws -> Int {
    guard let id = Int(request["id"]) else { throw PoolFailure.invalidID }
    return id
  }

  /// The hash in a body of JSON, or of a form, as some clients send it.
  @concurrent
  private static func hash(_ headers: HTTPHeaders, _ body: inout RequestBody) async throws -> String {
    let type = headers.first(name: "Content-Type")?.lowercased() ?? ""
    if type.hasPrefix("application/x-www-form-urlencoded") {
      return try await body.form(headers)["hash"] ?? ""
    }
    let bytes = try await body.whole()
    guard bytes.readableBytes > 0 else { throw PoolFailure.hashMissing }
    guard let request = try? JSONDecoder().decode(TemplateRequest.self, from: Data(bytes.readableBytesView))
    else {
      throw HTTPFailure(.badRequest, "the body is no JSON object with a hash")
    }
    return request.hash ?? ""
  }

  /// Failures are told as IntegreSQL tells them.
  private func answering(_ body: () async throws -> Reply) async -> Reply {
    do {
      return try await body()
    } catch {
      let (status, message) = Self.failure(error)
      return (try? .json(["message": message], status: status)) ?? .text(message, status: status)
    }
  }

  private static func failure(_ error: any Error) -> (HTTPResponseStatus, String) {
    switch error {
    case let error as PoolFailure: (HTTPResponseStatus(statusCode: error.status), error.message)
    case is ProbeFailure, is CancellationError: (.serviceUnavailable, PoolFailure.notReady.message)
    case let error as HTTPFailure: (error.status, error.message)
    case let error as StatementError: (.internalServerError, "\(error)")
    default: (.internalServerError, DrydockError(error).text)
    }
  }
}
