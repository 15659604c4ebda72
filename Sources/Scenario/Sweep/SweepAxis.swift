import Documents

/// One axis of a sweep: what changes from point to point, and the values that it takes.
public struct SweepAxis: Sendable {
  /// One value of an axis.
  public struct Value: Sendable {
    /// The value as YAML text, or the name of a variant: `64`, `12 req/s`, `tp8`.
    public let label: String
    /// The same for programs: a number stays one.
    public let json: JSONValue
    /// What is set, in order; a variant may set several paths, or none.
    public let settings: [SweepPoint.Setting]
  }

  /// What results call it: the stated name, else the path.
  public let name: String
  /// The path that it sets; nil for an axis of variants.
  public let path: String?
  /// The values in order, at least one.
  public let values: [Value]
  /// The number of its group, from 0; axes of one group move together.
  public internal(set) var group: Int
  /// Where problems of the axis as a whole are reported.
  let place: Node

  /// Every path that any of its values sets, none twice.
  var paths: [String] {
    values.flatMap(\.settings).reduce(into: []) { if !$0.contains($1.path) { $0.append($1.path) } }
  }

  /// The axis for programs.
  public var json: JSONValue {
    [
      "name": .string(name), "path": path.map { .string($0) } ?? .null, "group": .int(group),
      "values": .array(values.map(\.json)),
    ]
  }
}

/// The axes of a sweep and the points that they make.
public struct Sweep: Sendable {
  /// The axes in the order of the file.
  public let axes: [SweepAxis]
  /// The points in order, the last group of axes fastest.
  public let points: [SweepPoint]

  /// All combinations of the groups of axes.
  init(axes: [SweepAxis]) {
    self.axes = axes
    let groups = (0...(axes.map(\.group).max() ?? 0)).map { group in
      axes.indices.filter { axes[$0].group == group }
    }
    let lengths = groups.map { group in group.first.map { axes[$0].values.count } ?? 1 }
    points = (0..<lengths.reduce(1, *)).map { index in
      var rest = index
      var positions = [Int](repeating: 0, count: axes.count)
      for (group, length) in zip(groups, lengths).reversed() {
        for axis in group { positions[axis] = rest % length }
        rest /= length
      }
      // Grouped axes stand side by side, wherever the file has them.
      let order = groups.flatMap { $0 }
      return SweepPoint(
        index: index, positions: positions,
        settings: order.flatMap { axes[$0].values[positions[$0]].settings },
        label: order.map { "\(axes[$0].name)=\(axes[$0].values[positions[$0]].label)" }
          .joined(separator: " "))
    }
  }

  /// The value that an axis takes at a point.
  ///
  /// - Parameters:
  ///   - axis: the number of the axis, from 0.
  ///   - point: a point of this sweep.
  /// - Returns: one of the axis' values.
  public func value(of axis: Int, at point: SweepPoint) -> SweepAxis.Value {
    axes[axis].values[point.positions[axis]]
  }

  /// The values of a point by the names of the axes.
  public func at(_ point: SweepPoint) -> JSONValue {
    .object(axes.indices.map { (axes[$0].name, value(of: $0, at: point).json) })
  }

  /// One point for each path of each axis: the first that sets it.
  ///
  /// A path that the format does not know is wrong at every point; these show all such paths.
  var samples: [SweepPoint] {
    var chosen: [Int] = []
    for (number, axis) in axes.enumerated() {
      for path in axis.paths {
        guard let position = axis.values.firstIndex(where: { $0.settings.contains { $0.path == path } }),
          let point = points.first(where: { $0.positions[number] == position }),
          !chosen.contains(point.index)
        else { continue }
        chosen.append(point.index)
      }
    }
    return chosen.map { points[$0] }
  }
}
