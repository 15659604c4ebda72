import CostModel
import Workload

@testable import Simulation

/// Operations that every event pays for.
///
/// They are reached through `@testable`, as calls into the compiled module `Simulation`: what is measured is the code
/// that runs inside it, specialised or not.
enum Frequent {
  static let benchmarks: [Benchmark] =
    [256, 4096, 65536].map(eventQueue) + [256, 2048].map(stepHeap)
    + [randomDraw, keyedDraw, histogram, knotTable, contextGrid]

  /// The hold model: pop the next event, push one a random while later, at a constant population.
  private static func eventQueue(population: Int) -> Benchmark {
    Benchmark(name: "event-queue-\(population)", tier: .frequent, unit: "pop + push") {
      {
        let operations = 500_000
        var stream = RandomStream(seed: 1, "event-queue")
        var queue = EventQueue(entities: population)
        for entity in 0..<population {
          queue.push(
            .stepsCompleted(replica: Int32(entity), generation: 0),
            at: SimTime(nanoseconds: Int64(stream.next() >> 40)))
        }
        var checksum = Checksum()
        for _ in 0..<operations {
          guard let entry = queue.popEntry() else { break }
          queue.advanceClock(to: entry.time)
          checksum.add(entry.time.nanoseconds)
          queue.push(
            entry.event, at: SimTime(nanoseconds: entry.time.nanoseconds + Int64(stream.next() >> 40)))
        }
        return Pass(operations: operations, checksum: checksum.value)
      }
    }
  }

  /// The order of ends of a batch: the next request leaves, another joins.
  private static func stepHeap(population: Int) -> Benchmark {
    Benchmark(name: "step-heap-\(population)", tier: .frequent, unit: "pop + push") {
      {
        let operations = 500_000
        var stream = RandomStream(seed: 1, "step-heap")
        var heap = StepHeap()
        for slot in 0..<population { heap.push(step: Int64(stream.next() >> 54), slot: Int32(slot)) }
        var checksum = Checksum()
        for _ in 0..<operations {
          let (step, slot) = heap.pop()
          checksum.add(step)
          heap.push(step: step + Int64(stream.next() >> 54), slot: slot)
        }
        return Pass(operations: operations, checksum: checksum.value)
      }
    }
  }

  private static let randomDraw = Benchmark(name: "random-exponential", tier: .frequent, unit: "draw") {
    {
      let operations = 1_000_000
      var stream = RandomStream(seed: 1, "random")
      var sum = 0.0
      for _ in 0..<operations { sum += stream.exponential(rate: 2) }
      return Pass(operations: operations, checksum: sum.bitPattern)
    }
  }

  /// What is drawn for the n-th request: a stream for each.
  private static let keyedDraw = Benchmark(name: "random-keyed", tier: .frequent, unit: "draw") {
    {
      let operations = 1_000_000
      let family = RandomStreamFamily(seed: 1, "random")
      var sum: UInt64 = 0
      for index in 0..<operations {
        var stream = family.stream(index: UInt64(index))
        sum &+= stream.uniformInteger(below: 1000)
      }
      return Pass(operations: operations, checksum: sum)
    }
  }

  private static let histogram = Benchmark(name: "histogram-record", tier: .frequent, unit: "sample") {
    {
      let operations = 1_000_000
      var stream = RandomStream(seed: 1, "histogram")
      var histogram = LatencyHistogram()
      for _ in 0..<operations { histogram.record(Int64(stream.next() >> 32)) }
      var checksum = Checksum()
      for cell in histogram.cells {
        checksum.add(cell.lowerNanoseconds)
        checksum.add(cell.count)
      }
      return Pass(operations: operations, checksum: checksum.value)
    }
  }

  private static let knotTable = Benchmark(name: "knot-table", tier: .frequent, unit: "lookup") {
    let table = KnotTable(maximum: 16384, bits: 4) { CostVector(repeating: Double($0)) }
    return {
      let operations = 1_000_000
      var stream = RandomStream(seed: 1, "knot-table")
      var sum = CostVector.zero
      for _ in 0..<operations { sum += table.value(at: Int(stream.next() >> 50)) }
      return Pass(operations: operations, checksum: sum[.time].bitPattern)
    }
  }

  private static let contextGrid = Benchmark(name: "context-grid", tier: .frequent, unit: "lookup") {
    let grid = ContextGrid(maximumSequences: 2048, maximumContext: 32768) {
      CostVector(repeating: Double($0 * $1))
    }
    return {
      let operations = 1_000_000
      var stream = RandomStream(seed: 1, "context-grid")
      var sum = CostVector.zero
      for _ in 0..<operations {
        let sequences = 1 + Int(stream.next() >> 53)
        let context = Int(stream.next() >> 50)
        sum += grid.piece(sequences: sequences, contextSum: Double(sequences * context)).value
      }
      return Pass(operations: operations, checksum: sum[.time].bitPattern)
    }
  }
}
