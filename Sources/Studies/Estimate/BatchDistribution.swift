/// How many sequences a replica decodes in steady state, and how long requests wait for a place.
///
/// A replica whose step takes τ(n) seconds with n sequences gives each of them 1/τ(n) of a token a second: a queue with
/// generalised processor sharing. With Poisson arrivals its stationary distribution is
///
///     π(n) ∝ Π (k = 1…n) λ g τ(k) / k
///
/// for any distribution of answers of g steps on average (J. W. Cohen, "The multiple phase service network with
/// generalized processor sharing", Acta Informatica 12, 1979). Where arrivals are not Poisson or a router evens out the
/// load, the factors are raised to a power κ, and scaled so that λ requests are done each second. Beyond the last place
/// requests wait in order of arrival: the tail falls by ρ^(2/(c_a² + c_s²)) for each of them, the decay that the
/// approximation of Allen and Cunneen gives a queue with several servers (A. O. Allen, Probability, Statistics, and
/// Queueing Theory, 1990).
struct BatchDistribution: Sendable {
  /// Shares of time by number of decoding sequences: n = 0, 1, … up to the last place.
  private(set) var shares: [Double]
  /// The number that an index stands for; fractions where the number is known, but no whole one.
  private let offset: Double
  /// The mean number of decoding sequences.
  private(set) var mean: Double
  /// The share of requests that find no place.
  private(set) var waitingShare = 0.0
  /// The mean number of requests that wait.
  private(set) var meanWaiting = 0.0

  /// What is known of a replica's queue.
  struct Queue {
    /// Requests each second, below the capacity.
    var requestsPerSecond: Double
    /// Steps of a request.
    var steps: Double
    /// Places.
    var places: Int
    /// κ of the number that decodes.
    var evenness: Double
    /// The same of the number that waits.
    var tailEvenness: Double
    /// Seconds of a step with so many sequences.
    var stepSeconds: (Int) -> Double
    /// λ over the capacity, in (0, 1).
    var utilisation: Double
  }

  /// A number that does not change: that of clients in a closed loop, or that of a full replica.
  init(constant number: Double) {
    shares = [1]
    offset = number
    mean = number
  }

  /// Whether the number does not change.
  var isConstant: Bool { shares.count == 1 }

  /// The steady state of a queue.
  init(_ queue: Queue) {
    let places = max(queue.places, 1)
    let work = queue.requestsPerSecond * queue.steps
    var seconds = [queue.stepSeconds(1)]
    seconds.reserveCapacity(places + 1)
    for n in 1...places { seconds.append(queue.stepSeconds(n)) }
    var logs = [0.0]
    logs.reserveCapacity(places + 1)
    for n in 1...places {
      logs.append(logs[n - 1] + queue.evenness * logarithm(work * seconds[n] / Double(n)))
    }
    let decay = exponential(queue.tailEvenness * logarithm(min(max(queue.utilisation, 1e-300), 0.9999)))
    func shares(_ tilt: Double) -> [Double] {
      let exponents = logs.indices.map { logs[$0] + tilt * Double($0) }
      let most = exponents.max() ?? 0
      var shares = exponents.map { exponential($0 - most) }
      // Those that wait as well, with all places taken.
      shares[places] /= 1 - decay
      let sum = shares.reduce(0, +)
      for index in shares.indices { shares[index] /= sum }
      return shares
    }
    func throughput(_ shares: [Double]) -> Double {
      var sum = 0.0
      for n in 1...places { sum += shares[n] * Double(n) / (queue.steps * seconds[n]) }
      return sum
    }
    var tilt = 0.0
    if queue.evenness != 1 || queue.tailEvenness != 1 {
      // Factors that a power of κ has made steep need as much to be moved.
      let widest = 40 * max(queue.evenness, 1)
      tilt = bisect(queue.requestsPerSecond, between: -widest, and: widest) { throughput(shares($0)) }
    }
    let found = shares(tilt)
    self.shares = found
    offset = 0
    mean = found.indices.reduce(0) { $0 + found[$1] * Double($1) }
    waitingShare = found[places]
    meanWaiting = found[places] * decay / (1 - decay)
  }

  /// The mean of a figure of a number of sequences, over time; numbers that are next to never there are left out.
  func mean(_ value: (Double) -> Double) -> Double {
    var sum = 0.0
    for (index, share) in shares.enumerated() where share > 1e-12 {
      sum += share * value(offset + Double(index))
    }
    return sum
  }

  /// The number of sequences at a share of time.
  func quantile(_ share: Double) -> Double {
    var sum = 0.0
    for (index, part) in shares.enumerated() {
      sum += part
      if sum >= share { return offset + Double(index) }
    }
    return offset + Double(shares.count - 1)
  }

  /// The numbers of sequences in which a replica is for a noticeable time, with their shares.
  var states: [(number: Double, share: Double)] {
    shares.enumerated().filter { $0.element > 1e-9 }.map { (offset + Double($0.offset), $0.element) }
  }
}
