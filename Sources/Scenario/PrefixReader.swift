import CostModel
import Documents
import Hardware
import Quantities
import Simulation
import Workload

/// A tier of a prefix cache as stated, for one accelerator.
struct CacheTierDraft {
  let name: String
  let capacity: Bytes
  /// Nil: that of the link to the host.
  let bandwidth: BytesPerSecond?
  let latency: Seconds
}

/// Reads `cache_tiers:` of an engine.
struct CacheTierReader {
  /// The tiers, nearest first.
  func read(_ field: Field) -> [CacheTierDraft] {
    guard field.isPresent else { return [] }
    return field.list { element -> CacheTierDraft? in
      guard var reader = element.elementMapping() else { return nil }
      let name = reader.required("name").string()
      let capacity = reader.required("capacity").quantity(Bytes.self, above: Bytes(si: 0))
      let bandwidth = reader.optional("bandwidth").quantity(BytesPerSecond.self, above: BytesPerSecond(si: 0))
      let latency = reader.optional("latency").quantity(
        Seconds.self, in: Seconds(si: 0)...Seconds(si: 3600))
      reader.finish()
      guard let name, let capacity else { return nil }
      return CacheTierDraft(
        name: name, capacity: capacity, bandwidth: bandwidth, latency: latency ?? Seconds(si: 0))
    } ?? []
  }
}

extension CacheTierDraft {
  /// The bandwidth of one accelerator's way to it; nil where the scenario and the catalogue don't say.
  func bandwidth(_ design: ReplicaDesign) -> BytesPerSecond? {
    bandwidth ?? design.system.hostLink?.bandwidth
  }

  /// The tier of one replica; nil where it holds not a block.
  ///
  /// Each accelerator keeps its own part of a block and fetches it over its own link; attention groups fetch theirs side
  /// by side.
  func resolved(_ design: ReplicaDesign, blockTokens: Int) -> CacheTier? {
    let blockBytes = design.memory.keyValueBytesPerToken * Double(blockTokens)
    let groups = design.parallel.attentionData
    let blocks = Int(min(capacity.si / blockBytes, 1e12)) * groups
    guard blockBytes > 0, blocks >= 1, let bandwidth = bandwidth(design) else { return nil }
    return CacheTier(
      name: name, blocks: blocks, secondsPerBlock: blockBytes / bandwidth.si / Double(groups),
      latencySeconds: latency.si)
  }

  func echo(_ design: ReplicaDesign) -> JSONValue {
    .object([
      ("name", .string(name)), ("capacity_bytes_per_accelerator", .double(capacity.si)),
      ("bandwidth_bytes_per_second_per_accelerator", .optional(bandwidth(design)?.si)),
      ("latency_seconds", .double(latency.si)),
    ])
  }
}

/// What prompts begin with and whether they are turns of conversations, as stated.
struct PromptsDraft {
  var systemTokens = 0
  var systemPrompts = 1
  var conversations: ConversationsDraft?
  var conversationsField: Field?

  /// Whether prompts have anything in common.
  var isShared: Bool { systemTokens > 0 || conversations != nil }

  var echo: [(String, JSONValue)] {
    var members: [(String, JSONValue)] = []
    if systemTokens > 0 {
      members.append(
        ("system_prompt", .object([("tokens", .int(systemTokens)), ("count", .int(systemPrompts))])))
    }
    if let conversations { members.append(("conversations", conversations.echo)) }
    return members
  }
}

/// What `conversations:` states.
struct ConversationsDraft {
  let turns: LengthDistribution
  let pause: Conversations.Pause
  let echo: JSONValue
}

/// Reads `system_prompt:` and `conversations:` of a workload.
struct PromptsReader {
  let lengths: LengthsReader

  func read(_ reader: inout MappingReader) -> PromptsDraft {
    var draft = PromptsDraft()
    let systemField = reader.optional("system_prompt")
    if systemField.isPresent, var system = systemField.mapping() {
      draft.systemTokens = system.required("tokens").int(in: 1...LengthDistribution.longest) ?? 0
      draft.systemPrompts = system.optional("count").int(in: 1...1_000_000_000) ?? 1
      system.finish()
    }
    let field = reader.optional("conversations")
    draft.conversationsField = field.isPresent ? field : nil
    draft.conversations = conversations(field)
    return draft
  }

  private func conversations(_ field: Field) -> ConversationsDraft? {
    guard field.isPresent, var reader = field.mapping() else { return nil }
    let turnsField = reader.required("turns")
    let turns = lengths.distribution(turnsField)
    let pauseField = reader.required("pause")
    let pause = self.pause(pauseField)
    reader.finish()
    guard let turns, let pause else { return nil }
    if let longest = turns.longest, longest > Conversations.mostTurns {
      turnsField.reject("a conversation of \(longest) turns", allowed: "at most \(Conversations.mostTurns)")
      return nil
    }
    return ConversationsDraft(
      turns: turns.make(Conversations.mostTurns), pause: pause.0,
      echo: .object([("turns", turns.echo), ("pause", pause.1)]))
  }

  /// A time, or `{ mean: … }` of an exponential distribution.
  private func pause(_ field: Field) -> (Conversations.Pause, JSONValue)? {
    let range = Seconds(si: 0)...Seconds(si: 1e7)
    guard field.node?.scalar == nil else {
      guard let fixed = field.quantity(Seconds.self, in: range) else { return nil }
      return (.fixed(seconds: fixed.si), .object([("seconds", .double(fixed.si))]))
    }
    guard var reader = field.mapping() else { return nil }
    let mean = reader.required("mean").quantity(Seconds.self, in: range)
    reader.finish()
    guard let mean else { return nil }
    return (.exponential(meanSeconds: mean.si), .object([("mean_seconds", .double(mean.si))]))
  }
}
