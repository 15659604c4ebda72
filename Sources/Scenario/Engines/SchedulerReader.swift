import CostModel
import Documents
import Quantities
import Simulation

/// Options of the scheduler that decide who runs, as stated.
struct SchedulerDraft {
  typealias Option = EngineDraft.Option

  var queueOrder = Option<QueueOrder>()
  var maximumQueuedRequests = Option<Int>()
  var longPrefillThreshold = Option<Int>()
  var swap: SwapDraft?
  var batching = Option<Batching>()
  /// Whether the next step is prepared while the accelerators work.
  var schedulesAhead = Option<Bool>()
  var attentionBalance: AttentionBalanceDraft?
  /// How tokens are drawn from logits.
  var sampler = Option<Sampler>()
}

/// Memory of the host for preempted requests, as stated.
struct SwapDraft {
  let field: Field
  /// For each accelerator.
  let space: Bytes
  /// Of one accelerator's way to the host; nil: that of the catalogue.
  let bandwidth: BytesPerSecond?

  /// vLLM V0's `swap_space`.
  static let defaultSpace = Bytes(si: 4 * 1_073_741_824)

  /// The space of one replica; nil where it holds not a block or nobody knows the link.
  func resolved(_ design: ReplicaDesign, blockTokens: Int) -> SwapSpace? {
    let tier = CacheTierDraft(
      name: "swap", capacity: space, bandwidth: bandwidth, latency: Seconds(si: 0)
    ).resolved(design, blockTokens: blockTokens)
    return tier.map { SwapSpace(blocks: $0.blocks, secondsPerBlock: $0.secondsPerBlock) }
  }
}

extension EngineReader {
  /// Options of the scheduler, under the names of a framework.
  func scheduler(_ reader: inout MappingReader, _ framework: Framework?) -> SchedulerDraft {
    var draft = SchedulerDraft()
    draft.queueOrder = option(
      &reader, "scheduling_policy", framework == .sglang ? "schedule_policy" : nil
    ) { $0.choice(QueueOrder.self) }
    draft.maximumQueuedRequests = option(&reader, "max_queued_requests", nil) {
      $0.int(in: 1...1_000_000_000)
    }
    draft.batching = option(&reader, "batching", nil) { $0.choice(Batching.self) }
    draft.schedulesAhead = schedulesAhead(&reader, framework)
    draft.sampler = option(&reader, "sampler", nil) { $0.choice(Sampler.self) }
    guard framework != .sglang else { return draft }
    if framework == .tensorRTLLM {
      draft.attentionBalance = attentionBalance(reader.optional("attention_dp_config"))
    }
    draft.longPrefillThreshold = option(
      &reader, "long_prefill_threshold", framework == .vllm ? "long_prefill_token_threshold" : nil
    ) { $0.int(in: 1...10_000_000) }
    draft.swap = swap(&reader)
    return draft
  }

  /// `async_scheduling`, as vLLM calls it; the other frameworks have a word for the contrary.
  private func schedulesAhead(
    _ reader: inout MappingReader, _ framework: Framework?
  ) -> EngineDraft.Option<Bool> {
    let stated = option(&reader, "async_scheduling", nil) { $0.bool() }
    let contrary: String? =
      switch framework {
      case .tensorRTLLM: "disable_overlap_scheduler"
      case .sglang: "disable_overlap_schedule"
      case .vllm, nil: nil
      }
    guard let contrary else { return stated }
    let field = reader.optional(contrary)
    guard field.isPresent else { return stated }
    if stated.field != nil { field.reject("stated twice, as async_scheduling and as \(contrary)") }
    return EngineDraft.Option(value: field.bool().map { !$0 }, field: field)
  }

  private func swap(_ reader: inout MappingReader) -> SwapDraft? {
    let modeField = reader.optional("preemption_mode")
    let spaceField = reader.optional("swap_space")
    let bandwidthField = reader.optional("swap_bandwidth")
    let mode = modeField.choice(["recompute", "swap"])
    let space = spaceField.quantity(Bytes.self, above: Bytes(si: 0))
    let bandwidth = bandwidthField.quantity(BytesPerSecond.self, above: BytesPerSecond(si: 0))
    guard mode == "swap" else {
      for field in [spaceField, bandwidthField] {
        field.refuse("only preemption_mode: swap copies to the host")
      }
      return nil
    }
    return SwapDraft(field: modeField, space: space ?? SwapDraft.defaultSpace, bandwidth: bandwidth)
  }
}

extension EngineDraft {
  /// Refuses options that contradict one another.
  func checkScheduler() {
    if scheduler.batching.value == .static {
      let field = scheduler.batching.field
      if framework == .sglang {
        field?.reject("SGLang's scheduler only batches in flight", allowed: "in-flight")
      }
      speculation.field?.reject("a static batch takes one token a step")
      batchWaitSteps.field?.reject("a static batch has nothing to wait for")
      scheduler.swap?.field.refuse("a static batch preempts nobody")
      if capacityPolicy.value == .currentUse {
        capacityPolicy.field?.reject(
          "a static batch holds what its requests may need", allowed: CapacityPolicy.reserveToEnd.rawValue)
      }
    }
    if let swap = scheduler.swap {
      speculation.field?.reject("requests that are drafted for are computed again, not swapped")
      if capacityPolicy.value == .reserveToEnd {
        swap.field.refuse("\(CapacityPolicy.reserveToEnd.rawValue) preempts nobody")
      }
    }
    if let field = scheduler.longPrefillThreshold.field {
      if chunkedPrefill.value == false { field.refuse("prompts are not split over steps") }
      batchWaitSteps.field?.reject("with a threshold for long prompts nothing is held back")
    }
  }

  /// Adds the scheduler's options, of which the space for swapping needs the design.
  func addSchedulerOptions(to options: inout EngineOptions) {
    options.queueOrder = scheduler.queueOrder.value ?? .firstCome
    options.maximumQueuedRequests = scheduler.maximumQueuedRequests.value ?? .max
    options.longPrefillThreshold = scheduler.longPrefillThreshold.value ?? .max
    options.batching = scheduler.batching.value ?? .inFlight
    options.attentionBalance = scheduler.attentionBalance?.balance
    if options.batching == .static { options.capacityPolicy = .reserveToEnd }
  }
}

extension EngineChoice {
  /// Options of the scheduler that are not the defaults.
  func schedulerEcho(_ design: ReplicaDesign) -> [(String, JSONValue)] {
    var members: [(String, JSONValue)] = [
      ("scheduling_policy", .string(options.queueOrder.rawValue)),
      ("batching", .string(options.batching.rawValue)),
      ("async_scheduling", .bool(schedulesAhead ?? framework.schedulesAhead)),
      ("sampler", .string(sampler.rawValue)),
    ]
    if options.maximumQueuedRequests < .max {
      members.append(("max_queued_requests", .int(options.maximumQueuedRequests)))
    }
    if options.longPrefillThreshold < .max {
      members.append(("long_prefill_threshold", .int(options.longPrefillThreshold)))
    }
    guard let swap, let space = swap.resolved(design, blockTokens: blockTokens) else {
      return members + [("preemption_mode", "recompute")]
    }
    return members + [
      ("preemption_mode", "swap"), ("swap_blocks", .int(space.blocks)),
      ("swap_seconds_per_block", .double(space.secondsPerBlock)),
    ]
  }

  /// The scheduler's options for replicas of a design.
  func replicaOptions(_ design: ReplicaDesign) -> EngineOptions {
    var options = options.ofReplica(groups: design.parallel.requestGroups)
    if let space = swap?.resolved(design, blockTokens: blockTokens) { options.preemption = .swap(space) }
    options.adapters = lora?.resolved(design)
    return options
  }
}
