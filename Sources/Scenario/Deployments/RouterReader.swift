import Documents
import Quantities
import Simulation

/// A router as stated.
struct RouterChoice: Equatable {
  var policy = RouterPolicy.roundRobin
  var view = CacheView()

  var echo: JSONValue {
    var members: [(String, JSONValue)] = [("policy", .string(policy.rawValue))]
    if policy == .prefixAware {
      members += [
        ("overlap_weight", .double(view.overlapWeight)), ("view_delay_seconds", .double(view.delaySeconds)),
      ]
    }
    return .object(members)
  }
}

/// Reads `router:`.
struct RouterReader {
  func read(_ field: Field) -> RouterChoice {
    var choice = RouterChoice()
    guard var reader = field.mapping() else { return choice }
    choice.policy = reader.optional("policy").choice(RouterPolicy.self) ?? .roundRobin
    let weightField = reader.optional("overlap_weight")
    let delayField = reader.optional("view_delay")
    reader.finish()
    if let weight = weightField.double(in: 0...1000) { choice.view.overlapWeight = weight }
    if let delay = delayField.quantity(Seconds.self, in: Seconds(si: 0)...Seconds(si: 3600)) {
      choice.view.delaySeconds = delay.si
    }
    if choice.policy != .prefixAware {
      for field in [weightField, delayField] {
        field.refuse("only policy \(RouterPolicy.prefixAware.rawValue) looks at caches")
      }
    }
    return choice
  }
}
