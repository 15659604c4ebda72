/// Who sends requests, and how much of that is taken: token buckets that refill all the time.
public struct Tenant: Sendable, Equatable {
  /// What happens to requests beyond the limits.
  public enum Excess: String, Sendable, CaseIterable {
    /// They are refused (HTTP 429).
    case reject
    /// They wait at the router until the limits have room, first come first served.
    case wait
  }

  /// Its name.
  public var name: String
  /// Requests a second, > 0; nil for any.
  public var requestsPerSecond: Double?
  /// Prompt tokens a second, > 0; nil for any.
  public var inputTokensPerSecond: Double?
  /// Seconds of the rates that may come at once, > 0.
  public var burstSeconds: Double
  /// What happens beyond that.
  public var excess: Excess

  /// A tenant; see the properties for ranges.
  public init(
    name: String, requestsPerSecond: Double? = nil, inputTokensPerSecond: Double? = nil,
    burstSeconds: Double = 60, excess: Excess = .reject
  ) {
    precondition(burstSeconds > 0, "a bucket that holds nothing")
    self.name = name
    self.requestsPerSecond = requestsPerSecond
    self.inputTokensPerSecond = inputTokensPerSecond
    self.burstSeconds = burstSeconds
    self.excess = excess
  }
}

/// What a tenant has left of its limits.
struct TenantState {
  /// A quota that refills all the time, up to `most`.
  struct Bucket {
    let rate: Double
    let most: Double
    var level: Double

    init(_ rate: Double, burstSeconds: Double) {
      self.rate = rate
      most = rate * burstSeconds
      level = most
    }

    /// Seconds until it holds `amount`, or all that it can where that is less.
    func seconds(until amount: Double) -> Double { max(0, (min(amount, most) - level) / rate) }
  }

  let tenant: Tenant
  private var requests: Bucket?
  private var tokens: Bucket?
  private var since = SimTime.zero

  init(_ tenant: Tenant) {
    self.tenant = tenant
    requests = tenant.requestsPerSecond.map { Bucket($0, burstSeconds: tenant.burstSeconds) }
    tokens = tenant.inputTokensPerSecond.map { Bucket($0, burstSeconds: tenant.burstSeconds) }
  }

  /// Takes a request off the limits; when it could be taken, if that is not now.
  ///
  /// A prompt that is larger than its whole bucket needs a full one, and leaves a debt.
  mutating func take(_ request: Request, at time: SimTime) -> SimTime? {
    let elapsed = (time - since).seconds
    since = time
    requests?.refill(elapsed)
    tokens?.refill(elapsed)
    let input = Double(request.input)
    let wait = max(requests?.seconds(until: 1) ?? 0, tokens?.seconds(until: input) ?? 0)
    // Less than a nanosecond is no wait.
    guard wait < 1e-9 else { return time + SimDuration(nanoseconds: Int64(min(wait, 1e9) * 1e9) + 1) }
    requests?.level -= 1
    tokens?.level -= input
    return nil
  }
}

extension TenantState.Bucket {
  fileprivate mutating func refill(_ seconds: Double) { level = min(most, level + rate * seconds) }
}

/// Requests of a stream that can wait: they are sent on when there is room.
public struct Deferral: Sendable, Equatable {
  /// Share of the batch slots of all replicas below which they are sent on, > 0.
  public var below: Double
  /// Seconds after which they are sent on whatever the load; nil: never.
  public var withinSeconds: Double?

  /// A deferral; see the properties for ranges.
  public init(below: Double, withinSeconds: Double? = nil) {
    precondition(below > 0, "requests that are never sent")
    self.below = below
    self.withinSeconds = withinSeconds
  }
}

/// Requests that the router refuses when too many are in flight, the least important ones first.
public struct Shedding: Sendable, Equatable {
  /// The lowest priority value that is refused: requests of this value and of higher ones.
  public var priority: Int
  /// Requests in flight, as share of the batch slots of all replicas, from which they are, > 0.
  public var above: Double

  /// A rule; see the properties for ranges.
  public init(priority: Int, above: Double) {
    precondition(above > 0, "a router that refuses everything")
    self.priority = priority
    self.above = above
  }
}
