import Foundation
import Testing

@Suite("Files and functions fit a head")
struct SizeTests {
  @Test("files")
  func files() {
    let findings = SourceTree.swift.flatMap(Sizes.fileFindings)
    #expect(findings.isEmpty, "\(report(findings))")
  }

  @Test("functions")
  func functions() {
    let findings = SourceTree.swift.flatMap(Sizes.functionFindings)
    #expect(findings.isEmpty, "\(report(findings))")
  }

  @Test("a file that is too long is seen")
  func fileSample() {
    let text = String(repeating: "let a = 1\n", count: Sizes.longestFile)
    #expect(Sizes.fileFindings(in: ProjectFile(path: "a.swift", text: text)).count == 1)
    #expect(Sizes.fileFindings(in: ProjectFile(path: "a.swift", text: "let a = 1\n")).isEmpty)
  }

  @Test("a function that is too long is seen")
  func functionSample() {
    let body = String(repeating: "    if a { b() }\n", count: 70)
    let text =
      "struct A {\n  func short() { b() }\n  private static func long(\n    a: Int\n  ) {\n\(body)  }\n}\n"
    let findings = Sizes.functionFindings(in: ProjectFile(path: "a.swift", text: text))
    #expect(findings.map(\.line) == [3])
  }

  @Test("functions are measured from their declaration to their last brace")
  func measure() {
    let text = """
      protocol P {
        func bare() -> Int
        var x: Int { get }
      }
      struct A {
        let stored = [1, 2]
        var computed: Int {
          let text = "}"  // }
          return text.count
        }
        init(a: Int, b: (Int) -> Int = { $0 }) throws {
          defer { c() }
        }
        @inlinable public static func + (
          a: A, b: A
        ) -> A
        where A: B {
          a
        }
        subscript(index: Int) -> Int {
          get { 1 }
        }
      }
      """
    let expected: [Sizes.Function] = [
      .init(name: "x", line: 3, lines: 1), .init(name: "computed", line: 7, lines: 4),
      .init(name: "init", line: 11, lines: 3), .init(name: "+", line: 14, lines: 6),
      .init(name: "subscript", line: 20, lines: 3),
    ]
    #expect(Sizes.functions(in: SwiftText(text)) == expected)
  }
}
