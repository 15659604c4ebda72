/// Which target may import which, floor by floor (`docs/architecture.md`).
enum Floors {
  /// Modules that come with the toolchain or the system and know nothing of the project.
  private static let system: Set<String> = ["Glibc", "Musl", "Darwin", "Synchronization"]

  /// What each library may import beside the system's modules.
  static let imports: [String: Set<String>] = [
    "CGSL": [],
    "Quantities": [],
    "Documents": ["Quantities", "Yams", "Foundation"],
    "Pictures": [],
    "Hardware": ["Quantities", "Documents", "Foundation"],
    "Models": ["Foundation"],
    "CostModel": ["Quantities", "Documents", "Hardware", "Models", "Foundation"],
    "Workload": ["CGSL", "Foundation"],
    "Facility": ["Quantities"],
    "Simulation": ["CostModel", "Workload", "Facility", "DequeModule"],
    "Scenario": [
      "Quantities", "Documents", "Hardware", "Models", "CostModel", "Workload", "Facility", "Simulation",
      "Foundation",
    ],
    "Results": [
      "Quantities", "Documents", "CostModel", "Facility", "Simulation", "CGSL", "GRDB", "Foundation",
    ],
    "Studies": [
      "Quantities", "Documents", "Hardware", "Models", "CostModel", "Workload", "Facility", "Simulation",
      "Scenario",
      "Results", "Pictures", "CGSL", "GRDB", "Logging", "Foundation",
    ],
    "tokenmill": [
      "Documents", "CostModel", "Simulation", "Scenario", "Results", "Studies", "ArgumentParser", "Logging",
      "Foundation", "HummingbirdCore", "HTTPTypes", "NIOCore", "NIOPosix",
    ],
  ]

  /// Rooms of the module `Simulation` that may not name the types of another: the kernel knows nothing of serving,
  /// serving nothing of the fleet and of the drivers around it.
  static let rooms: [(room: String, mayNotName: [String])] = [
    (
      "Sources/Simulation/Kernel/",
      [
        "Sources/Simulation/Serving/", "Sources/Simulation/Fleet/", "Sources/Simulation/Drivers/",
        "Sources/Simulation/",
      ]
    ),
    (
      "Sources/Simulation/Serving/",
      ["Sources/Simulation/Fleet/", "Sources/Simulation/Drivers/", "Sources/Simulation/"]
    ),
    ("Sources/Simulation/Fleet/", ["Sources/Simulation/Drivers/", "Sources/Simulation/"]),
  ]

  /// Imports of a file that its floor does not allow.
  static func findings(in file: ProjectFile) -> [Finding] {
    guard file.path.hasPrefix("Sources/"), let target = file.target else { return [] }
    guard let allowed = imports[target] else {
      return [
        Finding(path: file.path, line: 1, message: "\(target) stands on no floor: add it to Floors.imports")
      ]
    }
    return importedModules(of: file).compactMap { line, module in
      if allowed.contains(module) || system.contains(module) || module == target { return nil }
      let names = allowed.isEmpty ? "nothing" : allowed.sorted().joined(separator: ", ")
      return Finding(path: file.path, line: line, message: "\(target) may import \(names); not \(module)")
    }
  }

  static func importedModules(of file: ProjectFile) -> [(line: Int, module: String)] {
    let pattern =
      #/^\s*(?:@\w+(?:\(\w+\))?\s+|public\s+|internal\s+|package\s+)*import\s+(?:(?:struct|class|enum|protocol|func|typealias|var|let)\s+)?(\w+)/#
    return file.swift.code.enumerated().compactMap { index, line in
      line.firstMatch(of: pattern).map { (index + 1, String($0.1)) }
    }
  }

  /// Types that are declared directly in a folder, not below it.
  static func types(declaredIn folder: String, of files: [ProjectFile]) -> Set<String> {
    var types: Set<String> = []
    let pattern = #/\b(?:struct|enum|class|actor|protocol|typealias)\s+([A-Z]\w*)/#
    for file in files where file.path.hasPrefix(folder) && !file.path.dropFirst(folder.count).contains("/") {
      // Nested names, such as `State`, mean something else elsewhere.
      for line in file.swift.code where !line.hasPrefix(" ") {
        if let match = line.firstMatch(of: pattern) { types.insert(String(match.1)) }
      }
    }
    return types
  }

  /// Names of types of `above` in a file of a room below.
  static func upwardNames(in file: ProjectFile, above: Set<String>) -> [Finding] {
    file.swift.code.enumerated().flatMap { index, line in
      line.matches(of: #/(^|[^\w.])([A-Z]\w*)/#).compactMap { match in
        guard above.contains(String(match.2)) else { return nil }
        return Finding(
          path: file.path, line: index + 1, message: "names \(match.2), which belongs to a room above")
      }
    }
  }
}
