import Foundation
import Testing

/// Something that must not stand in code, and what to use instead.
struct Ban: Sendable, CustomTestStringConvertible {
  /// What is banned, as its message names it.
  let name: String
  /// A regular expression, matched against code without comments and literals.
  let pattern: String
  /// Why, and what to use instead.
  let advice: String
  /// Folders that it holds in; paths that begin with one of these.
  var inside = [""]
  /// Paths where it does not hold.
  var except: [String] = []
  /// Code that breaks it.
  let sample: String

  var testDescription: String { name }

  func applies(to path: String) -> Bool {
    inside.contains { path.hasPrefix($0) } && !except.contains { path.hasPrefix($0) }
  }

  func findings(in file: ProjectFile) throws -> [Finding] {
    let expression = try NSRegularExpression(pattern: pattern)
    return file.swift.code.enumerated().compactMap { index, line in
      let line = String(line)
      let range = NSRange(line.startIndex..., in: line)
      guard expression.firstMatch(in: line, range: range) != nil else { return nil }
      return Finding(path: file.path, line: index + 1, message: "\(name) is banned: \(advice)")
    }
  }
}

extension Ban {
  private static let modelled = ["Sources/Simulation/", "Sources/CostModel/", "Sources/Workload/"]

  static let all: [Ban] = [
    Ban(
      name: "Date()", pattern: #"\bDate\(\)|\bDate\.now\b"#,
      advice: "results hold no wall time; ContinuousClock measures what goes to standard error",
      sample: "let now = Date()"),
    Ban(
      name: "SystemRandomNumberGenerator", pattern: #"\bSystemRandomNumberGenerator\b"#,
      advice: "draw from a RandomStream of the run's seed",
      sample: "var generator = SystemRandomNumberGenerator()"),
    Ban(
      name: ".random(in:)", pattern: #"\.random\("#, advice: "draw from a RandomStream of the run's seed",
      sample: "let draw = Int.random(in: 0..<6)"),
    Ban(
      name: ".shuffled()", pattern: #"\.shuffled?\("#, advice: "permute by a RandomStream of the run's seed",
      sample: "let order = rows.shuffled()"),
    Ban(
      name: ".randomElement()", pattern: #"\.randomElement\("#,
      advice: "draw an index from a RandomStream of the run's seed", sample: "let row = rows.randomElement()"),
    Ban(
      name: "hashValue", pattern: #"\bhashValue\b"#,
      advice: "it differs from process to process; key streams by name and index",
      sample: "let key = name.hashValue"),
    Ban(
      name: "Hasher()", pattern: #"\bHasher\(\)"#,
      advice: "it differs from process to process; mix words by hand", sample: "var hasher = Hasher()"),
    Ban(
      name: "@unchecked Sendable", pattern: #"@unchecked\s+Sendable"#, advice: "make it a value type",
      sample: "final class Box: @unchecked Sendable {}"),
    Ban(
      name: "nonisolated(unsafe)", pattern: #"nonisolated\(unsafe\)"#, advice: "pass state as a parameter",
      sample: "nonisolated(unsafe) var count = 0"),
    Ban(
      name: "static var that is stored", pattern: #"\bstatic\s+var\b[^{]*="#,
      advice: "simulations run side by side: state belongs to a value", sample: "static var count = 0"),
    Ban(
      name: "print", pattern: #"(?<![.\w])(print|debugPrint|dump)\("#,
      advice: "libraries return values or log; the command line writes", inside: ["Sources/", "Tests/"],
      except: ["Sources/tokenmill/"], sample: "print(total)"),
    Ban(
      name: "exit", pattern: #"(?<![.\w])(exit|abort)\("#,
      advice: "throw; only the command line ends the process",
      inside: ["Sources/"], except: ["Sources/tokenmill/"], sample: "exit(1)"),
    Ban(
      name: "try!", pattern: #"\btry!"#, advice: "throw, or handle the error",
      sample: "let text = try! read()"),
    Ban(
      name: "as!", pattern: #"\bas!"#, advice: "use as? and say what else it can be",
      sample: "let count = any as! Int"),
    Ban(
      name: "import XCTest", pattern: #"\bimport\s+XCTest\b"#, advice: "use Swift Testing: import Testing",
      sample: "import XCTest"),
    Ban(
      name: "Foundation in the hot path", pattern: #"\bimport\s+Foundation"#,
      advice: "import Glibc, Musl or Darwin for what libm has", inside: ["Sources/Simulation/"],
      sample: "import Foundation"),
    Ban(
      name: "iteration over a dictionary",
      pattern: #"\bin\s+[^{]*\.(keys|values)\b|\.keys\.(map|for|red|fil|first|flat|com|join)"#,
      advice: "its order differs from process to process: iterate over sorted keys, or keep an array",
      inside: modelled, sample: "for key in counts.keys { add(key) }"),
    Ban(
      name: "async in the hot path", pattern: #"\bawait\b|\bTask\s*[.{]"#,
      advice: "only Simulation.run splits work over threads", inside: ["Sources/Simulation/"],
      except: ["Sources/Simulation/Simulation.swift"], sample: "await step()"),
  ]
}
