import CostModel
import Documents
import Hardware
import Models
import Quantities
import Results
import Scenario
import Simulation
import Workload

/// Turns measured runs into designs and request streams: what a source leaves open is settled as the benchmark's own
/// recipes or the framework's defaults would, and recorded.
public struct PointPlanner: Sendable {
  let catalogue: ScenarioCatalogue

  /// A planner for the systems, models and data sets of a catalogue.
  public init(_ catalogue: ScenarioCatalogue) { self.catalogue = catalogue }

  /// The point as it will be simulated; throws why it can't be.
  public func plan(_ point: BenchmarkPoint) throws(Unpredictable) -> PlannedPoint {
    var draft = try PointDraft(point, catalogue)
    try draft.settlePrecision()
    try draft.settleLengths()
    if point.mode == .disaggregated {
      try draft.settlePools()
    } else {
      try draft.settleEngineAndLayout()
    }
    try draft.settleLoad()
    draft.settleCampaign()
    return draft.planned
  }
}

/// A point on its way to a plan.
struct PointDraft {
  /// The part of the device that a KV cache must at least get for a layout to be taken where none is stated.
  static let leastCacheShare = 0.15

  /// The share of the device that weights and KV cache get where a stated layout leaves no room at the usual one.
  static let highestMemoryFraction = 0.97

  let point: BenchmarkPoint
  let catalogue: ScenarioCatalogue
  let system: SystemSpecification
  let model: Model
  let framework: Framework
  var assumptions: [Assumption] = []
  var precision = Precision.bf16
  var lengths = PointLengths(
    lengths: .init(input: .fixed(1), output: .fixed(1), seed: 1), longestInput: 1, longestOutput: 1)
  var load = PointLoad(arrivals: .offline(requests: 1), requests: 1, warmUpRequests: 0, window: .wholeRun)
  var engine = PointEngine()
  var parallel = Parallelism()
  var cache = KVCacheOptions(blocks: 1, blockTokens: 16)
  /// Replicas that are simulated at most.
  var simulatedReplicas = Int.max
  /// The prefill pool, where the replicas only decode, and their number where the source states it.
  var prefill: PlannedPool?
  var replicas: Int?

  init(_ point: BenchmarkPoint, _ catalogue: ScenarioCatalogue) throws(Unpredictable) {
    self.point = point
    self.catalogue = catalogue
    guard let system = catalogue.systems.system(BenchmarkPoint.systemAliases[point.system] ?? point.system)
    else {
      throw Unpredictable("system '\(point.system)' is not in the catalogue")
    }
    guard let model = try? catalogue.models.model(point.model) else {
      throw Unpredictable("model '\(point.model)' is not in the catalogue")
    }
    self.system = system
    self.model = model
    (framework, assumptions) = try Self.framework(of: point, on: system, model: model)
  }

  private static func framework(
    of point: BenchmarkPoint, on system: SystemSpecification, model: Model
  ) throws(Unpredictable) -> (Framework, [Assumption]) {
    if let framework = Framework(rawValue: point.framework) { return (framework, []) }
    if point.framework == "tensorrt" {
      let reason = "engines built with TensorRT are scheduled as TensorRT-LLM schedules"
      return (.tensorRTLLM, [Assumption("framework", "tensorrt-llm", because: reason)])
    }
    guard point.framework.isEmpty else {
      throw Unpredictable("framework '\(point.framework)' is not modelled yet")
    }
    let isNvidia = system.vendor.lowercased().contains("nvidia")
    let framework: Framework = isNvidia ? .tensorRTLLM : .vllm
    let reason = "not stated; what submissions on \(system.vendor) run"
    return (framework, [Assumption("framework", framework.rawValue, because: reason)])
  }

  mutating func assume(_ name: String, _ value: String, because reason: String) {
    assumptions.append(Assumption(name, value, because: reason))
  }

  /// The model on the system with a layout.
  func design(_ parallel: Parallelism) -> ReplicaDesign {
    let version = point.frameworkVersion.isEmpty ? "unstated" : point.frameworkVersion
    var design = ReplicaDesign(
      model: model, system: system, precision: precision, parallel: parallel, framework: framework,
      frameworkVersion: version + (engine.options.speculation == nil ? "" : " speculative"),
      hasFastestKernels: hasFastestKernels, isDisaggregated: point.mode == .disaggregated,
      efficiencies: catalogue.efficiencies)
    design.clocks.powerLimitWatts = point.powerCapWatts.map {
      min(max($0, system.accelerator.idlePower.si + 1), system.accelerator.thermalDesignPower.si)
    }
    design.hostFloor = hostFloor
    design.schedulesAhead = schedulesAhead
    design.sampler = sampler
    return design
  }

  var planned: PlannedPoint {
    let options = engine.options.ofReplica(groups: parallel.attentionData)
    let nodeSize = system.node.accelerators
    let design = design(parallel)
    let replicas = replicas ?? point.accelerators / parallel.accelerators
    var stream = StreamPlan(
      arrivals: load.arrivals, requests: load.requests, lengths: lengths.lengths,
      maximumOutputTokens: lengths.longestOutput, warmUpRequests: load.warmUpRequests)
    stream.repeatedPrompts = repeatedPrompts
    if let shared = lengths.shared {
      stream.systemPrompts = shared
      stream.prompts = PromptContent(
        systemPrompts: shared, kin: .none, blockTokens: engine.blockTokens, seed: 1, name: "point.prompts")
    }
    return PlannedPoint(
      point: point, design: design, assumptions: assumptions, engine: options, cache: cache,
      replicas: replicas, simulatedReplicas: min(simulatedReplicas, replicas), prefill: prefill,
      stream: stream,
      window: load.window,
      site: SiteContext(
        systems: [
          SystemContext(
            system, accelerators: point.accelerators, nodes: (point.accelerators + nodeSize - 1) / nodeSize,
            isPriced: false)
        ], racks: 1, siteWattsPerITWatt: 1), overhead: design.overhead,
      prefillOverhead: (prefill?.design ?? design).overhead)
  }
}
