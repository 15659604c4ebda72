import CostModel

/// Mean steps of a replica by the number of sequences that it decodes, at one rate of arrivals.
///
/// Known at each number up to 32 and at eight numbers an octave beyond, linear between them.
struct CycleTable: Sendable {
  private let numbers: [Double]
  private let cycles: [StepModel.Cycle]

  /// A table up to `most` sequences.
  init(_ model: StepModel, requestsPerSecond: Double, upTo most: Double) {
    var numbers: [Double] = []
    var next = 1.0
    while next < most {
      numbers.append(next)
      next = next < 32 ? next + 1 : (next * 1.09).rounded(.up)
    }
    numbers.append(max(most, 1))
    self.numbers = numbers
    cycles = numbers.map { model.cycle(decodes: $0, arrivals: .perSecond(requestsPerSecond)) }
  }

  /// A table of one number of sequences.
  init(_ cycle: StepModel.Cycle, at number: Double) {
    numbers = [number]
    cycles = [cycle]
  }

  /// A figure at a number of sequences.
  func value(at n: Double, _ figure: (StepModel.Cycle) -> Double) -> Double {
    guard let next = numbers.firstIndex(where: { $0 >= n }) else { return figure(cycles[cycles.count - 1]) }
    guard next > 0 else { return figure(cycles[0]) }
    let share = (n - numbers[next - 1]) / (numbers[next] - numbers[next - 1])
    let low = figure(cycles[next - 1])
    return low + (figure(cycles[next]) - low) * share
  }

  /// Mean steps at the nearest number of sequences that is known.
  func cycle(at n: Double) -> StepModel.Cycle {
    var best = 0
    for index in numbers.indices where abs(numbers[index] - n) < abs(numbers[best] - n) { best = index }
    return cycles[best]
  }

  /// Mean steps of all numbers of sequences, in time: what passes each second, in lanes.
  func costPerSecond(_ batch: BatchDistribution) -> CostVector {
    var sum = CostVector.zero
    for state in batch.states where state.number >= 0.5 {
      let cycle = cycle(at: state.number)
      sum += cycle.cost * (state.share / cycle.seconds)
    }
    return sum
  }
}
