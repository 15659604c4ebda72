import CostModel
import Workload

@testable import Simulation

/// A cost table with a closed form that a test can work out by hand.
///
/// A step takes `step` + `token` x tokens + `context` x sum of contexts + `pair` x pairs of prompt chunks, in seconds;
/// `bounded` and `boundedPair` are the same in layers with a bounded context.
/// Knots don't matter: each part is linear.
func linearCosts(
  step: Double = 0, token: Double = 0, context: Double = 0, pair: Double = 0, bounded: Double = 0,
  boundedPair: Double = 0, bound: ContextBound = .none, joules: Double = 0, maximumBatch: Int = 4096,
  maximumTokens: Int = 65536,
  maximumContext: Int = 65536
) -> StepCostTable {
  func cost(_ seconds: Double, _ lane: CostLane) -> CostVector {
    var vector = CostVector.zero
    vector[.time] = seconds
    vector[lane] = seconds
    vector[.compute] = seconds
    vector[.energy] = seconds * joules
    return vector
  }
  let base = cost(step, .framework)
  return StepCostTable(
    decodeBase: base, mixedBase: base,
    tokens: KnotTable(maximum: maximumTokens, bits: 4) { cost(token * Double($0), .gemm) },
    sequences: KnotTable(maximum: maximumBatch, bits: 3) { _ in .zero },
    rows: KnotTable(maximum: maximumBatch, bits: 3) { _ in .zero },
    context: ContextGrid(maximumSequences: maximumBatch, maximumContext: maximumContext) {
      cost(context * Double($0 * $1), .decodeAttention)
    },
    boundedContext: bound == .none
      ? nil
      : ContextGrid(maximumSequences: maximumBatch, maximumContext: maximumContext) {
        cost(bounded * Double($0 * $1), .decodeAttention)
      },
    chunk: KnotTable(maximum: maximumContext * (maximumContext + 1), bits: 3) {
      cost(pair * Double($0) / 2, .prefillAttention)
    },
    boundedChunk: bound == .none
      ? nil
      : KnotTable(maximum: maximumContext * (maximumContext + 1), bits: 3) {
        cost(boundedPair * Double($0) / 2, .prefillAttention)
      },
    bound: bound)
}

/// A deployment with generous defaults.
func deployment(
  replicas: Int = 1, batch: Int = 256, tokens: Int = 8192, chunked: Bool = true,
  policy: CapacityPolicy = .currentUse, blocks: Int = 1_000_000, blockTokens: Int = 16, fixed: Int = 0,
  watermark: Int = 0, cost: StepCostTable, router: RouterPolicy = .roundRobin,
  frontEnd: FrontEnd = FrontEnd(),
  streams: [StreamPlan]
) -> DeploymentPlan {
  DeploymentPlan(
    name: "test", replicas: replicas, acceleratorsPerReplica: 1,
    engine: EngineOptions(
      maximumBatchSize: batch, maximumBatchTokens: tokens, chunkedPrefill: chunked, capacityPolicy: policy,
      maximumContextTokens: 60_000),
    cache: KVCacheOptions(
      blocks: blocks, blockTokens: blockTokens, fixedBlocksPerRequest: fixed, watermarkBlocks: watermark),
    cost: cost, router: router, frontEnd: frontEnd, streams: streams)
}

/// A stream with lengths drawn independently.
func stream(
  _ arrivals: ArrivalProcess, requests: Int? = nil, input: LengthDistribution, output: LengthDistribution,
  maximumOutput: Int = 50_000, seed: UInt64 = 1, targets: LatencyTargets = LatencyTargets(), warmUp: Int = 0
) -> StreamPlan {
  StreamPlan(
    arrivals: arrivals, requests: requests,
    lengths: RequestLengths(input: input, output: output, seed: seed), maximumOutputTokens: maximumOutput,
    targets: targets, warmUpRequests: warmUp)
}

/// A stream with listed requests: arrival in milliseconds, prompt tokens, answer tokens.
func listed(_ requests: [(milliseconds: Double, input: Int32, output: Int32)], maximumOutput: Int = 1000)
  -> StreamPlan
{
  guard
    let rows = PairedLengths(
      inputs: requests.map(\.input), outputs: requests.map(\.output))
  else { preconditionFailure("requests without tokens") }
  return StreamPlan(
    arrivals: .trace(arrivalsNanoseconds: requests.map { Int64($0.milliseconds * 1e6) }),
    lengths: RequestLengths(rows: rows, order: .cyclic, seed: 1), maximumOutputTokens: maximumOutput)
}

/// The names of what two outcomes don't agree on.
///
/// Events are compared when asked for: those of another mode or driver are others.
func differences(_ a: DeploymentOutcome, _ b: DeploymentOutcome, events: Bool = false) -> [String] {
  let checks: [(String, Bool)] = [
    ("records", a.observations.records == b.observations.records),
    ("counts", a.observations.counts == b.observations.counts),
    ("series", a.observations.series == b.observations.series),
    ("epochs", a.observations.epochs == b.observations.epochs),
    ("last token", a.observations.lastToken == b.observations.lastToken),
    ("origin", a.observations.origin == b.observations.origin), ("end", a.end == b.end),
    ("steps", a.steps == b.steps), ("cost", a.cost == b.cost), ("in flight", a.inFlight == b.inFlight),
    ("peak", a.peakInFlight == b.peakInFlight), ("cache", a.peakCacheUtilisation == b.peakCacheUtilisation),
    ("events", !events || a.events == b.events),
  ]
  return checks.filter { !$0.1 }.map(\.0)
}

/// A small generator of test cases, apart from the one under test.
struct CaseGenerator {
  var state: UInt64

  init(_ seed: Int) { state = UInt64(seed) &* 0x9e37_79b9_7f4a_7c15 &+ 1 }

  mutating func next() -> UInt64 {
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return state >> 33
  }

  mutating func int(_ range: ClosedRange<Int>) -> Int {
    range.lowerBound + Int(next() % UInt64(range.count))
  }

  mutating func double(_ range: ClosedRange<Double>) -> Double {
    range.lowerBound + (range.upperBound - range.lowerBound) * Double(next()) / Double(1 << 31)
  }

  mutating func pick<T>(_ values: [T]) -> T { values[int(0...(values.count - 1))] }
}
