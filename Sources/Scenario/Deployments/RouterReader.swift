import Documents
import Quantities
import Simulation

/// A router as stated.
struct RouterChoice: Equatable {
  var policy = RouterPolicy.roundRobin
  var view = CacheView()
  /// Seconds between reports on requests in flight; 0: the router knows at once.
  var loadReportSeconds = 0.0

  var echo: JSONValue {
    var members: [(String, JSONValue)] = [("policy", .string(policy.rawValue))]
    if policy == .prefixAware {
      members += [
        ("overlap_weight", .double(view.overlapWeight)), ("view_delay_seconds", .double(view.delaySeconds)),
      ]
    }
    if policy.looksAtRequests { members.append(("view_delay_seconds", .double(loadReportSeconds))) }
    return .object(members)
  }
}

/// Reads `router:`.
struct RouterReader {
  /// Whether several pools have one each: what they know of requests in flight is then never late.
  var isOfPool = false

  func read(_ field: Field) -> RouterChoice {
    var choice = RouterChoice()
    guard var reader = field.mapping() else { return choice }
    choice.policy = reader.optional("policy").choice(RouterPolicy.self) ?? .roundRobin
    let weightField = reader.optional("overlap_weight")
    let delayField = reader.optional("view_delay")
    reader.finish()
    if let weight = weightField.double(in: 0...1000) { choice.view.overlapWeight = weight }
    if let delay = delayField.quantity(Seconds.self, in: Seconds(si: 0)...Seconds(si: 3600)) {
      if choice.policy.looksAtRequests {
        choice.loadReportSeconds = delay.si
      } else {
        choice.view.delaySeconds = delay.si
      }
    }
    guard choice.policy != .prefixAware else { return choice }
    weightField.refuse("only policy \(RouterPolicy.prefixAware.rawValue) looks at caches")
    if !choice.policy.looksAtRequests {
      delayField.refuse(
        "only the policies prefix-aware, least-outstanding and power-of-two wait for what replicas report")
    } else if isOfPool {
      delayField.refuse("routers of pools know at once what is in flight")
    }
    return choice
  }
}
