/// Sessions: chains of requests, each of which repeats all that was said before and adds to it.
///
/// Of a person who chats, or of an agent that calls tools. The next turn is sent a pause after the answer.
public struct Conversations: Sendable {
  /// Tokens that begin every prompt; their blocks are the same for all conversations of one system prompt.
  public let systemPrompts: SystemPrompts
  private let turns: LengthSampler
  private let pause: Pause
  private let turnDraws: RandomStreamFamily
  private let pauseDraws: RandomStreamFamily
  /// The mean number of turns.
  public let meanTurns: Double

  /// From an answer to the next turn: a person's reading and typing, or a tool's run.
  public enum Pause: Sendable, Equatable {
    /// Always as long, in seconds.
    case fixed(seconds: Double)
    /// Exponentially distributed.
    case exponential(meanSeconds: Double)
  }

  /// Turns of one conversation at most.
  public static let mostTurns = 1 << 16

  /// Conversations.
  ///
  /// - Parameters:
  ///   - turns: the distribution of the number of turns, of at most ``mostTurns``.
  ///   - pause: between an answer and the next turn.
  ///   - systemPrompts: what prompts begin with.
  ///   - seed: the seed of the scenario.
  ///   - name: the name of the random streams.
  public init(
    turns: LengthDistribution, pause: Pause, systemPrompts: SystemPrompts, seed: UInt64, name: String
  ) {
    self.turns = LengthSampler(turns)
    meanTurns = turns.mean
    self.pause = pause
    self.systemPrompts = systemPrompts
    turnDraws = RandomStreamFamily(seed: seed, "conversations.turns." + name)
    pauseDraws = RandomStreamFamily(seed: seed, "conversations.pauses." + name)
  }

  /// The number of a turn among all requests of its stream.
  @inline(__always)
  public static func request(_ conversation: UInt64, turn: Int) -> UInt64 {
    conversation << 16 | UInt64(turn)
  }

  /// The conversation that a request belongs to.
  @inline(__always)
  public static func conversation(of request: UInt64) -> UInt64 { request >> 16 }

  /// The turn that a request is, from 0.
  @inline(__always)
  public static func turn(of request: UInt64) -> Int { Int(request & 0xFFFF) }

  /// Turns of a conversation, in 1...``mostTurns``.
  public func turns(of conversation: UInt64) -> Int {
    var stream = turnDraws.stream(index: conversation)
    return min(turns.draw(from: &stream), Self.mostTurns)
  }

  /// Seconds from the answer to a request until the next turn is sent.
  public func pauseSeconds(after request: UInt64) -> Double {
    switch pause {
    case .fixed(let seconds): return seconds
    case .exponential(let mean):
      guard mean > 0 else { return 0 }
      var stream = pauseDraws.stream(index: request)
      return stream.exponential(rate: 1 / mean)
    }
  }
}
