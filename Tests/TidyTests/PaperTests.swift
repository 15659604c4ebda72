import Foundation
import Testing

@Suite("Documents, scenarios and catalogues")
struct PaperTests {
  @Test("the project is found")
  func found() {
    let paths = Set(SourceTree.files.map(\.path))
    #expect(paths.isSuperset(of: ["Package.swift", "Makefile", "README.md", ".ci/run"]))
    #expect(SourceTree.swift.count > 100)
  }

  @Test("every scenario begins with a comment that says what it shows")
  func scenarios() {
    let scenarios = SourceTree.files.filter { $0.path.hasPrefix("scenarios/") }
    #expect(!scenarios.isEmpty)
    let findings = scenarios.flatMap(Papers.scenarioFindings)
    #expect(findings.isEmpty, "\(report(findings))")
  }

  @Test("every figure of the catalogue has a source")
  func sources() {
    let catalogue = SourceTree.files.filter { $0.path.hasPrefix("Sources/Hardware/Catalogue/") }
    #expect(!catalogue.isEmpty)
    let findings = catalogue.flatMap(Papers.sourceFindings)
    #expect(findings.isEmpty, "\(report(findings))")
  }

  @Test("the project speaks of itself alone")
  func strayWords() {
    let findings = SourceTree.files.flatMap(Papers.strayWords)
    #expect(findings.isEmpty, "\(report(findings))")
  }

  @Test("links in documents resolve")
  func links() {
    let files = SourceTree.files
    let findings = files.flatMap { file in
      Papers.linkFindings(in: file, files: files) {
        FileManager.default.fileExists(atPath: SourceTree.root.path + "/" + $0)
      }
    }
    #expect(findings.isEmpty, "\(report(findings))")
  }

  @Test("a scenario without a comment is seen")
  func scenarioSample() {
    let bad = ProjectFile(path: "scenarios/a.yaml", text: "tokenmill: 1\n")
    #expect(Papers.scenarioFindings(in: bad).count == 1)
    let good = ProjectFile(path: "scenarios/a.yaml", text: "# What happens when it rains.\ntokenmill: 1\n")
    #expect(Papers.scenarioFindings(in: good).isEmpty)
  }

  @Test("a figure without a source is seen")
  func sourceSample() {
    let text = """
      memory:
        value: 80 GB
        note: no source
      flops:
        source: "sheet"
        value: 1 TFLOP/s
      power: { value: 700 W, source: "sheet" }
      idle: { value: 100 W }
      links: 8 TB/s
      nodes: 8
      """
    let file = ProjectFile(path: "Sources/Hardware/Catalogue/a.yaml", text: text)
    #expect(Papers.sourceFindings(in: file).map(\.line) == [2, 8, 9])
  }

  @Test("stray paths and words are seen")
  func strayWordSample() {
    let text =
      "see /" + "tmp/x\n../work/x, /usr/lib\n(/" + "home/me/x)\nin a Work" + "tree\na session of requests\n"
    #expect(Papers.strayWords(in: ProjectFile(path: "a.md", text: text)).map(\.line) == [1, 3, 4])
  }

  @Test("a link to nowhere is seen")
  func linkSample() {
    let text = """
      # A heading, `code` too
      [a](b.md) [b](../c.md#there) [c](#a-heading-code-too) [d](https://example.org/x) `[e](none.md)`
      ![f](none.png)
      [g](../c.md#not-there)
      ```
      [h](none.md)
      ```
      [i](/c.md "title")
      """
    let file = ProjectFile(path: "docs/a.md", text: text)
    let other = ProjectFile(path: "c.md", text: "## There\n")
    let findings = Papers.linkFindings(in: file, files: [file, other]) {
      ["docs/a.md", "docs/b.md", "c.md"].contains($0)
    }
    #expect(findings.map(\.line) == [3, 4])
  }
}
