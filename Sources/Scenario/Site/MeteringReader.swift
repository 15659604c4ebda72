import Documents
import Quantities

/// What of a site's draw is recorded while requests are served.
public struct SiteMetering: Sendable, Equatable {
  /// What is read together.
  public enum Level: String, Sendable, CaseIterable {
    /// All accelerators of a system, in use or not.
    case system
    /// The accelerators of a deployment, or of each of its pools.
    case pool
    /// All accelerators of a row of racks.
    case row
    /// All accelerators of a rack.
    case rack
  }

  /// What is read together.
  public var level: Level
  /// Seconds from one reading to the next, in 0.01...3600.
  public var intervalSeconds: Double

  /// Meters; see the properties.
  public init(level: Level, intervalSeconds: Double) {
    self.level = level
    self.intervalSeconds = intervalSeconds
  }

  /// Whether it needs to know where replicas stand.
  public var hasPlaces: Bool { level == .row || level == .rack }
}

/// Reads `site.metering:`.
struct MeteringReader {
  /// Readings of all points that are kept at most: 800 MB.
  static let most = 100_000_000
  private static let levels = SiteMetering.Level.allCases.map(\.rawValue)

  /// Meters; nil where the scenario has none, or wrong ones.
  func read(_ field: Field) -> SiteMetering? {
    guard field.isPresent, var reader = field.mapping() else { return nil }
    let levelField = reader.optional("by")
    let level = levelField.choice(Self.levels)
    let everyField = reader.optional("every")
    let every = everyField.quantity(Seconds.self, in: Seconds(si: 0.01)...Seconds(si: 3600))
    reader.finish()
    guard level != nil || !levelField.isPresent, every != nil || !everyField.isPresent else { return nil }
    return SiteMetering(
      level: level.flatMap { SiteMetering.Level(rawValue: $0) } ?? .pool, intervalSeconds: every?.si ?? 10)
  }
}

extension SiteMetering {
  /// For results.
  var echo: JSONValue {
    ["by": .string(level.rawValue), "every_seconds": .double(intervalSeconds)]
  }

  /// Points of a site; where pools are read, at most two for each deployment.
  func points(on site: ResolvedSite, deployments: Int) -> Int {
    switch level {
    case .system: site.parts.count
    case .pool: 2 * deployments
    case .row: (site.racks + site.racksPerRow - 1) / site.racksPerRow
    case .rack: site.racks
    }
  }
}
