/// What the prompts of a stream have in common with one another: what a prefix cache can find.
///
/// A prompt is a chain of blocks of ``blockTokens`` tokens. Two prompts with the same identity at a position are equal
/// up to the end of that block.
public struct PromptContent: Sendable {
  private enum Source: Sendable {
    /// Rows of a trace, in turn, with the hashes that it states.
    case traced(hashes: [UInt64], offsets: [Int])
    /// A system prompt, then text of one's own.
    case systemPrompt(SystemPrompts)
    /// A system prompt, then a conversation whose every turn repeats what was said before.
    case conversations(SystemPrompts)
    /// A system prompt, then text that all samples of one request begin with, numbered as turns are.
    case samples(SystemPrompts)
  }

  /// What requests of a stream are to one another.
  public enum Kin: Sendable {
    /// Nothing.
    case none
    /// Turns of conversations, numbered as ``Conversations/request(_:turn:)`` does.
    case turns
    /// Samples of one request, numbered likewise: their prompts are equal, their answers are not.
    case samples
  }

  private let source: Source
  /// Tokens of a block, >= 1.
  public let blockTokens: Int
  /// What keeps the identities of one stream apart from those of another.
  private let key: UInt64
  /// The adapters that prompts are computed under; nil for none.
  ///
  /// Prompts under different adapters share nothing, however they begin: what is cached of them differs.
  public var adapters: AdapterDraws?

  /// Prompts whose blocks a trace names; nil where it names none.
  ///
  /// Streams of one trace, told by its `name`, find one another's blocks.
  public init?(of trace: ArrivalTrace, name: String) {
    guard trace.blockTokens > 0, !trace.blockHashes.isEmpty else { return nil }
    source = .traced(hashes: trace.blockHashes, offsets: trace.blockHashOffsets)
    blockTokens = trace.blockTokens
    key = RandomStreamFamily(seed: 0, "prompts.trace." + name).stream(index: 0).state
  }

  /// Prompts that begin with a system prompt, alone or as turns of conversations.
  ///
  /// - Parameters:
  ///   - systemPrompts: what they begin with.
  ///   - kin: what requests are to one another.
  ///   - blockTokens: tokens of a block, >= 1.
  ///   - seed: the seed of the scenario.
  ///   - name: the name of the stream.
  public init(
    systemPrompts: SystemPrompts, kin: Kin, blockTokens: Int, seed: UInt64, name: String
  ) {
    precondition(blockTokens >= 1, "blocks of nothing")
    source =
      switch kin {
      case .none: .systemPrompt(systemPrompts)
      case .turns: .conversations(systemPrompts)
      case .samples: .samples(systemPrompts)
      }
    self.blockTokens = blockTokens
    key = RandomStreamFamily(seed: seed, "prompts." + name).stream(index: 0).state
  }

  /// Whether what a request answers may be what another one's prompt begins with.
  public var sharesAnswers: Bool {
    if case .samples = source { return false }
    return true
  }

  /// Whole blocks in the first `tokens` tokens of a request that another request may begin with too.
  @inline(__always)
  public func blocks(ofRequest index: UInt64, tokens: Int) -> Int {
    switch source {
    case .traced(let hashes, let offsets):
      guard !hashes.isEmpty else { return 0 }
      let row = Int(index % UInt64(offsets.count - 1))
      return min(tokens / blockTokens, offsets[row + 1] - offsets[row])
    case .systemPrompt(let prompts):
      return min(tokens, prompts.tokens) / blockTokens
    case .conversations, .samples:
      return tokens / blockTokens
    }
  }

  /// The identity of the block at a position, in 0..<``blocks(ofRequest:tokens:)``.
  @inline(__always)
  public func identity(ofRequest index: UInt64, block: Int) -> UInt64 {
    let identity = text(ofRequest: index, block: block)
    guard let adapters else { return identity }
    return RandomMixer.absorb(identity, UInt64(adapters.adapter(ofRequest: index)))
  }

  /// What tells a block's text apart, and all text before it.
  @inline(__always)
  private func text(ofRequest index: UInt64, block: Int) -> UInt64 {
    switch source {
    case .traced(let hashes, let offsets):
      let row = Int(index % UInt64(offsets.count - 1))
      return RandomMixer.absorb(key, hashes[offsets[row] + block])
    case .systemPrompt(let prompts):
      return shared(prompts.prompt(of: index), block)
    case .conversations(let prompts), .samples(let prompts):
      let conversation = Conversations.conversation(of: index)
      if (block + 1) * blockTokens <= prompts.tokens {
        return shared(prompts.prompt(of: conversation), block)
      }
      return RandomMixer.absorb(RandomMixer.absorb(key, conversation), UInt64(block))
    }
  }

  private func shared(_ prompt: UInt64, _ block: Int) -> UInt64 {
    RandomMixer.absorb(RandomMixer.absorb(~key, prompt), UInt64(block))
  }
}

/// The texts that an application puts before what its users write.
public struct SystemPrompts: Sendable, Equatable {
  /// Tokens of each, >= 0.
  public let tokens: Int
  /// How many there are, >= 1: each request, or conversation, has one of them, drawn by its number.
  public let count: Int
  private let draws: RandomStreamFamily

  /// System prompts; see the properties for ranges.
  ///
  /// `seed` and `name` key the draws.
  public init(tokens: Int, count: Int = 1, seed: UInt64 = 0, name: String = "system-prompts") {
    precondition(tokens >= 0 && count >= 1, "no system prompt")
    self.tokens = tokens
    self.count = count
    draws = RandomStreamFamily(seed: seed, "system-prompt." + name)
  }

  /// The one of a request or conversation, in 0..<count.
  public func prompt(of number: UInt64) -> UInt64 {
    guard count > 1 else { return 0 }
    var stream = draws.stream(index: number)
    return stream.uniformInteger(below: UInt64(count))
  }
}
