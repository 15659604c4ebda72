import Foundation
import Testing

@Suite("What must not stand in code")
struct BanTests {
  @Test("banned names", arguments: Ban.all)
  func bans(ban: Ban) throws {
    let findings = try SourceTree.swift.filter { ban.applies(to: $0.path) }.flatMap {
      try ban.findings(in: $0)
    }
    #expect(findings.isEmpty, "\(report(findings))")
  }

  @Test("each ban sees its sample, but not in comments and literals", arguments: Ban.all)
  func sample(ban: Ban) throws {
    let folder = try #require(ban.inside.first)
    #expect(ban.applies(to: folder + "Sample.swift"))
    let bad = ProjectFile(path: "Sample.swift", text: "struct A {\n  \(ban.sample)\n}\n")
    #expect(try ban.findings(in: bad).map(\.line) == [2])
    let good = ProjectFile(
      path: "Sample.swift",
      text:
        "// \(ban.sample)\n/* /* \(ban.sample) */ \(ban.sample) */\nlet text = #\"\(ban.sample) \"no\" \"#\n")
    #expect(try ban.findings(in: good).isEmpty)
  }

  @Test("no code is commented out")
  func commentedOutCode() {
    let findings = SourceTree.swift.flatMap(CommentRules.commentedOutCode)
    #expect(findings.isEmpty, "\(report(findings))")
  }

  @Test("commented-out code is told from comments")
  func commentedOutCodeSample() {
    let text = """
      // for request in requests {
      //   total += 1;
      // let total = 3
      // }
      // return total
      // A sentence: what this does (and why).
      /// A documentation comment may show code: `let x = 1`
      let url = "https://example.org" // for more see there
      """
    let file = ProjectFile(path: "Sample.swift", text: text)
    #expect(CommentRules.commentedOutCode(in: file).map(\.line) == [1, 2, 3, 4, 5])
  }

  @Test("no file holds a note to do something later")
  func notes() {
    let findings = SourceTree.files.flatMap(CommentRules.notes)
    #expect(findings.isEmpty, "\(report(findings))")
  }

  @Test("notes to do something later are seen")
  func notesSample() {
    let words = ["TO" + "DO: more", "FIX" + "ME", "XX" + "X"]
    for word in words {
      #expect(CommentRules.notes(in: ProjectFile(path: "a.md", text: "one\n- \(word)\n")).map(\.line) == [2])
    }
    #expect(CommentRules.notes(in: ProjectFile(path: "a.md", text: "Todos los días\n")).isEmpty)
  }
}

/// Rules about comments.
enum CommentRules {
  /// Comments that a compiler would take: statements that end like code, or begin like nothing but code.
  static func commentedOutCode(in file: ProjectFile) -> [Finding] {
    let code =
      #/^(let|var) \w+( ?:[^.]+)? = |^(return|import|guard|if|for|while|func|switch) ?.*[{(;]$|^return \w+$|^[{}]$|;$|\{$/#
    return file.swift.comments.enumerated().compactMap { index, line in
      let comment = line.trimmingCharacters(in: .whitespaces)
      guard comment.hasPrefix("//"), !comment.hasPrefix("///") else { return nil }
      let text = comment.dropFirst(2).trimmingCharacters(in: .whitespaces)
      guard text.firstMatch(of: code) != nil else { return nil }
      return Finding(
        path: file.path, line: index + 1, message: "commented-out code: version control remembers it")
    }
  }

  /// Notes that belong into the list of what is to come, not into files.
  static func notes(in file: ProjectFile) -> [Finding] {
    let words = ["TO" + "DO", "FIX" + "ME", "XX" + "X"].joined(separator: "|")
    guard let note = try? Regex("\\b(\(words))\\b") else { return [] }
    return file.lines.enumerated().compactMap { index, line in
      guard line.firstMatch(of: note) != nil else { return nil }
      return Finding(
        path: file.path, line: index + 1, message: "a note to do something later: do it, or open an issue")
    }
  }
}
