/// What of a site's draw is recorded while requests are served; it has no influence on the run.
public struct PowerMetering: Sendable {
  /// Replicas of a pool, or the same share of each of them.
  public struct Member: Sendable, Equatable {
    /// The deployment, by its position in the run.
    public var deployment: Int
    /// The pool that they are of.
    public var role: PoolRole
    /// The replicas, by their numbers among all of the deployment; nil: all of the pool.
    public var replicas: [Int]?
    /// The share of each that counts, in (0, 1]: the rest stands elsewhere.
    public var share: Double

    /// Replicas; see the properties.
    public init(deployment: Int, role: PoolRole, replicas: [Int]? = nil, share: Double = 1) {
      precondition(share > 0 && share <= 1, "a share of replicas that is none")
      self.deployment = deployment
      self.role = role
      self.replicas = replicas
      self.share = share
    }
  }

  /// Seconds from one reading to the next, > 0.
  public var intervalSeconds: Double
  /// What is read together at each point; a point without members draws no more than idle power.
  public var points: [[Member]]

  /// Meters; see the properties.
  public init(intervalSeconds: Double, points: [[Member]]) {
    precondition(intervalSeconds > 0, "readings without an interval")
    self.intervalSeconds = intervalSeconds
    self.points = points
  }
}

/// What meters read from the start of a run to its end.
///
/// The energy of a step that an interval ends in counts by its share of time.
public struct PowerReadings: Sendable, Equatable {
  /// Seconds of an interval, > 0.
  public var intervalSeconds: Double
  /// Mean draw above idle in watts, interval by interval, point by point.
  public var wattsAboveIdle: [[Double]] = []
  /// Seconds of the last interval, which the end of the run may have cut off.
  public var lastSeconds: Double

  /// No readings yet.
  public init(intervalSeconds: Double) {
    self.intervalSeconds = intervalSeconds
    lastSeconds = intervalSeconds
  }

  /// The length of an interval in seconds.
  public func seconds(of interval: Int) -> Double {
    interval == wattsAboveIdle.count - 1 ? lastSeconds : intervalSeconds
  }
}
