import CostModel
import DequeModule

/// One working copy of a model and its engine: in-flight batching over a paged KV cache.
///
/// A replica is driven from outside: `deliver` hands it a request, `startStep` lets it schedule at an iteration
/// boundary, `completeSteps` ends the stretch of steps that it planned. A stretch is one step with prompt chunks, or
/// any number of decode-only steps up to the next one in which the batch can change.
struct Replica {
  let id: Int32
  var decoding: DecodeSet
  var cache: BlockPool
  var running = RunningList()
  /// Requests to schedule, in the order in which they start.
  var waiting: WaitingQueue
  /// Requests that reached the engine and that its scheduler has not looked for yet.
  var inbox = Deque<Int32>()
  /// Requests that wait outside memory: an offline workload, all of whose requests came at once.
  var backlog: Backlog?
  /// Requests whose prompts are split over steps, in order of admission: one at most, and the last that was admitted,
  /// where no threshold keeps long prompts from filling steps.
  var partials: [Int32] = []
  /// Prompt chunks of the step in progress.
  var chunks: [PromptChunk] = []
  /// Requests that decode in the stretch in progress: all that decode, or none.
  var decodesOfStep = 0
  /// Requests whose decoding pauses while prompts are processed, by when their last token was out.
  var pauses = PausedDecodes()
  /// Decode steps since the scheduler last looked for new requests.
  var stepsSinceReceipt = 0
  /// Steps that prompts have been held back for, and whether the stretch in progress holds them back.
  var waitedSteps = 0
  var holdsPrompts = false
  var groupWait = AttentionBalanceState()
  var estimate: EstimateState
  /// Requests that have a slot and blocks here but don't run: their cache is on its way, or has come since the step began.
  var inbound = 0
  /// Those of them whose cache has come, in order.
  var landed: [Int32] = []
  /// Seconds in which the step in progress fetches cached blocks from beyond the accelerators' memory.
  var fetchSeconds = 0.0
  /// Requests that the step in progress took into the batch and whose last token is no step's end ago.
  var joined: [Int32] = []
  /// Requests here whose clients have gone since the scheduler last ran.
  var cancelled: [Int32] = []
  /// KV blocks of preempted requests that the host holds, and seconds in which the step in progress copies some.
  var swappedBlocks = 0
  var copySeconds = 0.0
  /// Static batching: what sequences that are over still take until their batch is.
  var padding = Padding()
  /// The adapters on the accelerators.
  var residents = ResidentAdapters()

  /// Requests that the step in progress is the first to work on, until they are recorded.
  var newlyScheduled: Int64 = 0

  /// By how much longer than they cost steps take that begin now, and those of the regime.
  var pace = StepPace()
  var regimePace = StepPace()
  var regime: Regime?
  /// Steps of the stretch in progress, 0 for none.
  var plannedSteps = 0
  /// When the stretch in progress ends; `.never` when there is none.
  var plannedEnd = SimTime.never
  /// Cost of everything done, lane by lane.
  var cost = CostVector.zero
  /// Steps that ended.
  var steps: Int64 = 0
  /// Requests delivered and not yet completed.
  var outstanding = 0 {
    didSet { if outstanding > peakOutstanding { peakOutstanding = outstanding } }
  }
  private(set) var peakOutstanding = 0

  init(id: Int32, engine: Engine) {
    self.id = id
    waiting = WaitingQueue(order: engine.options.queueOrder)
    decoding = DecodeSet(
      replica: id, bound: engine.cost.bound, blockTokens: engine.cache.blockTokens,
      tracksBlocks: engine.options.capacityPolicy == .currentUse,
      tracksLimits: engine.options.outputEstimate != nil, advancesAlike: engine.speculation == nil)
    estimate = EstimateState(engine.options.outputEstimate)
    cache = BlockPool(
      capacity: engine.cache.blocks,
      prefixes: engine.prefixCache.map { PrefixCache($0, isHeard: engine.publishesPrefixes) })
  }

  /// Takes the largest figures of what the replica was before it failed.
  mutating func keepPeaks(of old: Replica) {
    peakOutstanding = old.peakOutstanding
    cache.keepPeak(of: old.cache)
  }

  /// Whether a stretch is in progress.
  var isBusy: Bool { plannedSteps > 0 }

  /// Whether anything is left to do.
  var hasWork: Bool {
    isBusy || running.count > 0 || inbound > 0 || !waiting.isEmpty || !inbox.isEmpty || backlog != nil
  }

  /// Slots of the batch that are taken.
  @inline(__always)
  var slotsTaken: Int { running.count + inbound }

  /// The request whose prompt is split over steps, the latest of them; -1 for none.
  var partial: Int32 { partials.last ?? -1 }

  /// Whether so many requests wait that no other one is taken.
  @inline(__always)
  func isQueueFull(_ most: Int) -> Bool {
    waiting.count + inbox.count >= most
  }

  /// Accepts a request that reaches the scheduler at `time`.
  ///
  /// - Returns: true when the stretch in progress now ends earlier, so that the request is seen at the iteration
  ///   boundary that follows its arrival.
  mutating func deliver(_ slot: Int32, at time: SimTime, engine: Engine, shop: inout Shop) -> Bool {
    outstanding += 1
    let interval = engine.options.receiveInterval
    guard interval == 1 else {
      inbox.append(slot)
      return cut(at: time, everySteps: interval)
    }
    let isFirst = enqueue(slot, &shop)
    if isFirst, waiting.count > 1 { estimate.isFull = false }
    let seen =
      engine.options.outputEstimate != nil
      ? !estimate.isFull
      : holdsPrompts
        // Who is behind those that wait for an adapter may have its own.
        || (isFirst || engine.adapters != nil) && slotsTaken < engine.options.maximumBatchSize
          && !padding.closesBatch(engine, running)
    return seen && cut(at: time, everySteps: 1)
  }

  /// A request joins the queue; true when it is now the first.
  @discardableResult
  @inline(__always)
  mutating func enqueue(_ slot: Int32, _ shop: inout Shop) -> Bool {
    waiting.isSorted ? waiting.insert(slot, shop.requests) : waiting.appendLast(slot)
  }

  /// Ends the stretch in progress at the first boundary at or after `time` at which the scheduler looks for requests.
  ///
  /// True when it ends earlier than planned.
  mutating func cut(at time: SimTime, everySteps interval: Int) -> Bool {
    guard plannedSteps > 1, let regime else { return false }
    let last = regime.done + plannedSteps
    var boundary = regime.firstStep(endingAtOrAfter: time, in: (regime.done + 1)...last)
    let over = (stepsSinceReceipt + boundary - regime.done) % interval
    if over > 0 { boundary += interval - over }
    guard boundary < last else { return false }
    plannedSteps = boundary - regime.done
    plannedEnd = regime.end(ofStep: boundary)
    return true
  }

  /// Ends the stretch in progress at the last iteration boundary not after `horizon`; what is under way is dropped.
  mutating func stop(at horizon: SimTime, engine: Engine, shop: inout Shop) {
    if let regime, plannedSteps > 0, plannedEnd > horizon {
      let last = regime.done + plannedSteps
      var boundary = regime.firstStep(endingAtOrAfter: horizon, in: (regime.done + 1)...last)
      if regime.end(ofStep: boundary) > horizon { boundary -= 1 }
      plannedSteps = boundary - regime.done
      if plannedSteps > 0 {
        plannedEnd = regime.end(ofStep: boundary)
        completeSteps(engine: engine, shop: &shop)
      } else {
        plannedEnd = .never
      }
    }
    closeRegime()
  }

  /// Starts the account of costs anew: steps that are over by `time` don't count.
  mutating func forgetCost(upTo time: SimTime) {
    guard isBusy, let regime else {
      closeRegime()
      cost = .zero
      return
    }
    let last = regime.done + plannedSteps
    var over = regime.firstStep(endingAtOrAfter: time, in: (regime.done + 1)...last)
    if regime.end(ofStep: over) > time { over -= 1 }
    cost = CostVector.zero - regime.cost(ofSteps: over)
  }

  /// Adds the regime's cost to the total and forgets it: the batch is about to change.
  mutating func closeRegime() {
    guard regime != nil else { return }
    cost += regime?.cost ?? .zero
    regime = nil
  }
}

/// A part of a prompt that one step processes.
struct PromptChunk {
  let slot: Int32
  let tokens: Int
}

/// Free and used KV blocks of a replica.
struct BlockPool {
  let capacity: Int
  /// Blocks that no request holds, those included that a prefix cache gives up when they are needed.
  private(set) var free: Int
  private(set) var peakUsed = 0
  /// What free blocks still hold of prompts that may come again; nil where nothing is kept.
  var prefixes: PrefixCache?

  init(capacity: Int, prefixes: PrefixCache? = nil) {
    self.capacity = capacity
    self.prefixes = prefixes
    free = capacity
  }

  var used: Int { capacity - free }

  @inline(__always)
  mutating func take(_ blocks: Int) {
    free -= blocks
    precondition(free >= 0, "more KV blocks in use than the cache holds")
    if prefixes != nil { prefixes?.shrink(to: free) }
  }

  mutating func keepPeak(of old: BlockPool) { peakUsed = old.peakUsed }

  /// Remembers how many blocks steps that are over have used.
  mutating func notePeak() {
    if used > peakUsed { peakUsed = used }
  }

  @inline(__always)
  mutating func give(_ blocks: Int) {
    free += blocks
    precondition(free <= capacity, "more KV blocks free than the cache holds")
  }
}

/// The running requests of a replica in order of admission: a list through their slots.
struct RunningList {
  private(set) var count = 0
  private(set) var tail: Int32 = -1

  mutating func append(_ slot: Int32, in requests: inout RequestPool) {
    requests[slot].previous = tail
    requests[slot].next = -1
    if tail >= 0 { requests[tail].next = slot }
    tail = slot
    count += 1
  }

  mutating func remove(_ slot: Int32, in requests: inout RequestPool) {
    let previous = requests[slot].previous
    let next = requests[slot].next
    if previous >= 0 { requests[previous].next = next }
    if next >= 0 { requests[next].previous = previous } else { tail = previous }
    count -= 1
  }
}

/// The requests of an offline stream that go to one replica, made when the engine admits them.
struct Backlog {
  /// The stream that they belong to.
  let stream: Int32
  /// When the client sent them all.
  let arrival: SimTime
  /// The number of the next one.
  private(set) var next: UInt64
  /// One past the last number.
  let end: UInt64
  /// The distance from one number to the next of this replica.
  let stride: UInt64
  let lengths: RequestSource

  init(stream: Int32, arrival: SimTime, first: UInt64, end: UInt64, stride: UInt64, lengths: RequestSource) {
    self.stream = stream
    self.arrival = arrival
    self.next = first
    self.end = end
    self.stride = stride
    self.lengths = lengths
  }

  /// Requests left.
  var remaining: Int64 { next < end ? Int64((end - next + stride - 1) / stride) : 0 }

  /// Makes the next request in a slot of its own; nil when none is left.
  mutating func pop(into requests: inout RequestPool) -> Int32? {
    guard next < end else { return nil }
    defer { next += stride }
    return requests.insert { lengths.fill(&$0, stream: stream, index: next, arrival: arrival) }
  }
}
