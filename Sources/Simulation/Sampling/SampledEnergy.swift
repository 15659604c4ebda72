/// The energy of a sampled deployment over time, freed from what chance adds to a sum over few replicas.
///
/// Replicas fluctuate together, as what acts on all of them does, and each on its own. Multiplied by the number of
/// replicas that a site has, own fluctuations of a few of them look like those of all and make peaks and ramps too high: those
/// of more replicas level out. Series are taken apart into differences between neighbours at every scale of time (Haar
/// wavelets). At each scale the differences of cells of c replicas have, per replica, a variance of C + O/c, of which C is
/// common to all cells and O each replica's own, estimated from how cells differ, stretch by stretch of the run. Those of n
/// simulated replicas have C + O/n, those of a site of N have C + O/N: the former are multiplied by
/// √((C + O/N) / (C + O/n)) and put together again. What happens slowly to all is so kept as it was, and no energy is lost
/// but by rounding. C is 0 where the mean of cells varies no more than chance explains.
struct SampledEnergy {
  /// Microjoules of all simulated replicas, by bucket.
  private(set) var microjoules: [Double]
  /// Base-2 logarithm of the width of buckets.
  let shift: Int
  /// What differences of each scale were multiplied with, in 0...1, from that of single buckets up, in order of time.
  private(set) var damping: [[Double]]

  /// Buckets over which fluctuations are taken to be of one kind.
  static let stretch = 64

  /// The energy of some replicas.
  ///
  /// - Parameters:
  ///   - observations: what they recorded.
  ///   - simulated: how many they are.
  ///   - cells: what cells recorded, equally large; with fewer than two, nothing is known of chance, and nothing changes.
  ///   - plan: how large cells and site are.
  init(of observations: Observations, replicas simulated: Int, cells: [Observations], _ plan: SampleCells) {
    shift = observations.series.shift
    microjoules = observations.series.microjoules(shift: shift)
    damping = []
    let widest = max(shift, cells.map(\.series.shift).max() ?? 0)
    let replicas = Double(plan.cell.replicas)
    // Coarser buckets of cells would say nothing of the fine ones.
    guard cells.count > 1, widest == shift else { return }
    let length = microjoules.count
    let parts = cells.map { cell -> DifferencesByScale in
      let values = cell.series.microjoules(shift: shift).map { $0 / replicas }
      return DifferencesByScale(
        values.prefix(length) + Array(repeating: 0, count: max(0, length - values.count)))
    }
    damping = (0..<(parts.first?.scales.count ?? 0)).map { scale in
      let differences = parts.map { $0.scales[scale] }
      let count = differences[0].count
      // What is left over at the end belongs to the last stretch.
      let size = max(1, Self.stretch >> (scale + 1))
      let stretches = max(1, count / size)
      return (0..<count).map { min($0 / size, stretches - 1) }.chunkedFactors { range in
        let chance = Self.variances(differences.map { $0[range] })
        let own = chance.own * replicas
        let ofSample = chance.common + own / Double(simulated)
        let ofSite = chance.common + own / Double(plan.siteReplicas)
        return ofSample > 0 ? min(1, (ofSite / ofSample).squareRoot()) : 1
      }
    }
    microjoules = DifferencesByScale(microjoules).joined(damping).map { max(0, $0) }
  }

  /// The mean squares of equally many differences of some cells: what is common to cells, and what each has of its own.
  private static func variances(_ cells: [ArraySlice<Double>]) -> (common: Double, own: Double) {
    guard let indices = cells.first?.indices, !indices.isEmpty else { return (0, 0) }
    let length = indices.count
    var ofMean = 0.0
    var between = 0.0
    for index in indices {
      let mean = cells.reduce(0) { $0 + $1[index] } / Double(cells.count)
      ofMean += mean * mean
      for cell in cells { between += (cell[index] - mean) * (cell[index] - mean) }
    }
    ofMean /= Double(length)
    between /= Double(length) * Double(cells.count - 1)
    let ofChance = between / Double(cells.count)
    let differences = Double(length)
    // What the mean square of so many normal numbers of variance 1 exceeds once in a hundred times
    // (E. B. Wilson, M. M. Hilferty, "The distribution of chi-square", 1931).
    let root = 1 - 2 / (9 * differences) + 2.326 * (2 / (9 * differences)).squareRoot()
    return (ofMean > ofChance * root * root * root ? ofMean - ofChance : 0, between)
  }
}

extension Array where Element == Int {
  /// A factor for each element: that of the run of equal elements that it belongs to.
  fileprivate func chunkedFactors(_ factor: (Range<Int>) -> Double) -> [Double] {
    var factors: [Double] = []
    var start = 0
    while start < count {
      let end = self[start...].firstIndex { $0 != self[start] } ?? count
      factors += repeatElement(factor(start..<end), count: end - start)
      start = end
    }
    return factors
  }
}

/// A series as differences between neighbours at every scale: of single values, of means of two, of four and so on.
///
/// It is cut into blocks of a power of two values, of which the means stay.
struct DifferencesByScale {
  /// Half the differences of each scale, in order of time.
  private(set) var scales: [[Double]] = []
  /// The sizes of the blocks, base-2 logarithms, and their means.
  private var blocks: [(size: Int, mean: Double)] = []

  /// The largest block, base-2 logarithm: slower changes are left alone.
  static let largestBlock = 8

  init(_ values: some Collection<Double>) {
    var rest = Array(values)[...]
    while !rest.isEmpty {
      var size = 0
      while size < Self.largestBlock, 1 << (size + 1) <= rest.count { size += 1 }
      var means = Array(rest.prefix(1 << size))
      rest = rest.dropFirst(1 << size)
      for scale in 0..<size {
        if scale == scales.count { scales.append([]) }
        scales[scale] += stride(from: 0, to: means.count, by: 2).map { (means[$0] - means[$0 + 1]) / 2 }
        means = stride(from: 0, to: means.count, by: 2).map { (means[$0] + means[$0 + 1]) / 2 }
      }
      blocks.append((size, means[0]))
    }
  }

  /// The series with each difference multiplied by a factor of its own.
  func joined(_ factors: [[Double]]) -> [Double] {
    var taken = Array(repeating: 0, count: scales.count)
    var values: [Double] = []
    for block in blocks {
      var means = [block.mean]
      for scale in (0..<block.size).reversed() {
        let first = taken[scale]
        taken[scale] += means.count
        means = means.enumerated().flatMap { index, mean in
          let difference = scales[scale][first + index] * factors[scale][first + index]
          return [mean + difference, mean - difference]
        }
      }
      values += means
    }
    return values
  }
}

extension Observations {
  /// Takes the energy of cells in place of what they add up to.
  mutating func steady(as energy: SampledEnergy) {
    precondition(energy.shift == series.shift, "energy of another width")
    // What rounding leaves goes on to the next bucket.
    var rest = 0.0
    scaleSeries { series in
      var index = 0
      series.mapBuckets { bucket in
        var steadied = bucket
        let wanted = (index < energy.microjoules.count ? energy.microjoules[index] : 0) + rest
        steadied.microjoulesAboveIdle = Int64(wanted.rounded())
        rest = wanted - wanted.rounded()
        index += 1
        return steadied
      }
    }
  }
}
