/// What decoding requests may still generate, each clipped, as one sum.
///
/// A clipped request counts as the clip until a step that waits in a heap; the sum is brought up to date when somebody
/// asks for it.
struct OutputLimits {
  static let clip = OutputEstimate.clippedTokens << TokenUnit.bits

  /// The sum of requests below the clip, in units.
  private var unclipped = 0
  /// What a step takes from it.
  private var rate = 0
  private var clipped = 0
  private var events = StepHeap()

  /// The sum, in units.
  var units: Int { unclipped + clipped * Self.clip }

  mutating func join(_ slot: Int32, _ request: inout Request, remaining: Int, step: Int64) {
    let rate = Int(request.unitsPerStep)
    request.isClipped = remaining > Self.clip
    guard request.isClipped else { return add(rate: rate, remaining: remaining) }
    clipped += 1
    let event = step + Int64((remaining - Self.clip + rate - 1) / rate)
    if event < request.finishStep { events.push(step: event, slot: slot) }
  }

  mutating func leave(_ request: inout Request, remaining: Int) {
    if request.isClipped {
      clipped -= 1
      request.isClipped = false
    } else {
      unclipped -= remaining
      rate -= Int(request.unitsPerStep)
    }
  }

  @inline(__always)
  mutating func advance(_ steps: Int) { unclipped -= rate * steps }

  /// The slot of an event that is due, removed; nil when none is.
  mutating func nextEvent(upTo step: Int64) -> Int32? {
    events.minimumStep <= step ? events.pop().slot : nil
  }

  /// A request has come below the clip.
  mutating func unclip(rate: Int, remaining: Int) {
    clipped -= 1
    add(rate: rate, remaining: remaining)
  }

  private mutating func add(rate: Int, remaining: Int) {
    unclipped += remaining
    self.rate += rate
  }
}
