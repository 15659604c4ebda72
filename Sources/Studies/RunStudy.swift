import CostModel
import Logging
import Hardware
import Models
import Quantities
import Results
import Scenario
import Simulation
import Workload

/// A run and what came out of it.
public struct RunResult: Sendable {
  /// All figures.
  public var report: RunReport
  /// What the deployments did, in the order of the scenario: series, histograms and, where asked for, requests.
  public var outcomes: [DeploymentOutcome]
}

/// Runs one scenario.
public struct RunStudy: Sendable {
  /// What runs.
  public let scenario: ResolvedScenario
  private let logger: Logger

  /// A study of a scenario; what a reader should know of it beforehand goes to `logger`.
  public init(_ scenario: ResolvedScenario, logger: Logger = Logger(label: "tokenmill")) {
    self.scenario = scenario
    self.logger = logger
  }

  /// The requests that the run will see; nil where only its duration bounds them, and of a sample.
  public var requests: Int? {
    guard scenario.run.sample == nil else { return nil }
    var sum = 0
    for stream in scenario.deployments.flatMap(\.plan.streams) {
      var count = stream.requests
      if case .offline(requests: let requests) = stream.arrivals { count = min(requests, count ?? requests) }
      if case .trace(arrivalsNanoseconds: let arrivals) = stream.arrivals {
        count = min(arrivals.count, count ?? arrivals.count)
      }
      guard let count else { return nil }
      sum += count + stream.warmUpRequests
    }
    return sum
  }

  /// Simulates the deployments: each has accelerators of its own, and they share no link yet.
  ///
  /// - Parameter progress: counts completed requests as they complete.
  /// - Returns: figures and observations, a pure function of the scenario.
  public func run(progress: RunProgress = RunProgress()) async -> RunResult {
    for deployment in scenario.deployments {
      for note in deployment.design.model.notes {
        logger.info("\(deployment.design.model.id): \(note)")
      }
    }
    let site = await Simulation.run(
      scenario.deployments.map(\.plan), power: scenario.powerControl,
      metering: scenario.powerMeters?.metering, scenario.run, progress: progress)
    let outcomes = site.deployments
    for outcome in outcomes {
      let counts = outcome.observations.counts
      let misfits = counts.rejected - counts.refusedByQueue - counts.refusedByLimit - counts.shed
      for (count, why) in [
        (misfits, "can never fit and were"), (counts.refusedByQueue, "found the queue full and were"),
        (counts.refusedByLimit, "were beyond their tenant's limits and"),
        (counts.shed, "came under load and were"),
      ] where count > 0 {
        logger.warning("\(outcome.name): \(count) of \(counts.arrived) requests \(why) rejected")
      }
    }
    let report = RunReport(
      RunContext(scenario, outcomes), outcomes, power: site.power, readings: site.readings)
    for comparison in report.comparisons where comparison.predicted == nil {
      logger.warning("reference '\(comparison.reference.figure)': the run has no such figure")
    }
    return RunResult(report: report, outcomes: outcomes)
  }
}

extension RunStudy {
  /// What replicas did, for a viewer of traces.
  ///
  /// - Parameters:
  ///   - result: what ``run(progress:)`` gave, of a scenario whose replicas keep a timeline.
  ///   - replicas: their numbers within each deployment.
  /// - Returns: the trace.
  public func timeline(of result: RunResult, replicas: Range<Int>) -> TimelineTrace {
    TimelineTrace(
      zip(scenario.deployments, result.outcomes).map { deployment, outcome in
        TimelineTrace.Part(
          name: outcome.name, observations: outcome.observations,
          idleWatts: Double(deployment.plan.acceleratorsPerReplica)
            * deployment.design.system.accelerator.idlePower.si)
      }, replicas: replicas)
  }
}
