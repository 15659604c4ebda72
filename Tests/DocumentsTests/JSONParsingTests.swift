import Documents
import Testing

struct JSONParsingTests {
  /// What was printed prints the same again, on one line and indented.
  @Test(arguments: [
    "null", "true", "-0.0", "0", "3.0", "3", "1e-09", "0.1", "1e+20", "9223372036854775807",
    "\"a\\\"b\\\\c\\n\\t\\u0001ü😀\"", "[]", "{}", "[1,[2.5,[]],{}]", "{\"a\":1,\"b\":{\"c\":[null,false]}}",
  ])
  func comesBackAsItWas(text: String) throws {
    let value = try JSONValue(parsing: text)
    #expect(value.text(indent: 0) == text)
    #expect(try JSONValue(parsing: value.text()) == value)
  }

  @Test func readsWhatOthersWrite() throws {
    #expect(
      try JSONValue(parsing: " { \"k\" : [ 1 , 2E3 , \"\\u00e9\\ud83d\\ude00\\/\" ] }\r\n")
        == ["k": [1, 2000.0, "é😀/"]])
    // More than an Int holds.
    #expect(try JSONValue(parsing: "18446744073709551615") == .double(1.8446744073709552e19))
  }

  @Test(arguments: [
    ("", 0), ("[1,]", 3), ("{\"a\" 1}", 5), ("nul", 3), ("1 2", 2), ("\"a", 2), ("+1", 0), ("{a:1}", 1),
    ("\"\\ud83d\"", 7), ("[1e999]", 1), ("\"\n\"", 1),
  ])
  func refusesWhatIsNoJSON(text: String, offset: Int) {
    let error = #expect(throws: JSONSyntaxError.self) { try JSONValue(parsing: text) }
    #expect(error?.offset == offset)
  }

  @Test func deepNestingEnds() {
    #expect(throws: JSONSyntaxError.self) {
      try JSONValue(parsing: String(repeating: "[", count: 100_000))
    }
  }
}

struct FingerprintTests {
  private func text(_ parts: String...) -> String {
    var fingerprint = Fingerprint()
    for part in parts { fingerprint.add(part) }
    return fingerprint.text
  }

  @Test func tellsContentsApart() {
    let contents = [
      text(), text(""), text("a"), text("b"), text("ab"), text("a", "b"), text("a\0"), text("12345678"),
    ]
    #expect(contents.allSatisfy { $0.count == 32 })
    #expect(Set(contents).count == contents.count)
    #expect(text("12345678", "9") != text("123456789"))
  }

  /// Stores keep fingerprints: they are the same on every machine and in every version.
  @Test func staysTheSame() {
    #expect(text("tokenmill") == text("tokenmill"))
  }
}
