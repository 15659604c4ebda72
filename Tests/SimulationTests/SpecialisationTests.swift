import CostModel
import Testing
import Workload

@testable import Simulation

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Whether the code under test was built with optimisation.
private var isOptimised: Bool {
  #if DEBUG
    false
  #else
    true
  #endif
}

/// A specialisation that is lost across modules costs several times the run time and changes no result.
///
/// Optimised builds are held to a multiple of what a plain heap of integers takes on the same machine at the same time.
/// The multiples are about four times what is measured; `make bench` holds instruction counts far closer.
@Suite("The hot path stays specialised", .enabled(if: isOptimised), .serialized)
struct SpecialisationTests {
  private static let operations = 20_000

  @Test("event queue")
  func eventQueue() {
    let multiple = multiple { Self.queueOperations() }
    #expect(multiple < 8)
  }

  @Test("cost table lookups")
  func lookups() {
    let cost = linearCosts(step: 0.01, token: 1e-5, context: 1e-8)
    let multiple = multiple {
      var sum = CostVector.zero
      for index in 0..<Self.operations {
        sum +=
          cost.decodeRun(
            sequences: 1 + index % 200, contextSum: 1000 * (1 + index % 200), boundedSum: 0, boundedGrowth: 0
          ).first
      }
      return UInt64(sum[.time])
    }
    #expect(multiple < 8)
  }

  @Test("random streams")
  func randomStreams() {
    let family = RandomStreamFamily(seed: 1, "test")
    let multiple = multiple {
      var sum = 0.0
      for index in 0..<Self.operations {
        var stream = family.stream(index: UInt64(index))
        sum += stream.exponential(rate: 1)
      }
      return UInt64(sum)
    }
    #expect(multiple < 1.2)
  }

  @Test("a step of an engine")
  func step() {
    let plan = deployment(
      batch: 64, cost: linearCosts(step: 0.01, context: 1e-8),
      streams: [stream(.offline(requests: 64), input: .fixed(100), output: .fixed(Self.operations))])
    var steps = Int64(0)
    let multiple = multiple {
      var driver = IndependentDriver(
        plan, RunPlan(macroSteps: false), partition: 0, of: 1, progress: RunProgress())
      steps = driver.simulate().shop.steps
      return UInt64(steps)
    }
    #expect(steps >= Self.operations)
    #expect(multiple < 20)
  }

  /// CPU time of `work` as a multiple of what as many operations on the reference heap take; the best of several tries.
  private func multiple(_ work: () -> UInt64) -> Double {
    var sink: UInt64 = 0
    var (fastest, reference) = (Double.infinity, Double.infinity)
    for _ in 0..<8 {
      reference = min(reference, Self.cpuSeconds { sink &+= Self.referenceOperations() })
      fastest = min(fastest, Self.cpuSeconds { sink &+= work() })
    }
    #expect(sink != 0)
    return fastest / reference
  }

  private static func cpuSeconds(_ work: () -> Void) -> Double {
    func now() -> Double {
      var time = timespec()
      clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
      return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
    }
    let start = now()
    work()
    return now() - start
  }

  private static func queueOperations() -> UInt64 {
    var cases = CaseGenerator(1)
    var queue = EventQueue(entities: 256)
    for entity in 0..<256 {
      queue.push(
        .stepsCompleted(replica: Int32(entity), generation: 0),
        at: SimTime(nanoseconds: Int64(cases.next() >> 8)))
    }
    for _ in 0..<operations {
      guard let entry = queue.popEntry() else { break }
      queue.advanceClock(to: entry.time)
      queue.push(entry.event, at: SimTime(nanoseconds: entry.time.nanoseconds + Int64(cases.next() >> 8)))
    }
    return UInt64(queue.now.nanoseconds)
  }

  /// The hold model on a binary heap of 256 integers, written out here.
  private static func referenceOperations() -> UInt64 {
    var cases = CaseGenerator(1)
    var heap = (0..<256).map { _ in cases.next() >> 8 }.sorted()
    var last: UInt64 = 0
    for _ in 0..<operations {
      last = heap[0]
      let added = last + cases.next() >> 8
      var hole = 0
      while true {
        var child = hole << 1 + 1
        if child >= 256 { break }
        if child + 1 < 256 && heap[child + 1] < heap[child] { child += 1 }
        if heap[child] >= added { break }
        heap[hole] = heap[child]
        hole = child
      }
      heap[hole] = added
    }
    return last
  }
}
