import CostModel
import Simulation

/// What keeps a deployment from more requests each second.
public enum CapacityLimit: String, Sendable, CaseIterable {
  /// Places in the batch.
  case batchSlots = "batch_slots"
  /// Blocks of the KV cache.
  case cacheMemory = "kv_memory"
  /// Tokens that a step may process.
  case tokenBudget = "token_budget"
  /// The length of steps: more places in the batch would gain less than a tenth of what they add.
  case stepTime = "step_time"
  /// The pool that processes prompts.
  case prefillPool = "prefill_pool"
  /// The pool that decodes.
  case decodePool = "decode_pool"
  /// Links between the two.
  case transfer
}

/// The most that one replica that decodes can do, and in which state it does it.
struct ReplicaCapacity: Sendable {
  /// Sequences that decode together at most, on average.
  var decodes: Double
  /// Requests each second.
  var requestsPerSecond: Double
  /// A mean step in that state.
  var cycle: StepModel.Cycle
  /// What binds.
  var limit: CapacityLimit
  /// Whether prompts are computed again in that state, because KV blocks run out.
  var recomputes: Bool

  /// The capacity of a replica.
  ///
  /// Where every place that becomes free is taken at once, n/g prompts begin in each step of n decoding sequences whose
  /// answers take g steps. Places, KV blocks and the token budget each bound n; the smallest bound binds.
  /// - Parameters:
  ///   - model: the steps.
  ///   - cache: the KV cache.
  ///   - processesPrompts: whether it works on prompts too.
  ///   - inboundSeconds: seconds that a request holds its place before it decodes.
  init(
    _ model: StepModel, cache: KVCacheOptions, processesPrompts: Bool = true, inboundSeconds: Double = 0
  ) {
    let steps = model.stepsPerRequest
    let slots = Double(model.engine.maximumBatchSize)
    let blocks = CacheFootprint(model, cache: cache)
    func state(_ n: Double) -> StepModel.Cycle {
      model.cycle(decodes: n, arrivals: .perStep(processesPrompts ? n / steps : 0))
    }
    /// Places that n decoding sequences and what is on its way to them take.
    func places(_ n: Double) -> Double {
      let cycle = state(n)
      let rate = n / (steps * cycle.seconds)
      let inPrompt = processesPrompts && !model.pausesDecodes ? cycle.chunksPerStep * cycle.promptSteps : 0
      return n + inPrompt + rate * inboundSeconds
    }
    func fitting(_ limit: Double) -> Double {
      guard limit > 0 else { return 1e-3 }
      return min(limit, bisect(limit, between: 1e-3, and: limit, places))
    }
    let byPlaces = fitting(slots)
    let byBlocks = fitting(min(blocks.sequences, slots * 4))
    var byBudget = Double.infinity
    if processesPrompts, !model.pausesDecodes {
      let queries = Double(model.cost.queries)
      // n/g prompts of mean length fit beside n sequences.
      byBudget =
        Double(model.engine.maximumBatchTokens) * steps / (model.mix.meanUncached + queries * steps)
      if !model.engine.chunkedPrefill { byBudget = min(byBudget, Self.besideWholePrompts(model)) }
    }
    let n = min(byPlaces, byBlocks, byBudget)
    decodes = n
    // Where blocks are all taken, the request that was admitted last loses its own; in simulations that comes to between
    // a quarter and one more computation of each prompt, the more the shorter prompts are against answers.
    let recomputes =
      processesPrompts && model.engine.capacityPolicy == .currentUse && model.engine.outputEstimate == nil
      && byBlocks < min(byPlaces, byBudget)
    func full(_ n: Double) -> StepModel.Cycle {
      let prompts = processesPrompts ? n / steps : 0
      return model.cycle(decodes: n, arrivals: .perStep(recomputes ? 1.75 * prompts : prompts))
    }
    cycle = full(n)
    self.recomputes = recomputes
    requestsPerSecond = n / (steps * cycle.seconds)
    if byBudget <= min(byPlaces, byBlocks) {
      limit = .tokenBudget
    } else {
      limit = byBlocks < byPlaces ? .cacheMemory : .batchSlots
      let growth = requestsPerSecond / (0.9 * n / (steps * full(0.9 * n).seconds)) - 1
      if growth < 0.1 * (1 / 0.9 - 1) { limit = .stepTime }
    }
  }
}

extension ReplicaCapacity {
  /// Sequences that decode where prompts are not split: each prompt waits until those that are left leave it room in a step,
  /// and all behind it wait with it.
  fileprivate static func besideWholePrompts(_ model: StepModel) -> Double {
    let room = model.mix.samples.reduce(0) { sum, sample in
      let left = Double(model.engine.maximumBatchTokens) - sample.uncached
      return sum + sample.weight * max(left / Double(model.cost.queries), 0)
    }
    return room + 1
  }
}

/// How many sequences the KV cache of a replica holds.
struct CacheFootprint {
  /// Mean KV blocks of a running request.
  let blocksPerRequest: Double
  /// Requests that fit on average, decoding or in their prompts.
  let sequences: Double

  /// The footprint of requests, each counted for as long as it decodes.
  ///
  /// Where blocks are reserved, a request holds those of its prompt and its output limit. Else it holds those of its
  /// context, and SGLang leaves room for the least share of what running requests may still generate. A request that
  /// waits for room leaves half of what it needs unused, on average.
  init(_ model: StepModel, cache: KVCacheOptions) {
    let mix = model.mix
    let size = Double(cache.blockTokens)
    let fixed = Double(cache.fixedBlocksPerRequest)
    let reserves = model.engine.capacityPolicy == .reserveToEnd
    let share = model.engine.outputEstimate.map { min(min(0.7 * $0.conservativeness, 1) * 0.14, 1) } ?? 0
    var sum = 0.0
    var beginning = 0.0
    var weights = 0.0
    for sample in mix.samples {
      let steps = max(mix.pace.steps(forTokens: sample.output - 1), 1e-9)
      let weight = sample.weight * steps
      let held: Double
      if reserves {
        held = ((sample.prompt + sample.maximumOutput) / size).rounded(.up)
      } else {
        let expected = min(
          max(sample.maximumOutput - sample.output / 2, 0), Double(OutputEstimate.clippedTokens))
        held = (sample.prompt + sample.output / 2 + share * expected) / size + 0.5
      }
      // Of a prompt that others hold, the shared blocks count once, which a large batch makes nothing of.
      let shared = ((sample.prompt - sample.uncached) / size).rounded(.down)
      sum += weight * (fixed + max(held - shared, 1))
      beginning += sample.weight * (fixed + (reserves ? held : (sample.uncached / size).rounded(.up)))
      weights += weight
    }
    blocksPerRequest = sum / weights
    let free = Double(cache.blocks - cache.watermarkBlocks) - beginning / 2
    sequences = max(free / blocksPerRequest, 1)
  }
}
