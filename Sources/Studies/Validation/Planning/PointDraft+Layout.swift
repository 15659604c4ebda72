import Models
import Quantities
import Hardware
import CostModel
import Simulation

extension Model {
  /// Whether attention keeps a compressed cache that tensor parallelism would copy to every accelerator.
  fileprivate var hasLatentAttention: Bool {
    transformer?.layers.contains {
      if case .latent = $0.attention { true } else { false }
    } ?? false
  }
}

extension PointDraft {
  /// The layout that is stated, or the narrowest that leaves room for a KV cache; then that cache.
  mutating func settleLayout() throws(Unpredictable) {
    var stated = Parallelism(
      tensor: 1, pipeline: point.pipeline ?? 1, expert: point.expert ?? 1,
      attentionData: point.attentionData ?? 1)
    if let tensor = point.tensor { stated.tensor = tensor }
    if point.suite == "mlperf", model.hasLatentAttention, point.attentionData == nil {
      // Tensor parallelism would copy the compressed cache to every accelerator.
      let width = point.tensor ?? min(8, point.accelerators)
      parallel = Parallelism(pipeline: stated.pipeline, expert: width, attentionData: width)
      assume(
        "layout", "expert \(width), attention data \(width)",
        because: "submissions with latent attention give each of eight accelerators requests of its own")
    } else if point.tensor != nil {
      parallel = stated
    } else if let published = published(stated) {
      parallel = published
    } else {
      parallel = try narrowest(stated)
      assume(
        "tp", "\(parallel.tensor)",
        because: "not stated; the fewest accelerators that hold the weights and a useful KV cache")
    }
    if let problem = design(parallel).problems().first { throw Unpredictable(problem.message) }
    guard point.accelerators % parallel.accelerators == 0 else {
      throw Unpredictable("the accelerators are no whole number of replicas of the stated layout")
    }
    var room = capacity(parallel)
    if room.blocks < 1, point.tensor != nil {
      // The run is a fact: its operators must have raised the fraction.
      engine.memoryFraction = Self.highestMemoryFraction
      room = capacity(parallel)
      assume(
        "memory fraction", "\(Self.highestMemoryFraction)",
        because: "the stated layout leaves no room for a KV cache at the usual one")
    }
    guard room.blocks >= 1 else { throw Unpredictable("no room for a KV cache beside the weights") }
    cache = KVCacheOptions(
      blocks: room.blocks, blockTokens: engine.blockTokens, fixedBlocksPerRequest: room.fixedBlocksPerRequest)
    let longest = cache.blocks(forTokens: engine.options.maximumContextTokens)
    guard longest <= room.blocks / parallel.attentionData else {
      throw Unpredictable("the KV cache does not hold the longest request")
    }
  }

  /// The published layout of MLPerf submissions, where the point's accelerators are a whole number of it and it can
  /// be built.
  private mutating func published(_ stated: Parallelism) -> Parallelism? {
    guard let recipe = submission, point.pipeline == nil else { return nil }
    var layout = stated
    layout.tensor = recipe.tensor
    layout.pipeline = recipe.pipeline
    guard point.accelerators % layout.accelerators == 0, design(layout).problems().isEmpty else { return nil }
    assume(
      "layout", "tensor \(layout.tensor), pipeline \(layout.pipeline)",
      because: "published settings of MLPerf submissions: \(recipe.source)")
    return layout
  }

  private func capacity(_ parallel: Parallelism) -> KeyValueCapacity {
    design(parallel).keyValueCache(
      memoryFraction: engine.memoryFraction, blockTokens: engine.blockTokens,
      maximumBatchTokens: engine.options.maximumBatchTokens)
  }

  private func narrowest(_ stated: Parallelism) throws(Unpredictable) -> Parallelism {
    var reason = "no layout fits the accelerators"
    var candidate = stated
    while candidate.accelerators <= point.accelerators {
      if let problem = design(candidate).problems().first {
        reason = problem.message
      } else if point.accelerators % candidate.accelerators == 0 {
        let bytes = capacity(candidate).bytesPerAccelerator
        if bytes >= Self.leastCacheShare * system.accelerator.memory.si { return candidate }
        reason = "no room for a KV cache beside the weights"
      }
      candidate.tensor *= 2
    }
    throw Unpredictable(reason)
  }
}
