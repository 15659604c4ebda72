import Testing

@testable import Pictures

@Suite("Pictures")
struct PictureTests {
  @Test(
    "scales hold their values and mark round ones",
    arguments: [
      ([0.0, 97], false, [0.0, 20, 40, 60, 80, 100]), ([3, 3], false, [0, 1, 2, 3]),
      ([0.5, 150], true, [1, 3, 10, 30, 100]), ([200, 900], true, [200, 400, 600, 800]),
    ])
  func scales(values: [Double], isLogarithmic: Bool, marks: [Double]) {
    let scale = Scale(holding: values, isLogarithmic: isLogarithmic)
    for value in values { #expect((0...1).contains(scale.position(value))) }
    #expect(scale.ticks().map(markText) == marks.map(markText))
  }

  @Test("nothing, one value and nonsense have a scale", arguments: [[], [5], [.nan, .infinity], [-3, -1]])
  func oddScales(values: [Double]) {
    for isLogarithmic in [false, true] {
      let scale = Scale(holding: values, isLogarithmic: isLogarithmic)
      #expect(scale.low < scale.high && scale.low.isFinite && scale.high.isFinite)
      #expect(scale.ticks().allSatisfy { $0.isFinite })
    }
  }

  @Test("numbers of axes are short")
  func numbers() {
    #expect(
      [0, 0.002, 1.5, 20, 1500, 2e6, 7.25e9, 3e12].map(markText) == [
        "0", "0.002", "1.5", "20", "1.5 k", "2 M", "7.25 G", "3 T",
      ])
  }

  private func chart(_ points: [Chart.Point]) -> String {
    Chart(
      "a < b", x: .init("x", isLogarithmic: true), y: .init("y"),
      series: [.init("one & two", points, style: .markedLine), .init("", points, style: .steps)]
    ).svg
  }

  @Test("every tag is closed, text is escaped, what can't be drawn is left out")
  func charts() {
    for points in [[], [Chart.Point(1, 2)], [.init(1, 2), .init(0, 4), .init(10, .nan), .init(100, 3)]] {
      let svg = chart(points)
      #expect(svg.hasPrefix("<svg") && svg.hasSuffix("</svg>\n"))
      #expect(!svg.contains("nan") && !svg.contains("inf"))
      #expect(svg.contains("a &lt; b") && svg.contains("one &amp; two"))
      for tag in ["text", "circle", "rect", "title"] {
        #expect(
          count("<\(tag)[ >]", svg) == count("</\(tag)>", svg) || tag == "text" && svg.contains("</text>"))
      }
    }
    #expect(count("<circle", chart([.init(1, 2), .init(0, 4), .init(100, 3)])) == 2)
    #expect(chart([]).contains("nothing to show"))
  }

  private func count(_ pattern: String, _ text: String) -> Int {
    guard let regex = try? Regex(pattern) else { return -1 }
    return text.matches(of: regex).count
  }

  @Test("bars of shares end together, bars of amounts where they should")
  func bars() {
    let rows = [
      (label: "a", parts: [Bars.Part("x", 1), Bars.Part("y", 3)]), (label: "b", parts: [Bars.Part("y", 40)]),
    ]
    let shares = Bars("shares", isRelative: true, rows: rows).svg
    #expect(shares.contains("a: y 3, 75 %") && shares.contains("b: y 40, 100 %"))
    #expect(Bars("amounts", rows: rows).svg.contains("a: x 1, 25 %"))
    #expect(Bars("none", rows: []).svg.contains("<svg"))
  }

  @Test("a page holds all it needs")
  func page() {
    var page = Page("A & B")
    page.heading("<one>")
    page.table(["a", "b"], [["1", "<2>"]])
    page.pictures([chart([])])
    let html = page.html
    #expect(html.hasPrefix("<!DOCTYPE html>") && html.contains("A &amp; B") && html.contains("&lt;2&gt;"))
    for link in ["http:", "https:", "src=", "href=", "<script", "@import"] { #expect(!html.contains(link)) }
  }
}
