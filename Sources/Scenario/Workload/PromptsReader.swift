import CostModel
import Documents
import Hardware
import Quantities
import Simulation
import Workload

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
