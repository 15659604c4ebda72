extension RunReport {
  /// What each service class got over the whole run.
  func classSection(_ style: TextStyle) -> [String] {
    var table = TextTable([
      .init("class, whole run", .leading, maximumWidth: 24), .init("arrived"), .init("done"),
      .init("refused"),
      .init("gone"), .init("% good"), .init("good/s"), .init("TTFT p50"), .init("p99"), .init("TPOT p50"),
    ])
    for part in site.classes {
      table.add([
        part.name, Numbers.text(part.arrived), Numbers.text(part.completed), Numbers.text(part.rejected),
        Numbers.text(part.cancelled + part.failed),
        part.arrived > 0
          ? String(Numbers.percent(Double(part.good) / Double(part.arrived)).dropLast(2)) : Numbers.missing,
        Numbers.text(part.goodputRequestsPerSecond), Numbers.seconds(part.timeToFirstToken.p50),
        Numbers.seconds(part.timeToFirstToken.p99), Numbers.seconds(part.timePerOutputToken.p50),
      ])
    }
    return table.lines(style: style)
  }
}
