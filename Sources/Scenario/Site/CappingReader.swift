import Documents
import Facility
import Quantities
import Simulation

/// Limits of power on a site, and how they are kept while requests are served.
public struct SiteCapping: Sendable, Equatable {
  /// Who gives first.
  public var policy: Capping.Policy
  /// Seconds from one look at the draw to the next.
  public var intervalSeconds: Double
  /// The most that the site may draw from the grid, in watts; nil for no such limit.
  public var feedWatts: Double?
  /// The most that a row of racks may draw, in watts; nil for no such limit.
  public var rowWatts: Double?
  /// The most that a rack may draw, in watts; nil for no such limit.
  public var rackWatts: Double?

  /// Whether any limit needs to know where replicas stand.
  public var hasPlaces: Bool { rowWatts != nil || rackWatts != nil }
}

/// Reads `site.capping:`.
struct CappingReader {
  private static let policies = ["proportional", "priority", "phase-aware"]

  /// Limits; nil where the scenario has none, or wrong ones.
  ///
  /// - Parameters:
  ///   - field: the mapping.
  ///   - connection: what `site.power` states.
  /// - Returns: the limits with what stands for the policy in echoes.
  func read(_ field: Field, connection: Watts?) -> SiteCapping? {
    guard field.isPresent, var reader = field.mapping() else { return nil }
    let policy = reader.optional("policy").choice(Self.policies)
    let every = reader.optional("every").quantity(
      Seconds.self, in: Seconds(si: 0.01)...Seconds(si: 3600))
    func limit(_ name: String) -> Watts? { reader.optional(name).quantity(Watts.self, above: .zero) }
    let (feed, row, rack) = (limit("feed"), limit("row"), limit("rack"))
    reader.finish()
    guard feed != nil || row != nil || rack != nil || connection != nil else {
      field.refuse(
        "nothing is limited", allowed: "feed, row or rack, or a site that is stated by its power")
      return nil
    }
    return SiteCapping(
      policy: Self.policy(policy ?? Self.policies[0]), intervalSeconds: every?.si ?? 1,
      feedWatts: (feed ?? connection)?.si, rowWatts: row?.si, rackWatts: rack?.si)
  }

  private static func policy(_ name: String) -> Capping.Policy {
    switch name {
    case "priority": .priority
    case "phase-aware": .decodeGivesFirst
    default: .proportional
    }
  }
}

extension SiteCapping {
  /// For results.
  var echo: JSONValue {
    let name =
      switch policy {
      case .proportional: "proportional"
      case .priority: "priority"
      case .phaseAware: "phase-aware"
      }
    return [
      "policy": .string(name), "every_seconds": .double(intervalSeconds), "feed_watts": .optional(feedWatts),
      "row_watts": .optional(rowWatts), "rack_watts": .optional(rackWatts),
    ]
  }
}
