import CostModel
import Testing

@testable import Simulation

/// INV-8: events are popped by (time, rank, entity, entity-local counter); the clock never runs backwards.
@Suite("INV-8: the event queue keeps its order")
struct EventQueueTests {
  private func randomEvent(_ cases: inout CaseGenerator) -> Event {
    let entity = Int32(cases.int(0...4))
    switch cases.int(0...3) {
    case 0: return .stepsCompleted(replica: entity, generation: UInt32(cases.int(0...100)))
    case 1: return .requestArrived(stream: entity)
    case 2: return .requestReady(replica: entity)
    default: return .stepDue(replica: entity)
    }
  }

  @Test("random pushes and pops agree with a sorted list", arguments: 0..<200)
  func sortedList(seed: Int) {
    var cases = CaseGenerator(seed)
    var queue = EventQueue(entities: 5)
    var list: [(time: Int64, rank: UInt64, entity: UInt64, number: Int, event: Event)] = []
    for number in 0..<cases.int(1...600) {
      if cases.int(0...2) > 0 {
        let event = randomEvent(&cases)
        // Few instants, many ties.
        let time = queue.now.nanoseconds + Int64(cases.int(0...3))
        queue.push(event, at: SimTime(nanoseconds: time))
        list.append((time, event.rank.rawValue, event.entity, number, event))
      } else {
        list.sort { ($0.time, $0.rank, $0.entity, $0.number) < ($1.time, $1.rank, $1.entity, $1.number) }
        #expect(queue.nextTime?.nanoseconds == list.first?.time)
        let entry = queue.popEntry()
        #expect(entry?.event == list.first?.event)
        if let entry { queue.advanceClock(to: entry.time) }
        if !list.isEmpty { list.removeFirst() }
      }
      #expect(queue.count == list.count)
    }
    #expect(queue.pushed - queue.popped == queue.count)
  }

  @Test("who pushed first makes no difference between entities and ranks", arguments: 0..<50)
  func pushOrder(seed: Int) {
    var cases = CaseGenerator(seed)
    var events: [(Event, Int64)] = []
    for entity in Int32(0)..<5 {
      for time in [Int64(7), 8] {
        events += [
          (.stepsCompleted(replica: entity, generation: 0), time), (.requestArrived(stream: entity), time),
          (.requestReady(replica: entity), time), (.stepDue(replica: entity), time),
        ]
      }
    }
    let sorted = order(events)
    for index in stride(from: events.count - 1, to: 0, by: -1) { events.swapAt(index, cases.int(0...index)) }
    #expect(order(events) == sorted)
  }

  private func order(_ events: [(Event, Int64)]) -> [Event] {
    var queue = EventQueue(entities: 5)
    for (event, time) in events { queue.push(event, at: SimTime(nanoseconds: time)) }
    var popped: [Event] = []
    while let entry = queue.popEntry() { popped.append(entry.event) }
    return popped
  }

  @Test(
    "at one instant: steps end, the report begins, replicas fail, requests arrive, are handed over, steps start"
  )
  func ranks() {
    let events: [Event] = [
      .stepDue(replica: 0), .requestReady(replica: 0), .requestArrived(stream: 0),
      .faultBegun(domain: 0, ofItself: true), .reportBegun,
      .stepsCompleted(replica: 4, generation: 1),
    ]
    #expect(order(events.map { ($0, 3) }) == events.reversed())
  }

  @Test("events are small")
  func layout() {
    #expect(MemoryLayout<Event>.size <= 16)
    #expect(MemoryLayout<Event>.stride <= 16)
    #expect(MemoryLayout<EventQueue.Entry>.stride <= 32)
    #expect(RequestPool.bytesPerRequest <= 128)
  }

  @Test("an event in the past ends the process")
  func past() async {
    await #expect(processExitsWith: .failure) {
      var queue = EventQueue(entities: 1)
      queue.advanceClock(to: SimTime(nanoseconds: 10))
      queue.push(.stepDue(replica: 0), at: SimTime(nanoseconds: 9))
    }
  }

  @Test("a clock that runs backwards ends the process")
  func backwards() async {
    await #expect(processExitsWith: .failure) {
      var queue = EventQueue(entities: 1)
      queue.advanceClock(to: SimTime(nanoseconds: 10))
      queue.advanceClock(to: SimTime(nanoseconds: 9))
    }
  }

  @Test("an instant without end ends the process")
  func noProgress() async {
    await #expect(processExitsWith: .failure) {
      var queue = EventQueue(entities: 1)
      for _ in 0...EventQueue.eventsPerInstantLimit { queue.advanceClock(to: SimTime(nanoseconds: 1)) }
    }
  }

  @Test("an event now does not")
  func now() async {
    await #expect(processExitsWith: .success) {
      var queue = EventQueue(entities: 1)
      queue.advanceClock(to: SimTime(nanoseconds: 10))
      queue.push(.stepDue(replica: 0), at: SimTime(nanoseconds: 10))
    }
  }
}

@Suite("Time, heaps and regimes")
struct KernelTests {
  @Test("a step heap pops steps in order, ties by slot", arguments: 0..<50)
  func stepHeap(seed: Int) {
    var cases = CaseGenerator(seed)
    var heap = StepHeap()
    var list: [(Int64, Int32)] = []
    #expect(heap.minimumStep == .max)
    for _ in 0..<400 {
      if cases.int(0...2) > 0 || list.isEmpty {
        let entry = (Int64(cases.int(0...50)) << 30, Int32(cases.int(0...(StepHeap.slotLimit - 1))))
        heap.push(step: entry.0, slot: entry.1)
        list.append(entry)
      } else {
        list.sort { $0 < $1 }
        #expect(heap.minimumStep == list[0].0)
        #expect(heap.pop() == list.removeFirst())
      }
      #expect(heap.isEmpty == list.isEmpty)
    }
  }

  @Test("the step that ends at or after a time is the one that a scan finds", arguments: 0..<300)
  func firstStep(seed: Int) {
    var cases = CaseGenerator(seed)
    var first = CostVector.zero
    var growth = CostVector.zero
    first[.time] = cases.double(1e-6...0.05)
    // No growth, growth too small to matter, growth that dominates, and steps that get shorter.
    let shrinking = -0.9 * first[.time] / 2000
    growth[.time] = cases.pick([0, 1e-22, 1e-15, 1e-9, 1e-6, 1e-3, shrinking])
    let regime = Regime(anchor: SimTime(nanoseconds: 12_345), first: first, growth: growth, limit: 2000)
    let low = cases.int(1...1000)
    let high = cases.int(low...2000)
    for _ in 0..<40 {
      let exact = regime.end(ofStep: cases.int(low...high)).nanoseconds
      let time = SimTime(nanoseconds: exact + Int64(cases.pick([-1_000_000, -1, 0, 1, 77])))
      let scan = (low...high).first { regime.end(ofStep: $0) >= time } ?? high
      #expect(regime.firstStep(endingAtOrAfter: time, in: low...high) == scan)
    }
  }

  @Test("the end of a step is the rounded sum of all steps so far, not the sum of rounded steps")
  func noDrift() {
    // A third of a nanosecond over 10 ns: after 3,000 steps exactly 31,000 ns.
    var first = CostVector.zero
    first[.time] = 31e-9 / 3
    let regime = Regime(anchor: SimTime(nanoseconds: 5), first: first, limit: 10_000)
    #expect(regime.end(ofStep: 1).nanoseconds == 15)
    #expect(regime.end(ofStep: 2).nanoseconds == 26)
    #expect(regime.end(ofStep: 3000).nanoseconds == 31_005)
  }

  @Test("a step that takes no time, a negative duration, a request that leaves twice: each ends the process")
  func preconditions() async {
    await #expect(processExitsWith: .failure) {
      _ = Regime(anchor: .zero, first: .init(repeating: 0))
    }
    await #expect(processExitsWith: .failure) { _ = SimDuration(seconds: -1e-9) }
    await #expect(processExitsWith: .failure) { _ = SimDuration(seconds: .nan) }
    await #expect(processExitsWith: .failure) {
      _ = SimTime(nanoseconds: 1) - SimTime(nanoseconds: 2)
    }
    await #expect(processExitsWith: .failure) {
      var pool = RequestPool()
      var request = Request()
      request.state = .waiting
      let slot = pool.insert(request)
      pool.remove(slot)
      pool.remove(slot)
    }
  }

  @Test("more blocks than there are, or than were taken: each ends the process")
  func blockPool() async {
    await #expect(processExitsWith: .failure) {
      var pool = BlockPool(capacity: 3)
      pool.take(2)
      pool.take(2)
    }
    await #expect(processExitsWith: .failure) {
      var pool = BlockPool(capacity: 3)
      pool.take(2)
      pool.give(3)
    }
  }
}

@Suite("Latency histograms")
struct LatencyHistogramTests {
  @Test("quantiles are within 0.4 % of those of the sorted samples", arguments: 0..<60)
  func quantiles(seed: Int) throws {
    var cases = CaseGenerator(seed)
    var histogram = LatencyHistogram()
    var parts = [LatencyHistogram(), LatencyHistogram(), LatencyHistogram()]
    var samples: [Int64] = []
    let octaves = cases.double(1...40)
    for _ in 0..<cases.int(1...3000) {
      // Spread over many octaves.
      let sample = Int64(power2(cases.double(0...octaves)))
      let times = cases.int(1...3)
      samples += Array(repeating: sample, count: times)
      histogram.record(sample, times: Int64(times))
      parts[cases.int(0...2)].record(sample, times: Int64(times))
    }
    samples.sort()
    for quantile in [0, 0.001, 0.01, 0.1, 0.25, 0.5, 0.55, 0.75, 0.9, 0.95, 0.99, 0.999, 1] {
      // The smallest sample that at least this share does not exceed; shares are exact to one in 10^9.
      let rank = max(1, Int((quantile * Double(samples.count) - 1e-6).rounded(.up)))
      let exact = Double(samples[rank - 1]) * 1e-9
      let measured = try #require(histogram.quantileSeconds(quantile))
      #expect(abs(measured - exact) <= 0.004 * exact)
    }
    let sum = samples.reduce(0) { $0 + Double($1) }
    let mean = try #require(histogram.meanSeconds)
    #expect(abs(mean - sum / Double(samples.count) * 1e-9) <= 1e-12 * mean)
    #expect(histogram.maximum == samples.last)
    #expect(Int(histogram.count) == samples.count)
    #expect(histogram.cells.reduce(0) { $0 + Int($1.count) } == samples.count)

    var merged = parts[2]
    merged.add(parts[0])
    merged.add(parts[1])
    #expect(merged == histogram)
  }

  private func power2(_ exponent: Double) -> Double {
    let whole = exponent.rounded(.down)
    return Double(sign: .plus, exponent: Int(whole), significand: 1 + (exponent - whole))
  }

  @Test("short latencies are exact")
  func short() {
    for nanoseconds in Int64(0)..<512 {
      var histogram = LatencyHistogram()
      histogram.record(nanoseconds)
      #expect(histogram.quantileSeconds(0.5) == Double(nanoseconds) * 1e-9)
      #expect(histogram.cells.map(\.lowerNanoseconds) == [nanoseconds])
    }
  }

  @Test("a share of samples that is a whole number is not one sample more")
  func wholeRanks() {
    for samples in 1...400 {
      var histogram = LatencyHistogram()
      for sample in 1...samples { histogram.record(Int64(sample)) }
      for percent in stride(from: 0, through: 100, by: 1) {
        // The smallest of 1...n that at least p % don't exceed: ⌈np/100⌉, in whole numbers.
        let exact = max(1, (samples * percent + 99) / 100)
        #expect(histogram.quantileSeconds(Double(percent) / 100) == Double(exact) * 1e-9)
      }
    }
  }

  @Test("an empty histogram has nothing to say")
  func empty() {
    let histogram = LatencyHistogram()
    #expect(histogram.quantileSeconds(0.5) == nil)
    #expect(histogram.meanSeconds == nil)
    #expect(histogram.maximumSeconds == nil)
    #expect(histogram.cells.isEmpty)
  }

  @Test("a series keeps its sums when its buckets double, and where things happened")
  func series() {
    var series = TimeSeries()
    var cases = CaseGenerator(3)
    var events: [(time: Int64, tokens: Int64)] = []
    for _ in 0..<500 {
      let time = Int64(cases.int(0...40)) * 1_000_000_007
      events.append((time, Int64(cases.int(1...9))))
    }
    for event in events.sorted(by: { $0.time < $1.time }) {
      while !series.covers(event.time) { series.coarsen() }
      series.withBucket(series.bucket(of: event.time)) { $0.outputTokens += event.tokens }
    }
    #expect(series.buckets.count <= TimeSeries.capacity)
    for (index, bucket) in series.buckets.enumerated() {
      let range = Int64(index) * series.widthNanoseconds..<Int64(index + 1) * series.widthNanoseconds
      let expected = events.reduce(0) { range.contains($1.time) ? $0 + $1.tokens : $0 }
      #expect(bucket.outputTokens == expected)
    }
  }
}
