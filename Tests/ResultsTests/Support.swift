import CostModel
import Documents
import Foundation
import Workload

@testable import Results
@testable import Simulation

/// A site whose figures make sums that can be done by head: four accelerators in one node.
let smallSite = SiteContext(
  systems: [
    SystemContext(
      accelerators: 4, nodes: 1, acceleratorIdleWatts: 100, acceleratorPeakWatts: 500, nodeIdleWatts: 300,
      nodePeakWatts: 700, dollarsPerAcceleratorHour: 2)
  ], racks: 1, siteWattsPerITWatt: 1.3)

/// A run on that site.
func context(
  site: SiteContext = smallSite, deployments: [DeploymentContext], isDrained: Bool = true,
  window: WindowPolicy = .wholeRun, references: [PublishedFigure] = []
) -> RunContext {
  RunContext(
    scenario: "A test", seed: 7, isDrained: isDrained, site: site, deployments: deployments, window: window,
    references: references, configuration: ["name": "A test"])
}

/// Observations of a run in which something happens once a millisecond.
func observations(seconds: Int, _ body: (Double, inout TimeSeries.Bucket) -> Void) -> Observations {
  var observations = Observations()
  for millisecond in 0..<seconds * 1000 {
    let time = SimTime(nanoseconds: Int64(millisecond) * 1_000_000 + 500_000)
    var bucket = TimeSeries.Bucket()
    body(Double(millisecond) / 1000, &bucket)
    observations.withBucket(at: time) { $0 += bucket }
    observations.counts.outputTokens += bucket.outputTokens
    observations.counts.inputTokens += bucket.inputTokens
    observations.counts.completed += bucket.completed
    observations.counts.arrived += bucket.completed
    observations.counts.good += bucket.good
  }
  observations.lastToken = SimTime(nanoseconds: Int64(seconds) * 1_000_000_000)
  return observations
}

/// An outcome of observations.
func outcome(
  _ observations: Observations, name: String = "test", cost: CostVector = .zero, steps: Int64 = 1000
) -> DeploymentOutcome {
  DeploymentOutcome(
    name: name, observations: observations, cost: cost, end: observations.lastToken, inFlight: 0,
    peakInFlight: 1, peakCacheUtilisation: 0.5, steps: steps, events: 10)
}

/// Ten seconds of 1,000 output and 2,000 prompt tokens/s, one request/s and 400 W above idle.
func steadyOutcome(cost: CostVector = .zero) -> DeploymentOutcome {
  outcome(
    observations(seconds: 10) { time, bucket in
      bucket.outputTokens = 1
      bucket.inputTokens = 2
      bucket.microjoulesAboveIdle = 400_000
      if time.rounded() == time {
        bucket.completed = 1
        bucket.good = time < 8 ? 1 : 0
      }
    }, cost: cost)
}

/// A cost table of one constant: every step takes `step` seconds and `joules` above idle.
func constantCosts(step: Double, joules: Double = 0) -> StepCostTable {
  var base = CostVector.zero
  base[.time] = step
  base[.energy] = joules
  base[.memory] = step
  base[.gemm] = step
  let nothing = KnotTable(maximum: 65536, bits: 3) { _ in .zero }
  return StepCostTable(
    decodeBase: base, mixedBase: base, tokens: nothing, sequences: nothing, rows: nothing,
    context: ContextGrid(maximumSequences: 4096, maximumContext: 65536) { _, _ in .zero },
    chunk: KnotTable(maximum: 65536 * 4, bits: 3) { _ in .zero })
}

/// A deployment that answers `requests` offline requests of `input` and `output` tokens.
func offlinePlan(
  requests: Int, input: Int, output: Int, replicas: Int = 1, batch: Int = 8, cost: StepCostTable
) -> DeploymentPlan {
  DeploymentPlan(
    name: "test", replicas: replicas, acceleratorsPerReplica: 1,
    engine: EngineOptions(
      maximumBatchSize: batch, maximumBatchTokens: 8192, chunkedPrefill: true, capacityPolicy: .reserveToEnd,
      maximumContextTokens: 30_000),
    cache: KVCacheOptions(blocks: 100_000, blockTokens: 16), cost: cost,
    streams: [
      StreamPlan(
        arrivals: .offline(requests: requests),
        lengths: RequestLengths(input: .fixed(input), output: .fixed(output), seed: 1),
        maximumOutputTokens: output)
    ])
}

/// A folder that is gone after the test.
final class TemporaryFolder {
  let url = FileManager.default.temporaryDirectory.appendingPathComponent("tokenmill-" + UUID().uuidString)

  init() throws { try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true) }
  deinit { try? FileManager.default.removeItem(at: url) }

  func path(_ name: String) -> String { url.appendingPathComponent(name).path }
  var names: [String] { ((try? FileManager.default.contentsOfDirectory(atPath: url.path)) ?? []).sorted() }
}
