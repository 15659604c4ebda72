extension RunReport {
  /// A warning for each deployment that did not keep up; none where all did, or are full by design.
  func saturationLines(_ style: TextStyle) -> [String] {
    deployments.flatMap { part -> [String] in
      let found = part.saturation
      let name = deployments.count > 1 ? "\(part.name): " : ""
      switch found.verdict {
      case .stable, .closedLoop, .offline: return []
      case .undetermined:
        return Self.wrapped("\(name)steady or not: can't tell, \(found.reason)", indent: 8).map {
          style.aside($0)
        }
      case .backlogged:
        let share = found.backloggedShare.map { " (\(Numbers.percent($0)) of requests came meanwhile)" } ?? ""
        return Self.wrapped(
          style.strong("\(name)BACKLOGGED")
            + ": \(found.reason)\(share); latencies depend on how long the run is",
          indent: 8)
      case .overloaded:
        var text = style.strong("\(name)OVERLOADED") + ": \(found.reason)"
        if let came = found.arrivalsPerSecond, let went = found.departuresPerSecond {
          text += ", \(Numbers.text(came)) requests/s came, \(Numbers.text(went)) went"
        }
        return Self.wrapped(text + "; latencies depend on how long the run is", indent: 8)
      }
    }
  }
}
