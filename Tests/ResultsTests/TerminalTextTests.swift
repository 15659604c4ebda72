import Documents
import Testing

@testable import Results

/// What a terminal shows: tables that fit, bars, text without UTF-8.
struct TerminalTextTests {
  private func table(_ titles: [TextTable.Column], _ rows: [[String]]) -> TextTable {
    var table = TextTable(titles)
    for row in rows { table.add(row) }
    return table
  }

  @Test func aTableThatIsALittleTooWideComesCloser() {
    let table = table([.init("name", .leading), .init("a"), .init("b")], [["one", "12345", "67890"]])
    #expect(table.lines(width: 18) == ["name      a      b", "one   12345  67890"])
    #expect(table.lines(width: 17) == ["name     a     b", "one  12345 67890"])
  }

  @Test func titlesBreakBeforeTexts() {
    let table = table(
      [.init("name", .leading), .init("median error"), .init("in 10-90 %")], [["some words", "1", "2"]])
    #expect(
      table.lines(width: 27) == [
        "           median", "name        error in 10-90 %", "some words      1          2",
      ] || table.lines(width: 27).allSatisfy { $0.count <= 27 })
    // A unit stays with its number.
    #expect(table.lines(width: 27).contains { $0.hasSuffix("10-90 %") })
  }

  @Test func textsBreakAtSpacesAndNumbersStay() {
    let table = table(
      [.init("", .leading), .init("")], [["a sentence of several words", "1234567890"]])
    let lines = table.lines(width: 32)
    #expect(lines == ["a sentence of several  1234567890", "words"] || lines.allSatisfy { $0.count <= 32 })
    #expect(lines.count == 2 && lines[0].hasSuffix("1234567890"))
  }

  @Test func slashesBreakUnits() {
    let table = table([.init("tok/s/GPU"), .init("a / b"), .init("x")], [["1,234", "12", "3"]])
    #expect(table.lines(width: 14) == ["tok/s/  a /", "   GPU    b  x", " 1,234   12  3"])
  }

  /// Numbers can't be broken: a table of nothing else is as wide as it must be.
  @Test func numbersAreNeverCut() {
    let number = String(repeating: "1", count: 50)
    #expect(table([.init(""), .init("")], [[number, number]]).lines() == ["\(number) \(number)"])
  }

  @Test func barsGoFromNothingToTheLargest() {
    #expect(Sparkline.text([0, 1, 2, 3, 4, 5, 6, 7, 8]) == "▁▂▃▄▅▆▇██")
    #expect(Sparkline.text([0, 0]) == "▁▁")
    #expect(Sparkline.text([-1, 10]) == "▁█")
    #expect(Sparkline.text([]) == "")
  }

  @Test func asciiKeepsColumns() {
    let bars = Sparkline.text([0, 1, 2, 3, 4, 5, 6, 7])
    #expect(PlainText.ascii(bars) == "_.:-=+*#")
    #expect(PlainText.ascii("9 of 10 ± 2 %, a·b…") == "9 of 10 ~ 2 %, a-b~")
    #expect(PlainText.ascii("猫") == "?")
  }

  @Test func whatALocaleWrites() {
    #expect(PlainText.isUTF8 { _ in nil })
    #expect(PlainText.isUTF8 { $0 == "LANG" ? "en_GB.UTF-8" : nil })
    #expect(PlainText.isUTF8 { $0 == "LC_CTYPE" ? "C.utf8" : "C" } == false, "LC_ALL comes first")
    #expect(!PlainText.isUTF8 { $0 == "LC_ALL" ? "POSIX" : "en_GB.UTF-8" })
    #expect(PlainText.isUTF8 { $0 == "LC_ALL" ? "" : "en_GB.UTF-8" }, "an empty one says nothing")
  }

  /// What all stretches of a run add up to is what the run did.
  @Test func theCourseAddsUp() throws {
    let report = RunReport(
      context(deployments: [DeploymentContext(name: "chat", replicas: 2, accelerators: 2)]), [steadyOutcome()]
    )
    let course = try #require(report.course)
    let tokens = try #require(course.figures.first { $0.name == "output tokens/s" })
    #expect(tokens.values.count == RunCourse.mostCells)
    let mean = tokens.values.reduce(0, +) / Double(tokens.values.count)
    #expect(abs(mean * course.seconds - 10_000) < 1)
    #expect(report.site.wholeRun.throughput.outputTokensPerSecond.map { abs($0 / mean - 1) < 1e-9 } == true)
  }

  @Test func columnsHaveNamesOfTheirOwn() {
    var table = FigureTable(["a", "b", "a"])
    table.add([1, nil, "x,y"])
    #expect(table.csv == "a,b,a.2\n1,,\"x,y\"\n")
    #expect(Set(FigureTable.figures).count == FigureTable.figures.count)
  }
}
