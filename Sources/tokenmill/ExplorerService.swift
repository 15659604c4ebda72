import Documents
import HTTPTypes
import HummingbirdCore
import NIOCore
import Studies

/// Routes of the page, and who may ask.
struct ExplorerService: Sendable {
  private let explorer: Explorer
  private let page: ExplorerPage

  /// A service on an explorer.
  init(_ explorer: Explorer, page: ExplorerPage) {
    self.explorer = explorer
    self.page = page
  }

  /// The answer to a request that came in at a port.
  func response(to request: Request, port: Int) async -> Response {
    guard Self.isOfThisPage(request, port: port) else {
      return Self.refusal(.forbidden, "only pages of this server may ask it")
    }
    let path = request.uri.path
    let isSimulation = path == "/api/simulation"
    guard request.method == (isSimulation ? .post : .get) else {
      var response = Self.refusal(.methodNotAllowed, "\(path) takes \(isSimulation ? "POST" : "GET")")
      response.headers[.allow] = isSimulation ? "POST" : "GET"
      return response
    }
    if let file = page.file(path) {
      return Self.response(.ok, file.type, ByteBuffer(bytes: file.bytes))
    }
    switch path {
    case "/api/scenarios": return Self.response(.ok, explorer.listing)
    case "/api/estimate":
      return await answer(request) { try await explorer.estimate($0.scenario, settings: $0.settings) }
    case "/api/curve":
      return await patiently(request) {
        try await explorer.curve($0.scenario, settings: $0.settings, axis: $0.axis)
      }
    case "/api/simulation":
      return await patiently(request) { try await explorer.simulate($0.scenario, settings: $0.settings) }
    default: return Self.refusal(.notFound, "there is nothing at \(path)")
    }
  }

  /// What a page asks about.
  private struct Question {
    var scenario = ""
    var settings: [String] = []
    var axis: String?

    init(_ request: Request) {
      for (key, value) in request.uri.queryParameters {
        switch key {
        case "scenario": scenario = String(value)
        case "set": settings.append(String(value))
        case "axis": axis = String(value)
        default: break
        }
      }
    }
  }

  /// Whether a request comes from the page or from a program, not from a page of somebody else.
  ///
  /// A foreign name that resolves to this machine stands in the host; a foreign page names itself as its origin.
  private static func isOfThisPage(_ request: Request, port: Int) -> Bool {
    let hosts = ["127.0.0.1", "localhost"].map { port == 80 ? $0 : "\($0):\(port)" }
    guard let host = request.head.authority?.lowercased(), hosts.contains(host) else { return false }
    if let origin = request.headers[.origin], origin != "http://\(host)" { return false }
    if let site = HTTPField.Name("Sec-Fetch-Site"), let value = request.headers[site] {
      // A link elsewhere may lead to the page itself, and to nothing else.
      return ["same-origin", "none"].contains(value) || request.uri.path == "/"
    }
    return true
  }

  private func answer(
    _ request: Request, _ body: (Question) async throws -> JSONValue
  ) async -> Response {
    do {
      return Self.response(.ok, try await body(Question(request)))
    } catch let problems as Problems {
      return Self.response(.badRequest, Self.json(problems.all.map(\.description)))
    } catch is Explorer.Superseded {
      return Self.refusal(.conflict, "a later simulation was asked for")
    } catch {
      return Self.refusal(.internalServerError, "\(error)")
    }
  }

  /// An answer that takes time, given up when whoever asked goes away.
  private func patiently(
    _ request: Request, _ body: (Question) async throws -> JSONValue
  ) async -> Response {
    do {
      var response = try await request.body.consumeWithCancellationOnInboundClose { _ in
        await answer(request, body)
      }
      response.headers[.connection] = "close"
      return response
    } catch {
      return Self.refusal(.requestTimeout, "nobody waits any more")
    }
  }

  private static func json(_ problems: [String]) -> JSONValue {
    ["problems": .array(problems.map { .string($0) })]
  }

  private static func refusal(_ status: HTTPResponse.Status, _ text: String) -> Response {
    response(status, json([text]))
  }

  private static func response(_ status: HTTPResponse.Status, _ value: JSONValue) -> Response {
    response(status, "application/json", ByteBuffer(string: value.text(indent: 0) + "\n"))
  }

  private static func response(_ status: HTTPResponse.Status, _ type: String, _ body: ByteBuffer) -> Response
  {
    var headers: HTTPFields = [
      .contentType: type + "; charset=utf-8", .cacheControl: "no-store", .xContentTypeOptions: "nosniff",
      .contentSecurityPolicy: "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
        + "img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    ]
    for (name, value) in [
      ("Referrer-Policy", "no-referrer"), ("Cross-Origin-Resource-Policy", "same-origin"),
    ] {
      if let name = HTTPField.Name(name) { headers[name] = value }
    }
    return Response(status: status, headers: headers, body: ResponseBody(byteBuffer: body))
  }
}
