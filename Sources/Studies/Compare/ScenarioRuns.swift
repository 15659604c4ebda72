import Documents
import Logging
import Results
import Scenario

/// Runs scenarios side by side, all with one seed: what differs between them is not chance.
struct ScenarioRuns: Sendable {
  /// What became of a scenario.
  struct Ran: Sendable {
    /// Its JSON summary; nil where it can't run.
    var summary: JSONValue?
    /// Why it can't run; empty where it ran.
    var problems: [String] = []
    /// Events that were handled.
    var events: Int64 = 0
  }

  let catalogue: ScenarioCatalogue
  /// The seed of all; nil for that of each file.
  let seed: UInt64?
  /// Cores to use, >= 1.
  let jobs: Int
  let logger: Logger

  /// Runs scenarios, as many at once as there are cores; with fewer scenarios each takes several threads.
  ///
  /// - Parameters:
  ///   - files: the scenarios, each as it stands or at a point of its sweep.
  ///   - done: called whenever one is done.
  /// - Returns: what became of each, in their order.
  func run(_ files: [(file: ScenarioFile, point: SweepPoint?)], done: @Sendable () -> Void = {}) async
    -> [Ran]
  {
    var results = [Ran](repeating: Ran(), count: files.count)
    let options = ResolutionOptions(seed: seed, threads: max(1, jobs / max(1, files.count)))
    await withTaskGroup(of: (Int, Ran).self) { group in
      var next = 0
      func launch() {
        guard next < files.count else { return }
        let (index, item) = (next, files[next])
        next += 1
        group.addTask { (index, await one(item.file, item.point, options)) }
      }
      for _ in 0..<max(1, jobs) { launch() }
      while let (index, ran) = await group.next() {
        launch()
        results[index] = ran
        done()
      }
    }
    return results
  }

  private func one(_ file: ScenarioFile, _ point: SweepPoint?, _ options: ResolutionOptions) async -> Ran {
    do {
      let scenario = try file.resolve(point: point, with: catalogue, options: options)
      let report = await RunStudy(scenario, logger: logger).run().report
      return Ran(summary: report.json, events: report.events)
    } catch {
      return Ran(problems: error.all.map(\.description))
    }
  }
}
