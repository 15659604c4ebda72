/// A request in flight: a slot of the partition's request pool.
///
/// At most 128 bytes, which compilers copy without a call: a test holds it to that.
struct Request: BitwiseCopyable {
  /// `handedOver`: its prompt is done on another replica, which holds its cache; `fetching`: that cache is on its way;
  /// `swapped`: it waits, and the host holds its cache.
  enum State: UInt8 { case free, waiting, prefilling, decoding, handedOver, fetching, swapped }

  var arrival = SimTime.zero
  var firstToken = SimTime.never
  /// When the first step that worked on it began.
  var scheduled = SimTime.never
  /// When its last token was out, if it was preempted since.
  var lastToken = SimTime.never
  /// When the first token of the answer was out, after hidden ones.
  var firstAnswer = SimTime.never
  var index: UInt64 = 0
  /// The first decode step of its replica that works on it.
  var joinStep: Int64 = 0
  /// Decode steps from that one to the end of the one that produces its last token.
  var decodeSteps: Int32 = 0
  /// Decode steps from that one until its bounded context changes its growth; `Int32.max` when it won't.
  var stepsToBoundEvent: Int32 = .max
  var replica: Int32 = -1
  var input: Int32 = 0
  /// The true output length.
  ///
  /// Only the engine's bookkeeping of ends may read it: a scheduler sees a `RequestView`.
  var output: Int32 = 0
  var maximumOutput: Int32 = 0
  /// Output tokens that it had when it (last) began its prefill.
  var generated: Int32 = 0
  /// Tokens of its prefill that are done.
  var progress: Int32 = 0
  var next: Int32 = -1
  var previous: Int32 = -1
  /// Blocks of its prompt's chain that a prefix cache holds for it, from the beginning; while it waits, those found.
  var cachedBlocks: Int32 = 0
  /// Tokens of its prompt that were cached when it first started.
  var cachedTokens: Int32 = 0
  /// ``sharedBlocks`` until its prompt is done, then ``unitsPerStep``.
  private var sharedOrGrowth: Int32 = 0
  /// Output tokens before the answer, which reasoning models hide; -1 where nobody tells them apart.
  var thinking: Int32 = -1
  /// The replica that it was last sent to; -1 while it is on its way.
  ///
  /// Kept where clients may go away.
  var place: Int32 = -1
  /// Of its stream: the lower the sooner, where the queue is sorted by it.
  var priority: Int16 = 0
  private var streamNumber: UInt16 = 0
  /// Samples of the same prompt that follow when this one's prompt is done.
  var forks: UInt16 = 0
  /// Times that it lost its KV cache, at most 65,535.
  private(set) var preemptions: UInt16 = 0
  var state = State.free
  /// Whether its client has gone and the scheduler has yet to learn it.
  var isCancelled = false
  /// Whether it may generate more than a scheduler cares to know of.
  var isClipped = false

  /// The position of its stream in the deployment's, below ``mostStreams``.
  var stream: Int32 {
    @inline(__always) get { Int32(streamNumber) }
    set { streamNumber = UInt16(newValue) }
  }

  /// The decode step of its replica that produces its last token.
  var finishStep: Int64 {
    @inline(__always) get { joinStep + Int64(decodeSteps) }
  }

  /// The decode step at which its bounded context changes its growth; `Int64.max` when it won't.
  var boundEvent: Int64 {
    @inline(__always) get { stepsToBoundEvent == .max ? .max : joinStep + Int64(stepsToBoundEvent) }
    set { stepsToBoundEvent = newValue == .max ? .max : Int32(newValue - joinStep) }
  }

  /// Until its prompt is done: KV blocks that others hold of it, so that it needs no room for them.
  var sharedBlocks: Int32 {
    @inline(__always) get { sharedOrGrowth }
    set { sharedOrGrowth = newValue }
  }

  /// While it decodes: what a step adds to its output, in units of ``TokenUnit``.
  var unitsPerStep: Int32 {
    @inline(__always) get { sharedOrGrowth }
    set { sharedOrGrowth = newValue }
  }

  /// The most streams of a deployment.
  static let mostStreams = Int(UInt16.max)

  mutating func countPreemption() {
    if preemptions < .max { preemptions += 1 }
  }

  /// Whether it waits for room alone: what was computed of it is on another replica, or on the host.
  var hasCacheElsewhere: Bool { state == .handedOver || state == .swapped }

  /// Output tokens that its client has got; not while it decodes.
  var tokensSent: Int64 { Int64(max(generated, firstToken == .never ? 0 : 1)) }

  /// Tokens that its prefill processes: the prompt and, after a preemption, what it had generated.
  var prefillTokens: Int { Int(input) + Int(generated) }
}

/// What a scheduler may know of a request: all but how long its answer will be.
struct RequestView {
  let prefillTokens: Int
  /// Those of them that are done, or that a prefix cache held when it came.
  let prefillDone: Int
  /// Tokens that it may still generate.
  let outputTokensLimit: Int
  /// KV blocks of its prompt that running requests hold already.
  let sharedBlocks: Int

  init(_ request: Request) {
    sharedBlocks = Int(request.sharedBlocks)
    prefillTokens = request.prefillTokens
    prefillDone = Int(request.progress)
    outputTokensLimit = Int(request.maximumOutput - request.generated)
  }

  /// Tokens that its prefill still has to process.
  var prefillLeft: Int { prefillTokens - prefillDone }
}

extension Request {
  /// A token is out, the first since it (last) began its prefill: the answer's first, if hidden ones are over with it.
  mutating func noteAnswer(at time: SimTime) {
    guard thinking >= 0, firstAnswer == .never, generated >= thinking else { return }
    firstAnswer = time
  }
}
