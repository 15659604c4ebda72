import Foundation

/// What passes of a benchmark took.
struct Measurement: Encodable {
  var name: String
  var tier: String
  var unit: String
  var operations: Int
  /// CPU seconds of the fastest pass, all threads.
  var cpuSeconds: Double
  var wallSeconds: Double
  /// The largest resident memory during the passes, and what of it they added, in bytes.
  var peakResidentBytes: Int
  var grownResidentBytes: Int
  var counts: [String: Double]
  var checksum: String

  var nanosecondsPerOperation: Double { cpuSeconds / Double(operations) * 1e9 }
  var operationsPerCPUSecond: Double { Double(operations) / cpuSeconds }

  /// Runs a benchmark's passes; the fastest one counts.
  static func run(_ benchmark: Benchmark, passes: Int) async throws -> Measurement {
    let body = try await benchmark.prepare()
    Resources.forgetPeak()
    let before = Resources.residentBytes
    var best: (pass: Pass, cpu: Double, wall: Double)?
    for _ in 0..<passes {
      let cpu = Resources.cpuSeconds
      let wall = ContinuousClock.now
      let pass = await body()
      let elapsed = (cpu: Resources.cpuSeconds - cpu, wall: wall.duration(to: .now))
      if let best, best.pass.checksum != pass.checksum {
        throw BenchmarkError(message: "\(benchmark.name): two passes gave two results")
      }
      if elapsed.cpu < best?.cpu ?? .infinity {
        best = (pass, elapsed.cpu, elapsed.wall / .seconds(1))
      }
    }
    guard let best else { throw BenchmarkError(message: "\(benchmark.name): no pass") }
    return Measurement(
      name: benchmark.name, tier: benchmark.tier.rawValue, unit: benchmark.unit,
      operations: best.pass.operations, cpuSeconds: best.cpu, wallSeconds: best.wall,
      peakResidentBytes: Resources.peakResidentBytes,
      grownResidentBytes: max(0, Resources.peakResidentBytes - before), counts: best.pass.counts,
      checksum: String(best.pass.checksum, radix: 16))
  }
}

/// Why nothing was measured.
struct BenchmarkError: Error, CustomStringConvertible {
  let message: String
  var description: String { message }
}

/// What the process has used so far.
enum Resources {
  /// CPU time of all threads in seconds.
  static var cpuSeconds: Double {
    var time = timespec()
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
  }

  /// Resident memory now; the peak where the system does not say.
  static var residentBytes: Int { statusBytes("VmRSS:") ?? peakResidentBytes }

  /// The largest resident memory since ``forgetPeak()`` worked, or since the process began.
  static var peakResidentBytes: Int {
    if let bytes = statusBytes("VmHWM:") { return bytes }
    var usage = rusage()
    #if canImport(Darwin)
      getrusage(RUSAGE_SELF, &usage)
      return usage.ru_maxrss
    #else
      getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
      return usage.ru_maxrss * 1024
    #endif
  }

  /// Lets the peak begin anew, where the system can (Linux: 5 into clear_refs).
  static func forgetPeak() {
    try? Data("5".utf8).write(to: URL(fileURLWithPath: "/proc/self/clear_refs"))
  }

  private static func statusBytes(_ key: String) -> Int? {
    guard let status = try? String(contentsOfFile: "/proc/self/status", encoding: .utf8),
      let line = status.split(separator: "\n").first(where: { $0.hasPrefix(key) })
    else { return nil }
    return line.split(whereSeparator: { $0 == " " || $0 == "\t" }).dropFirst().first.flatMap { Int($0) }.map {
      $0 * 1024
    }
  }
}
