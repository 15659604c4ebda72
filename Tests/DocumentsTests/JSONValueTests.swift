import Documents
import Foundation
import Testing

@Suite("JSON")
struct JSONValueTests {
  @Test func layout() {
    let value: JSONValue = ["b": 1, "a": [true, nil, 0.1], "empty": [], "none": .object([])]
    #expect(
      value.text() == """
        {
          "b": 1,
          "a": [
            true,
            null,
            0.1
          ],
          "empty": [],
          "none": {}
        }
        """)
    #expect(value.text(indent: 0) == #"{"b":1,"a":[true,null,0.1],"empty":[],"none":{}}"#)
    #expect(value["a"] == [true, nil, 0.1])
  }

  @Test func escapes() {
    let value = JSONValue.string("a\"b\\c\n\r\t\u{8}\u{C}\u{1}\u{7F}é🙂/")
    #expect(value.text() == #""a\"b\\c\n\r\t\b\f\u0001\u007fé🙂/""#)
  }

  @Test(arguments: [
    0.1, 1e-9, 1.0 / 3, Double.leastNonzeroMagnitude, 1.7976931348623157e308, 123_456_789.123, -0.0, 1e21,
    3.0, 2.5e-7,
  ])
  func doublesReadBackExactly(number: Double) throws {
    let text = JSONValue.double(number).text()
    // Two readers that share no code with the writer.
    let decoded = try JSONDecoder().decode([Double].self, from: Data("[\(text)]".utf8))
    #expect(decoded == [number])
    #expect(Double(text)?.bitPattern == number.bitPattern)
  }

  @Test func notANumberIsNull() {
    #expect(
      JSONValue.array([.double(.nan), .double(.infinity), .optional(nil)]).text(indent: 0)
        == "[null,null,null]")
  }

  @Test func readsBackAsADocument() throws {
    let value: JSONValue = ["x": ["y": 0.25, "text": "8", "list": [1, "two", nil]]]
    let document = try Document.parse(text: value.text(), file: "out.json")
    #expect(document.root.json == value)
  }
}
