import Testing

@testable import CostModel

@Suite("Power held to a limit, step by step")
struct PowerHoldTests {
  /// A cost of so many seconds, compute-bound ones among them, at so many watts.
  private func cost(_ seconds: Double, compute: Double, watts: Double) -> CostVector {
    var cost = CostVector.zero
    cost[.time] = seconds
    cost[.compute] = compute
    cost[.memory] = seconds - compute
    cost[.gemm] = compute
    cost[.decodeAttention] = seconds - compute
    cost[.energy] = seconds * watts
    return cost
  }

  /// Steps of eight sequences whose attention draws more and more of the time, and less than the rest.
  private func table(_ hold: PowerHold?, rising: Bool = false) -> StepCostTable {
    let none = KnotTable(maximum: 64, bits: 3) { _ in .zero }
    var table = StepCostTable(
      decodeBase: cost(0.01, compute: 0.004, watts: rising ? 500 : 700), mixedBase: .zero, tokens: none,
      sequences: none,
      rows: none,
      context: ContextGrid(maximumSequences: 8, maximumContext: 8192) { _, context in
        cost(Double(context) * 2e-6, compute: 0, watts: rising ? 700 : 400)
      }, chunk: none)
    table.hold = hold
    return table
  }

  private func isWhole(_ cost: CostVector) -> Bool {
    let limits = CostLane.limits.reduce(0) { $0 + cost[$1] }
    let operators = CostLane.operators.reduce(0) { $0 + cost[$1] }
    return abs(limits - cost[.time]) < 1e-12 && abs(operators - cost[.time]) < 1e-12
  }

  private static let holds = [
    PowerHold(designWatts: 600, watts: 600, memoryWatts: 100),
    PowerHold(designWatts: 600, watts: 560, memoryWatts: 100),
    PowerHold(designWatts: 600, watts: 300, memoryWatts: 100),
    PowerHold(designWatts: 600, watts: 20, memoryWatts: 100),
  ]

  /// A run of steps costs what its steps cost one by one, and none draws more than the limit.
  @Test(arguments: holds, [false, true]) func runsAreSumsOfSteps(hold: PowerHold, rising: Bool) {
    let table = table(hold, rising: rising)
    var (context, held, free) = (8 * 500.0, 0, 0)
    while context < 8 * 7000 {
      let run = table.decodeRun(sequences: 8, contextSum: context, boundedSum: 0, boundedGrowth: 0)
      for step in 0..<min(run.steps, 400) {
        let part = run.first + run.growth * Double(step)
        let alone = table.decodeRun(
          sequences: 8, contextSum: context + 8 * Double(step), boundedSum: 0, boundedGrowth: 0
        ).first
        for lane in CostLane.allCases {
          #expect(abs(part[lane] - alone[lane]) < 1e-9 * max(1, abs(alone[lane])))
        }
        #expect(part[.energy] <= hold.watts * part[.time] * (1 + 1e-9))
        #expect(isWhole(part))
        if part[.energy] < hold.watts * part[.time] * (1 - 1e-9) { free += 1 } else { held += 1 }
      }
      context += 8 * Double(min(run.steps, 400))
    }
    #expect(held > 0)
    // The design's limit is crossed on the way, where attention draws less.
    #expect(free > 0 || hold.watts < 500)
  }

  /// Kernels above the limit are paid for by those below it: only their mean is held, and it takes no longer.
  @Test func kernelsLendEachOtherPower() {
    let hold = PowerHold(designWatts: 600, watts: 600, memoryWatts: 100)
    let table = table(hold)
    let mixed = cost(0.02, compute: 0.01, watts: 720) + cost(0.02, compute: 0, watts: 420)
    #expect(table.completed(mixed, sequences: 0) == mixed)
    let held = table.completed(cost(0.02, compute: 0.01, watts: 720), sequences: 0)
    #expect(held[.energy] == 600 * held[.time] && held[.time] == 0.02)
  }

  /// A limit hardly below the design's changes hardly anything; lower ones stretch compute by the cube root, and all when the
  /// lowest clock draws too much.
  @Test func tightLimitsStretchCompute() {
    let whole = cost(0.02, compute: 0.02, watts: 720)
    func held(_ watts: Double) -> CostVector {
      table(PowerHold(designWatts: 600, watts: watts, memoryWatts: 0)).completed(whole, sequences: 0)
    }
    #expect(abs(held(599.999)[.time] / 0.02 - 1) < 1e-5)
    #expect(abs(held(300)[.time] / 0.02 - 1.259921) < 1e-5)
    // At a tenth of the clock and 0.6 of the voltage 600 W are 21.6 W; half of that takes twice as long.
    #expect(abs(held(21.6)[.time] / 0.02 - 10) < 1e-9)
    #expect(abs(held(10.8)[.time] / 0.02 - 20) < 1e-9)
    var last = 0.0
    for watts in stride(from: 600.0, through: 10, by: -10) {
      let now = held(watts)
      #expect(now[.time] >= last && isWhole(now) && now[.energy] <= watts * now[.time] * (1 + 1e-12))
      last = now[.time]
    }
    let memory = cost(0.02, compute: 0, watts: 500)
    let slow = table(PowerHold(designWatts: 600, watts: 300, memoryWatts: 100)).completed(
      memory, sequences: 0)
    #expect(slow[.time] == 0.02 && slow[.energy] == 6)
  }

  /// Waits for a host count into the mean that the design's limit holds.
  @Test func waitsCountIntoTheMean() {
    var table = table(PowerHold(designWatts: 600, watts: 600, memoryWatts: 100))
    table.host = KnotTable(maximum: 64, bits: 3) { _ in cost(0.04, compute: 0, watts: 50) }
    let step = table.completed(cost(0.02, compute: 0.02, watts: 1000), sequences: 1)
    #expect(abs(step[.time] - 0.04) < 1e-12 && abs(step[.energy] - 21) < 1e-9)
  }
}
