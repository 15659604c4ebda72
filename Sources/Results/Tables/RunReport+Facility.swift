extension RunReport {
  /// What the facility did in the steady window; no lines without one.
  func facilitySection(_ style: TextStyle) -> [String] {
    guard let figures = site.window.facility else { return [] }
    var lines = [
      style.aside("facility, steady window"),
      "PUE \(Numbers.text(figures.pue)), \(Numbers.text(figures.wue)) l of water for a kWh of IT, load factor "
        + "\(Numbers.percent(figures.loadFactor)), outdoors \(Numbers.text(figures.outdoorCelsius)) °C",
      "grid: mean \(Numbers.watts(figures.gridMean)), p99 \(Numbers.watts(figures.gridP99)), peak "
        + Numbers.watts(figures.gridPeak),
      "energy: "
        + figures.parts.filter { $0.joules > 0 }.map {
          "\($0.name) \(Numbers.percent($0.joules / figures.gridJoules))"
        }.joined(separator: ", "),
    ]
    if let rise = figures.largestRise {
      lines.insert(
        "from one minute's mean to the next: up by \(Numbers.watts(rise)), down by "
          + "\(Numbers.watts(figures.largestFall)) at most", at: 3)
    }
    if figures.perMillionTokens(1) != nil {
      let amounts = [
        figures.perMillionTokens(figures.dollars).map { "energy for \(Numbers.dollars($0))" },
        figures.perMillionTokens(figures.carbonKilograms).map { "\(Numbers.text($0)) kg of CO2" },
        figures.perMillionTokens(figures.waterLitres).map { "\(Numbers.text($0)) l of water" },
      ].compactMap { $0 }
      lines.append("a million output tokens: " + amounts.joined(separator: ", "))
    }
    lines += figures.warnings.map { style.strong($0) }
    return lines.flatMap { Self.wrapped($0, indent: 8) }
  }
}

extension FacilityFigures {
  /// What the facility could not do.
  fileprivate var warnings: [String] {
    var warnings = stages.filter { $0.worstLoading != "within_rating" }.map {
      "\($0.name): " + ($0.worstLoading == "overloaded" ? "OVERLOADED" : "redundancy lost at the peak")
    }
    if excessJoules > 0 { warnings.append("above the limit of the draw: \(Numbers.joules(excessJoules))") }
    if rampExcessPeak > 0 {
      warnings.append("outside the limits of its change by up to \(Numbers.watts(rampExcessPeak))")
    }
    if unremovedHeatJoules > 0 {
      warnings.append("heat that cooling could not remove: \(Numbers.joules(unremovedHeatJoules))")
    }
    return warnings
  }
}
