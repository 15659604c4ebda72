import Documents
import Testing

struct CSVTextTests {
  /// The rules of RFC 4180, section 2.
  @Test func quotesWhereTheyAreNeeded() {
    #expect(CSVText.line(["a", "b c", "1.5"]) == "a,b c,1.5\n")
    #expect(
      CSVText.line(["a,b", "say \"x\"", "two\nlines", ""]) == "\"a,b\",\"say \"\"x\"\"\",\"two\nlines\",\n")
    #expect(CSVText.quoted("carriage\r\nreturn") == "\"carriage\r\nreturn\"")
  }

  @Test func valuesAsFields() {
    #expect(CSVText.field(nil) == "")
    #expect(CSVText.field(.null) == "")
    #expect(CSVText.field(.double(.nan)) == "")
    #expect(CSVText.field(.double(0.1)) == "0.1")
    #expect(CSVText.field(.int(-3)) == "-3")
    #expect(CSVText.field(.bool(true)) == "true")
    #expect(CSVText.field("a \"b\"") == "a \"b\"")
    #expect(CSVText.field(["a=1", 2]) == "a=1; 2")
    #expect(CSVText.field(["key": 1]) == "{\"key\":1}")
  }
}
