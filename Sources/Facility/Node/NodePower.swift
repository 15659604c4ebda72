/// What a node draws beside its accelerators, part by part.
///
/// The whole is a line between what the node draws idle and at full work, both anchored to measurements or ratings of whole
/// servers. The parts explain it: each goes from its idle power to its peak as the accelerators do, fans and pumps with the
/// cube of that (affinity laws); the supply loses what its curve says of the load it then has; `other` is what nobody
/// named: boards, regulators, and where the parts' figures are off.
public struct NodePower: Sendable, Equatable {
  /// A part of a node.
  public struct Part: Sendable, Equatable {
    /// Its name: `cpus`.
    public var name: String
    /// Watts of all of them without work, >= 0.
    public var idleWatts: Double
    /// Watts of all of them at full work, >= `idleWatts`.
    public var peakWatts: Double
    /// Whether it moves air or water, so that its power above idle follows the cube of the work.
    public var isMover: Bool

    /// A part; see the properties.
    public init(name: String, idleWatts: Double, peakWatts: Double, isMover: Bool = false) {
      self.name = name
      self.idleWatts = idleWatts
      self.peakWatts = peakWatts
      self.isMover = isMover
    }
  }

  /// The parts that are known, in the order of the catalogue.
  public let parts: [Part]
  /// Installed output of the node's power supplies, or of its share of the rack's shelves, in watts.
  public let ratedWatts: Double
  /// Their efficiency by load.
  public let curve: EfficiencyCurve
  /// What the node draws beside its accelerators without work, losses included, in watts.
  public let idleWatts: Double
  /// The same at full work.
  public let peakWatts: Double
  /// What its accelerators draw without work, in watts.
  public let acceleratorIdleWatts: Double
  /// What they draw at their limit.
  public let acceleratorPeakWatts: Double

  /// A node; see the properties.
  ///
  /// - Throws: `FacilityError` where a figure is out of range, or parts and losses exceed what the node draws.
  public init(
    parts: [Part], ratedWatts: Double, curve: EfficiencyCurve, idleWatts: Double, peakWatts: Double,
    acceleratorIdleWatts: Double, acceleratorPeakWatts: Double
  ) throws(FacilityError) {
    for part in parts {
      try FacilityError.check(part.idleWatts, "idle power of \(part.name)")
      try FacilityError.check(part.peakWatts - part.idleWatts, "peak less idle power of \(part.name)")
    }
    guard ratedWatts > 0 else { throw FacilityError("a supply of \(ratedWatts) W; more than 0 is allowed") }
    self.parts = parts
    self.ratedWatts = ratedWatts
    self.curve = curve
    self.idleWatts = idleWatts
    self.peakWatts = peakWatts
    self.acceleratorIdleWatts = acceleratorIdleWatts
    self.acceleratorPeakWatts = acceleratorPeakWatts
    for (work, name) in [(0.0, "without work"), (1.0, "at full work")] {
      let known = breakdown(atWork: work).filter { $0.name != Self.otherName }.reduce(0) { $0 + $1.watts }
      guard known <= watts(atWork: work) + 1e-6 else {
        throw FacilityError(
          "parts and supply loss take \(Int(known.rounded())) W \(name), the node "
            + "\(Int(watts(atWork: work).rounded())) W; at most that is allowed")
      }
    }
  }

  /// What is left to explain.
  public static let otherName = "other"
  /// What the supply turns to heat.
  public static let lossName = "supply loss"

  /// Watts of the node beside its accelerators.
  ///
  /// - Parameter work: dynamic utilisation of the accelerators, `(P − idle) / (limit − idle)`, in 0...1.
  /// - Returns: watts at the node's inlet.
  public func watts(atWork work: Double) -> Double { idleWatts + (peakWatts - idleWatts) * work }

  /// The same by part: the parts, the supply's loss, the rest; they add up to ``watts(atWork:)``.
  public func breakdown(atWork work: Double) -> [(name: String, watts: Double)] {
    var result = parts.map { part in
      let share = part.isMover ? work * work * work : work
      return (name: part.name, watts: part.idleWatts + (part.peakWatts - part.idleWatts) * share)
    }
    let inlet =
      watts(atWork: work) + acceleratorIdleWatts + (acceleratorPeakWatts - acceleratorIdleWatts) * work
    let loss = inlet - output(forInput: inlet)
    result.append((name: Self.lossName, watts: loss))
    result.append((name: Self.otherName, watts: watts(atWork: work) - result.reduce(0) { $0 + $1.watts }))
    return result
  }

  /// Watts that the supply gives at an input; input rises with output, so halving finds it.
  private func output(forInput input: Double) -> Double {
    var (low, high) = (0.0, input)
    for _ in 0..<60 {
      let middle = (low + high) / 2
      if curve.input(forOutput: middle / ratedWatts) * ratedWatts > input {
        high = middle
      } else {
        low = middle
      }
    }
    return low
  }
}

extension EfficiencyCurve {
  /// A shelf of ORv3 supplies: 97.5 % at half load (OCP products 431; medium confidence), elsewhere assumptions.
  public static let orv3 = EfficiencyCurve(checked: [
    .init(load: 0.1, efficiency: 0.945), .init(load: 0.2, efficiency: 0.965),
    .init(load: 0.5, efficiency: 0.975),
    .init(load: 1, efficiency: 0.965),
  ])

  /// The curve of a name of the catalogue; nil for a name that is none.
  public static func named(_ name: String) -> EfficiencyCurve? {
    switch name {
    case "titanium": titanium
    case "ruby": ruby
    case "orv3": orv3
    default: nil
    }
  }
}
