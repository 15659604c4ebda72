import Workload

/// One stream of requests for a deployment.
public struct StreamPlan: Sendable {
  /// When requests arrive.
  public var arrivals: ArrivalProcess
  /// The most requests to send; nil for as many as the process or the run's duration gives.
  public var requests: Int?
  /// How long prompts and answers are, by request number.
  public var lengths: RequestLengths
  /// The longest answer that the client allows; longer ones are cut there.
  ///
  /// Engines see it, never the true length.
  public var maximumOutputTokens: Int
  /// What a request must meet to be good.
  public var targets: LatencyTargets
  /// Requests that a closed-loop client sends, and drains, before the reported part of the run begins.
  ///
  /// Where several streams warm up, the reported part begins when the last of them has drained.
  public var warmUpRequests: Int
  /// The prompts that the client sends again and again; nil for a new one each time.
  public var repeatedPrompts: RepeatedPrompts?
  /// What prompts have in common, for prefix caches; nil for nothing.
  ///
  /// Prompts under different ``adapters`` have nothing in common: setting either tells it to the other.
  public var prompts: PromptContent? { didSet { tellAdapters() } }
  /// The adapters that its requests are for; nil: they are for the model itself.
  public var adapters: AdapterDraws? { didSet { tellAdapters() } }
  /// What every prompt begins with, before the tokens that ``lengths`` gives; nil for nothing.
  public var systemPrompts: SystemPrompts?
  /// The conversations whose first turns arrive; nil: each request stands for itself.
  ///
  /// ``requests`` then counts conversations, and ``lengths`` gives what each turn adds.
  public var conversations: Conversations?

  /// Which of its requests wait for others of it; nil: none does, but for what a closed loop or conversations say.
  ///
  /// Arrivals are then those of the rows that wait for nothing, in order; ``requests`` counts those.
  public var graph: RequestGraph?
  /// Answers that are sampled for each prompt, in 1...``Conversations/mostTurns``; each counts as a request of its own.
  ///
  /// The first is sent as any request; the others follow it to its replica when its prompt is done, and find that
  /// in the cache (SGLang expands a request so; vLLM starts them in one step, of which all but the first find the
  /// prompt). ``requests`` counts prompts.
  public var samples = 1
  /// The service class whose goodput its requests count to; nil for none.
  public var serviceClass: String?
  /// How soon the engine is to start its requests where the queue is sorted by that: the lower the sooner.
  public var priority = 0
  /// Output tokens before the answer, which reasoning models hide: ``lengths`` then gives the answer's; nil for none.
  public var thinking: RequestLengths?
  /// When its clients go away; nil: never.
  public var patience: Patience?
  /// Whose requests they are: a position in ``DeploymentPlan/tenants``; nil for nobody's.
  public var tenant: Int?
  /// Whether its requests wait for room, and how long; nil: they don't.
  public var deferral: Deferral?
  /// The numbers of its requests, or conversations, in order of arrival.
  var numbering = RequestNumbering()

  /// Creates a stream; see the properties.
  public init(
    arrivals: ArrivalProcess, requests: Int? = nil, lengths: RequestLengths, maximumOutputTokens: Int,
    targets: LatencyTargets = LatencyTargets(), warmUpRequests: Int = 0
  ) {
    precondition(maximumOutputTokens >= 1, "answers without a token")
    self.arrivals = arrivals
    self.requests = requests
    self.lengths = lengths
    self.maximumOutputTokens = maximumOutputTokens
    self.targets = targets
    self.warmUpRequests = warmUpRequests
  }
}

/// How the requests of a stream are numbered, which keys what is drawn for each: 0, 1, 2… unless several runs share the
/// numbers among them.
struct RequestNumbering: Sendable, Equatable {
  /// The number of the first.
  var first: UInt64 = 0
  /// From one number to the next, >= 1.
  var stride: UInt64 = 1

  /// The number of the n-th arrival, from 0.
  func number(ofArrival n: UInt64) -> UInt64 { first + n * stride }
}

extension StreamPlan {
  private mutating func tellAdapters() {
    guard var content = prompts, content.adapters !== adapters else { return }
    content.adapters = adapters
    prompts = content
  }
}

/// Prompts that a client sends in turn, under an engine with a prefix cache.
///
/// A prompt that was sent before is found in the cache, but for what its last KV block holds; the cache is taken to
/// hold them all, beside the requests that run.
public struct RepeatedPrompts: Sendable, Equatable {
  /// Prompts that differ, >= 1.
  public var distinct: Int
  /// Tokens of a KV block, >= 1.
  public var blockTokens: Int

  /// Repeated prompts; see the properties for ranges.
  public init(distinct: Int, blockTokens: Int) {
    precondition(distinct >= 1 && blockTokens >= 1, "no prompts, or blocks of nothing")
    self.distinct = distinct
    self.blockTokens = blockTokens
  }

  /// Tokens of the prompt of request `index` that the cache holds, in 0..<input: one is left to begin with.
  func cached(input: Int32, ofRequest index: UInt64) -> Int32 {
    let block = Int32(clamping: blockTokens)
    return index < UInt64(distinct) ? 0 : (input - 1) / block * block
  }
}

/// The way of a request from the router to the scheduler of its replica: HTTP, tokenisation.
///
/// The front end of a replica hands requests over in the order in which they came. Offline requests were tokenised
/// before the run: they pass it in its constant time.
public struct FrontEnd: Sendable, Equatable {
  /// Constant part in seconds.
  public var seconds: Double
  /// Seconds for each prompt token.
  public var secondsPerInputToken: Double

  /// A front end with this delay.
  public init(seconds: Double = 0, secondsPerInputToken: Double = 0) {
    self.seconds = seconds
    self.secondsPerInputToken = secondsPerInputToken
  }

  func delay(inputTokens: Int) -> SimDuration {
    SimDuration(seconds: seconds + secondsPerInputToken * Double(inputTokens))
  }
}

/// Makes the requests of one stream.
///
/// One object: what it holds is not copied for each request.
final class RequestSource: Sendable {
  let lengths: RequestLengths
  let maximumOutputTokens: Int
  let repeatedPrompts: RepeatedPrompts?
  let systemPromptTokens: Int
  let thinking: RequestLengths?
  let samples: Int
  let priority: Int16
  let frontEnd: FrontEnd

  init(_ stream: StreamPlan, frontEnd: FrontEnd) {
    lengths = stream.lengths
    maximumOutputTokens = stream.maximumOutputTokens
    repeatedPrompts = stream.repeatedPrompts
    systemPromptTokens = stream.systemPrompts?.tokens ?? 0
    thinking = stream.thinking
    samples = stream.samples
    priority = Int16(clamping: stream.priority)
    var frontEnd = frontEnd
    if case .offline = stream.arrivals { frontEnd.secondsPerInputToken = 0 }
    self.frontEnd = frontEnd
  }

  /// The time that a request spends in the front end when nobody is before it.
  func frontEndDelay(of request: Request) -> SimDuration {
    frontEnd.delay(inputTokens: Int(request.input))
  }

  /// The request with number `index`, lengths drawn by that number.
  ///
  /// `history`: tokens that its prompt begins with, the system prompt included; nil for that alone.
  @inline(__always)
  func request(stream: Int32, index: UInt64, arrival: SimTime, history: Int? = nil) -> Request {
    var request = Request()
    fill(&request, stream: stream, index: index, arrival: arrival, history: history)
    return request
  }

  /// The same in place.
  func fill(
    _ request: inout Request, stream: Int32, index: UInt64, arrival: SimTime, history: Int? = nil
  ) {
    fill(
      &request, lengths.lengths(ofRequest: index), stream: stream, index: index, arrival: arrival,
      history: history)
  }

  /// A sample of the answer to prompt `number`; the first brings the others with it.
  func sample(_ sample: Int, ofPrompt number: UInt64, stream: Int32, arrival: SimTime) -> Request {
    var drawn = lengths.lengths(ofRequest: number)
    // Numbers of samples are out of the way of those of prompts.
    if sample > 0 { drawn.output = lengths.lengths(ofRequest: number | UInt64(sample) << 40).output }
    var made = Request()
    fill(
      &made, drawn, stream: stream, index: Conversations.request(number, turn: sample), arrival: arrival,
      history: nil)
    if sample == 0 { made.forks = UInt16(samples - 1) }
    return made
  }

  @inline(__always)
  private func fill(
    _ request: inout Request, _ drawn: (input: Int, output: Int), stream: Int32, index: UInt64,
    arrival: SimTime, history: Int?
  ) {
    request = Request()
    request.arrival = arrival
    request.index = index
    request.stream = stream
    request.input = Int32(clamping: drawn.input + (history ?? systemPromptTokens))
    if let repeatedPrompts {
      request.progress = repeatedPrompts.cached(input: request.input, ofRequest: index)
    }
    var output = drawn.output
    if let thinking {
      let hidden = thinking.lengths(ofRequest: index).output
      request.thinking = Int32(clamping: min(hidden, maximumOutputTokens))
      output += hidden
    }
    request.priority = priority
    request.output = Int32(clamping: min(output, maximumOutputTokens))
    request.maximumOutput = Int32(clamping: maximumOutputTokens)
    request.state = .waiting
  }
}
