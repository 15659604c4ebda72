/// A group of equal accelerators or nodes that draws power behind one point of the tree.
public struct PowerGroup: Sendable, Equatable {
  /// What the work of a group is bound by.
  public enum Phase: Sendable, Equatable {
    /// Prompts: bound by computing, so that less power is less speed.
    case prefill
    /// Output tokens: bound by memory, so that lower clocks hardly slow it.
    case decode
    /// Both on the same accelerators.
    case mixed
  }

  /// What reports call it.
  public var name: String
  /// How many members it has, >= 0.
  public var count: Int
  /// What a member draws without work, in watts, >= 0.
  public var idleWatts: Double
  /// What a member would draw without limits, in watts, >= 0.
  public var wantedWatts: Double
  /// Lower priorities give first.
  public var priority: Int
  /// What its work is bound by.
  public var phase: Phase

  /// A group.
  ///
  /// - Parameters:
  ///   - name: What reports call it.
  ///   - count: How many members it has, >= 0.
  ///   - idleWatts: What a member draws without work, in watts, >= 0.
  ///   - wantedWatts: What a member would draw without limits, in watts, >= 0.
  ///   - priority: Lower priorities give first.
  ///   - phase: What its work is bound by.
  public init(
    name: String, count: Int, idleWatts: Double, wantedWatts: Double, priority: Int = 0, phase: Phase = .mixed
  ) {
    self.name = name
    self.count = count
    self.idleWatts = idleWatts
    self.wantedWatts = wantedWatts
    self.priority = priority
    self.phase = phase
  }
}

/// A point of the power tree with a limit: the feed, a row, a rack.
public struct PowerNode: Sendable, Equatable {
  /// What reports call it.
  public var name: String
  /// The most that may pass it, in watts, >= 0.
  public var limitWatts: Double
  /// Points behind it.
  public var children: [PowerNode]
  /// Groups directly behind it.
  public var groups: [PowerGroup]

  /// A point of the power tree.
  ///
  /// - Parameters:
  ///   - name: What reports call it.
  ///   - limitWatts: The most that may pass it, in watts, >= 0; infinite for no limit.
  ///   - children: Points behind it.
  ///   - groups: Groups directly behind it.
  public init(name: String, limitWatts: Double, children: [PowerNode] = [], groups: [PowerGroup] = []) {
    self.name = name
    self.limitWatts = limitWatts
    self.children = children
    self.groups = groups
  }
}
