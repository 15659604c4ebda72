import Foundation
import Testing

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// The page of `tokenmill serve`, asked as a browser asks.
@Suite struct ServeTests {
  private let folder: Folder

  init() throws { folder = try Folder() }

  /// A program that serves.
  private final class Server {
    let process = Process()
    let port: Int
    private let errors = Pipe()

    init(_ arguments: [String], in folder: Folder) throws {
      process.executableURL = try Command.executable()
      process.arguments = ["serve"] + arguments
      process.currentDirectoryURL = folder.url
      process.standardError = errors
      process.standardInput = FileHandle.nullDevice
      try process.run()
      var said = ""
      while !said.contains("\n") {
        let data = errors.fileHandleForReading.availableData
        if data.isEmpty { break }
        said += String(decoding: data, as: UTF8.self)
      }
      let match = try #require(
        said.firstMatch(of: #/^(\d+) scenarios? at http://127\.0\.0\.1:(\d+)/, Ctrl-C stops\n/#), "\(said)")
      port = try #require(Int(match.2))
    }

    deinit { if process.isRunning { process.terminate() } }

    /// What else it says on standard error until it ends.
    func rest() -> String {
      String(decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    }

    /// Status, head and body of an answer.
    func ask(_ path: String, method: String = "GET", host: String? = nil, fields: [String] = []) throws
      -> (status: Int, head: String, body: String)
    {
      let lines =
        ["\(method) \(path) HTTP/1.1", "Host: \(host ?? "127.0.0.1:\(port)")", "Connection: close"] + fields
      let text = try exchange(lines.joined(separator: "\r\n") + "\r\n\r\n")
      let parts = try #require(text.firstRange(of: "\r\n\r\n"))
      let head = String(text[..<parts.lowerBound])
      let status = try #require(head.split(separator: " ").dropFirst().first.flatMap { Int($0) })
      return (status, head, String(text[parts.upperBound...]))
    }

    func json(_ path: String, method: String = "GET") throws -> [String: Any] {
      let answer = try ask(path, method: method)
      #expect(answer.status == 200, "\(answer.body)")
      return try #require(try JSONSerialization.jsonObject(with: Data(answer.body.utf8)) as? [String: Any])
    }

    private func exchange(_ request: String) throws -> String {
      #if canImport(Glibc)
        let stream = Int32(SOCK_STREAM.rawValue)
      #else
        let stream = SOCK_STREAM
      #endif
      let descriptor = socket(AF_INET, stream, 0)
      let handle = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
      var address = sockaddr_in()
      address.sin_family = sa_family_t(AF_INET)
      address.sin_port = in_port_t(UInt16(port).bigEndian)
      address.sin_addr.s_addr = in_addr_t(UInt32(0x7F00_0001).bigEndian)
      let length = socklen_t(MemoryLayout<sockaddr_in>.size)
      let status = withUnsafePointer(to: &address) {
        $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { connect(descriptor, $0, length) }
      }
      try #require(status == 0, "no connection to port \(port)")
      try handle.write(contentsOf: Data(request.utf8))
      return String(decoding: try handle.readToEnd() ?? Data(), as: UTF8.self)
    }
  }

  @Test func aPageAndItsAnswers() throws {
    let server = try Server(["chat.yaml", "--port", "0"], in: folder)
    let page = try server.ask("/")
    #expect(page.status == 200 && page.body.contains("<script src=\"explorer.js\" defer>"))
    #expect(page.head.contains("default-src 'none'; script-src 'self'"))
    for link in ["http:", "https:"] { #expect(!page.body.contains(link)) }
    #expect(try server.ask("/explorer.js").head.contains("text/javascript"))
    #expect(try server.ask("/explorer.css").body.contains("prefers-color-scheme"))

    let scenarios = try #require(try server.json("/api/scenarios")["scenarios"] as? [[String: Any]])
    #expect(scenarios.map { $0["name"] as? String } == ["A small chat"])
    let question = "scenario=chat.yaml&set=workload%5B0%5D.arrivals.rate%3D24"
    let answer = try server.json("/api/estimate?" + question)
    let estimate = try #require(answer["estimate"] as? [String: Any])
    let command = try Command.run(
      "estimate", "chat.yaml", "--set", "workload[0].arrivals.rate=24 req/s", "--json", "-", "-q", in: folder)
    let own = try #require(
      try JSONSerialization.jsonObject(with: Data(command.output.utf8)) as? [String: Any])
    for key in ["latency_seconds", "throughput", "stated_error"] {
      #expect(estimate[key] as? NSDictionary == own[key] as? NSDictionary, "\(key)")
    }
    let curve = try server.json("/api/curve?" + question)
    #expect((curve["pictures"] as? String)?.contains("<svg") == true)
    let simulation = try server.json("/api/simulation?" + question, method: "POST")
    #expect(simulation["simulated"] as? Bool == true)
    #expect(
      (try server.json("/api/curve?" + question)["pictures"] as? String)?.contains("simulation") == true)
  }

  @Test func refusals() throws {
    let server = try Server(["chat.yaml", "--port", "0"], in: folder)
    #expect(try server.ask("/none").status == 404)
    #expect(try server.ask("/../../etc/passwd").status == 404)
    #expect(try server.ask("/", method: "POST").status == 405)
    #expect(try server.ask("/api/simulation?scenario=chat.yaml").status == 405)
    #expect(try server.ask("/", host: "tokenmill.example:\(server.port)").status == 403)
    #expect(try server.ask("/", host: "localhost:\(server.port)").status == 200)
    #expect(try server.ask("/api/scenarios", fields: ["Origin: http://tokenmill.example"]).status == 403)
    #expect(try server.ask("/api/scenarios", fields: ["Sec-Fetch-Site: cross-site"]).status == 403)
    #expect(try server.ask("/", fields: ["Sec-Fetch-Site: cross-site"]).status == 200)
    let wrong = try server.ask("/api/estimate?scenario=chat.yaml&set=site.system%3Dh100-sxn")
    #expect(wrong.status == 400)
    let said = try Command.run("estimate", "chat.yaml", "--set", "site.system=h100-sxn", in: folder)
    let problem = try #require(said.errors.split(separator: "\n").first?.dropFirst("error: ".count))
    #expect(wrong.body.contains(problem), "\(wrong.body)")
    #expect(try server.ask("/api/estimate?scenario=other.yaml").status == 400)
  }

  @Test func controlCStops() throws {
    let server = try Server(["chat.yaml", "--port", "0"], in: folder)
    #expect(try server.ask("/").status == 200)
    server.process.interrupt()
    server.process.waitUntilExit()
    #expect(server.rest() == "stopped\n")
    // As of any command that is interrupted: 130 of a shell.
    #expect(server.process.terminationReason == .uncaughtSignal && server.process.terminationStatus == SIGINT)
  }

  @Test func whatIsWrongIsSaidAtOnce() throws {
    let server = try Server(["chat.yaml", "--port", "0"], in: folder)
    let busy = try Command.run("serve", "chat.yaml", "--port", "\(server.port)", in: folder)
    #expect(busy.status == 2)
    #expect(
      busy.errors == "error: port \(server.port): is in use by another program; --port 0 takes a free one\n")
    let missing = try Command.run("serve", in: folder)
    #expect(missing.status == 2 && missing.errors == "error: scenarios: no such file\n")
    let port = try Command.run("serve", "chat.yaml", "--port", "70000", in: folder)
    #expect(port.status == 2 && port.errors.contains("--port takes 0 to 65535."))
  }
}
