import Foundation

/// The command line: `tokenmill-bench [--tier TIER]… [--only NAME]… [--passes N] [--json FILE] [--list]`.
@main
struct Main {
  private struct Options {
    var tiers: [Tier] = []
    var names: [String] = []
    var passes = 3
    var json: String?
    var lists = false
  }

  static func main() {
    OneThread.run { await run() }
  }

  private static func run() async {
    do {
      let options = try parse(Array(CommandLine.arguments.dropFirst()))
      let all = Frequent.benchmarks + Runs.benchmarks + Features.benchmarks
      let chosen = all.filter {
        options.names.contains($0.name) || options.tiers.contains($0.tier)
          || options.names.isEmpty && options.tiers.isEmpty && $0.tier != .growth && $0.tier != .feature
      }
      if options.lists {
        for benchmark in chosen { print(benchmark.name) }
        return
      }
      var measurements: [Measurement] = []
      print(Table.header)
      for benchmark in chosen {
        // A growing run is its own repetition, and peak memory wants a single one.
        let passes = benchmark.tier == .growth ? 1 : options.passes
        let measurement = try await Measurement.run(benchmark, passes: passes)
        print(Table.row(measurement))
        measurements.append(measurement)
      }
      if let json = options.json {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
        try encoder.encode(measurements).write(to: URL(fileURLWithPath: json))
      }
    } catch {
      FileHandle.standardError.write(Data("error: \(error)\n".utf8))
      exit(2)
    }
  }

  private static func parse(_ arguments: [String]) throws -> Options {
    var options = Options()
    var rest = arguments[...]
    while let argument = rest.popFirst() {
      if argument == "--list" {
        options.lists = true
        continue
      }
      guard let value = rest.popFirst() else { throw BenchmarkError(message: "\(argument) needs a value") }
      switch argument {
      case "--tier":
        guard let tier = Tier(rawValue: value) else {
          let names = Tier.allCases.map(\.rawValue).joined(separator: ", ")
          throw BenchmarkError(message: "no tier '\(value)': \(names)")
        }
        options.tiers.append(tier)
      case "--only": options.names.append(value)
      case "--passes":
        guard let passes = Int(value), passes >= 1 else {
          throw BenchmarkError(message: "--passes is 1 or more")
        }
        options.passes = passes
      case "--json": options.json = value
      default: throw BenchmarkError(message: "no option '\(argument)'")
      }
    }
    return options
  }
}

/// The table on standard output.
enum Table {
  private static let widths = [20, 10, 12, 13, 12, 12, 10, 10, 18]

  static let header = line([
    "benchmark", "operations", "CPU ns/op", "op/CPU-s", "events/s", "steps/s", "peak MB", "grown B/op",
    "checksum",
  ])

  static func row(_ measurement: Measurement) -> String {
    func rate(_ key: String) -> String {
      measurement.counts[key].map { String(format: "%.0f", $0 / measurement.cpuSeconds) } ?? ""
    }
    return line([
      measurement.name, "\(measurement.operations)",
      String(format: "%.1f", measurement.nanosecondsPerOperation),
      String(format: "%.0f", measurement.operationsPerCPUSecond), rate("events"), rate("steps"),
      String(format: "%.1f", Double(measurement.peakResidentBytes) / 1e6),
      String(format: "%.1f", Double(measurement.grownResidentBytes) / Double(measurement.operations)),
      measurement.checksum,
    ])
  }

  private static func line(_ cells: [String]) -> String {
    zip(cells, widths).enumerated().map { index, pair in
      let padding = String(repeating: " ", count: max(1, pair.1 - pair.0.count))
      return index == 0 ? pair.0 + padding : padding + pair.0
    }.joined()
  }
}
