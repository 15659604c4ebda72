import Foundation
import Testing

@Suite("A floor knows only the floors below it")
struct FloorTests {
  @Test("imports")
  func imports() {
    let findings = SourceTree.swift.flatMap(Floors.findings)
    #expect(findings.isEmpty, "\(report(findings))")
  }

  @Test("no cycle in the table of floors")
  func table() {
    var above: [String: Set<String>] = [:]
    func reaches(_ name: String) -> Set<String> {
      if let known = above[name] { return known }
      above[name] = [name]  // Cuts a cycle, which then shows.
      let direct = (Floors.imports[name] ?? []).filter { Floors.imports[$0] != nil }
      let all = direct.reduce(into: direct) { $0.formUnion(reaches($1)) }
      above[name] = all
      return all
    }
    for name in Floors.imports.keys.sorted() {
      #expect(!reaches(name).contains(name), "\(name) imports itself")
    }
  }

  @Test("every target of the manifest stands on a floor, and the manifest's dependencies are the table's")
  func manifest() throws {
    let file = try #require(SourceTree.files.first { $0.path == "Package.swift" })
    let floors = Set(Floors.imports.keys)
    var checked = 0
    for match in file.text.matches(of: #/floor\(\s*"(\w+)",\s*on:\s*\[((?:[^\]\[]|\[[^\]]*\])*)\]/#) {
      let target = String(match.1)
      let words = match.2.matches(of: #/"(\w+)"/#).map { String($0.1) }.filter { floors.contains($0) }
      let table = (Floors.imports[target] ?? []).intersection(floors)
      #expect(Set(words) == table, "\(target)")
      checked += 1
    }
    #expect(checked == floors.count - 2)  // CGSL and the command line are declared otherwise.
  }

  @Test("rooms of the hot module")
  func rooms() {
    for (room, others) in Floors.rooms {
      let own = Floors.types(declaredIn: room, of: SourceTree.swift)
      let above = others.reduce(into: Set<String>()) {
        $0.formUnion(Floors.types(declaredIn: $1, of: SourceTree.swift))
      }.subtracting(own)
      #expect(!above.isEmpty)
      let findings = SourceTree.swift.filter { $0.path.hasPrefix(room) }
        .flatMap { Floors.upwardNames(in: $0, above: above) }
      #expect(findings.isEmpty, "\(report(findings))")
    }
  }

  @Test("an import from a floor above is seen")
  func importSample() {
    let text =
      "import CostModel\n@testable import struct Scenario.ScenarioFile\n// import Results\nimport Glibc\n"
    let file = ProjectFile(path: "Sources/Simulation/Sample.swift", text: text)
    #expect(Floors.findings(in: file).map(\.line) == [2])
    #expect(Floors.findings(in: ProjectFile(path: "Sources/Cellar/Sample.swift", text: "")).count == 1)
  }

  @Test("a type of a room above is seen")
  func roomSample() {
    let files = [
      ProjectFile(
        path: "Sources/Simulation/Serving/Waiter.swift", text: "struct Waiter {\n  enum State {}\n}\n"),
      ProjectFile(path: "Sources/Simulation/Serving/Deep/Cook.swift", text: "struct Cook {}\n"),
    ]
    let types = Floors.types(declaredIn: "Sources/Simulation/Serving/", of: files)
    #expect(types == ["Waiter"])
    let text = "// Waiter\nlet state: State\nlet waiter: [Waiter]\n"
    let kernel = ProjectFile(path: "Sources/Simulation/Kernel/Stove.swift", text: text)
    #expect(Floors.upwardNames(in: kernel, above: types).map(\.line) == [3])
  }
}
