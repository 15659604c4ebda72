import Documents
import Foundation
import Testing

/// The whole text of the problems that stop a reading; empty where nothing does.
private func problems(of text: String) -> String {
  do {
    _ = try Document.parse(text: text, file: "x.yaml")
    return ""
  } catch {
    return error.description
  }
}

@Suite("Documents")
struct DocumentTests {
  @Test func treeKnowsItsPlaces() throws {
    let text = """
      name: test
      deployments:
        - model: llama
          parallel: { tensor: 8 }
      "odd key": ~
      """
    let document = try Document.parse(text: text, file: "x.yaml")
    #expect(document.root.entries?.map(\.key) == ["name", "deployments", "odd key"])
    let tensor = try #require(try document.node(at: "deployments[0].parallel.tensor"))
    #expect(tensor.path == "deployments[0].parallel.tensor")
    #expect(tensor.line == 4 && tensor.column == 25)
    #expect(tensor.place == "x.yaml:4")
    #expect(tensor.scalar?.int == 8)
    #expect(document.root["odd key"]?.path == "[\"odd key\"]")
    #expect(document.root["odd key"]?.isNull == true)
    #expect(try document.node(at: "deployments[1].parallel") == nil)
    #expect(try document.node(at: "name.more") == nil)
  }

  @Test func jsonIsYAML() throws {
    let document = try Document.parse(
      text: #"{"hidden_size": 8192, "torch_dtype": "bfloat16", "a": [1, 2.5e-1, true, null, "\u00e9\"x"]}"#,
      file: "c")
    #expect(
      document.root.json.text(indent: 0)
        == #"{"hidden_size":8192,"torch_dtype":"bfloat16","a":[1,0.25,true,null,"é\"x"]}"#)
  }

  @Test(arguments: [
    ("", "x.yaml: is empty, a YAML document is needed"),
    ("# only a comment\n", "x.yaml: is empty, a YAML document is needed"),
    ("---\n", "x.yaml: is empty, a YAML document is needed"),
    ("a: 1\nb: 2\na: 3\n", "x.yaml:1: duplicate key 'a'"),
    ("a:\n  1: x\n  \"1\": y\n", "x.yaml:3: a.1: duplicate key, first on line 2"),
    (
      "a: [1, 2\nb: 3\n",
      "x.yaml:2: not YAML: while parsing a flow sequence (from line 1) did not find expected ',' or ']'"
    ),
    (
      "a:\n\tb: 1\n",
      "x.yaml:2: not YAML: while scanning for the next token (from line 2) found character that cannot start any "
        + "token; indent with spaces, not tabs"
    ),
    ("a: *nowhere\n", "x.yaml:1: not YAML: found undefined alias"),
    ("a: 1\n---\nb: 2\n", "x.yaml:2: not YAML: but found another document"),
    ("? [1, 2]\n: x\n", "x.yaml:1: a key must be a plain text"),
    (
      "base: &b { x: 1 }\nc:\n  <<: *b\n",
      "x.yaml:3: c: merge keys (<<) are not supported; write the values out"
    ),
    ("a: \u{1}\n", "x.yaml:1: not YAML: control characters are not allowed"),
  ])
  func whatStopsReading(text: String, expected: String) {
    #expect(problems(of: text) == expected)
  }

  @Test func aliasesAreCopiedButDoNotExplode() throws {
    let small = try Document.parse(text: "a: &x [1, 2]\nb: *x\n", file: "x.yaml")
    #expect(try small.node(at: "b[1]")?.scalar?.int == 2)
    var bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
    for level in 1...9 {
      let aliases = Array(repeating: "*a\(level - 1)", count: 10).joined(separator: ", ")
      bomb += "a\(level): &a\(level) [\(aliases)]\n"
    }
    #expect(problems(of: bomb).hasSuffix("aliases expand to more values than the text has characters"))
  }

  @Test func deepNestingIsAProblem() {
    let text = String(repeating: "[", count: 100_000)
    #expect(problems(of: text).hasPrefix("x.yaml:1: not YAML: "))
  }

  @Test func files() throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent(
      "tokenmill-documents-\(getpid())")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    func message(_ name: String) -> String {
      do {
        _ = try Document.read(path: folder.path + name)
        return ""
      } catch {
        return error.description.replacing(folder.path, with: "")
      }
    }
    try Data("a: 1\n".utf8).write(to: folder.appendingPathComponent("good.yaml"))
    try Data([0x61, 0x3A, 0x20, 0xFF, 0xFE, 0x0A]).write(to: folder.appendingPathComponent("latin.yaml"))
    try Data().write(to: folder.appendingPathComponent("empty.yaml"))
    try Data(repeating: 0x20, count: Document.maximumBytes + 1).write(
      to: folder.appendingPathComponent("large.yaml"))
    #expect(message("/good.yaml") == "")
    #expect(message("/goood.yaml") == "/goood.yaml: no such file; did you mean '/good.yaml'?")
    #expect(message("/zzzzzz") == "/zzzzzz: no such file")
    #expect(message("") == ": is a directory, a file is needed")
    #expect(message("/latin.yaml") == "/latin.yaml: is not UTF-8 text")
    #expect(message("/empty.yaml") == "/empty.yaml: is empty, a YAML document is needed")
    #expect(
      message("/large.yaml") == "/large.yaml: is too large to be a configuration: 51 MB, at most 50 MB")
  }

  @Test(arguments: [
    ("8", 8, 8.0), ("-3", -3, -3), ("1e6", 1_000_000, 1e6), ("2.0", 2, 2), ("0", 0, 0), ("0.5", nil, 0.5),
    ("010", nil, nil), ("0x10", nil, nil), ("1_000", nil, nil), (".5", nil, nil), ("1.", nil, nil),
    ("1e999", nil, nil),
    ("nan", nil, nil), ("inf", nil, nil), ("", nil, nil), ("- 1", nil, nil),
    ("9223372036854775808", nil, 9.223372036854776e18),
  ])
  func numbers(text: String, int: Int?, double: Double?) {
    let scalar = Node.Scalar(text: text)
    #expect(scalar.int == int)
    #expect(scalar.double == double)
    #expect(Node.Scalar(text: text, isQuoted: true).int == nil)
    #expect(Node.Scalar(text: text, isQuoted: true).double == nil)
  }

  @Test(arguments: ["a", "a.b", "a[0].b", "a[10][2]", "a[\"b.c\"].d", "[\"x y\"]", "gb300-nvl72.tdp", "[0]"])
  func pathsRoundTrip(text: String) {
    #expect(DocumentPath(text)?.description == text)
  }

  @Test(arguments: [
    "", ".", "a.", ".a", "a..b", "a[", "a[x]", "a[-1]", "a[0", "a[0]b", "a b", "[\"x", "a[*]", "[\"\"]",
  ])
  func badPaths(text: String) {
    #expect(DocumentPath(text) == nil)
  }
}
