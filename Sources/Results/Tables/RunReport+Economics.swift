extension RunReport {
  /// What a year like the steady window costs, part by part; no lines without constants.
  func economicsSection(_ style: TextStyle) -> [String] {
    guard let figures = site.window.economics else { return [] }
    var table = TextTable([
      .init("cost of a year like the steady window", .leading), .init("a year"), .init("a million tokens"),
    ])
    let names = [
      "it_capital": "IT capital", "site_capital": "site capital", "energy": "energy",
      "demand": "capacity and demand", "operating": "operation", "total": "all of it",
    ]
    for part in figures.parts {
      table.add([
        names[part.name] ?? part.name, Numbers.dollars(part.dollars),
        Numbers.dollars(figures.perMillionTokens(part.dollars)),
      ])
    }
    if let rental = site.window.cost.dollarsPerMillionOutputTokens {
      table.add(["for comparison, GPUs paid by the hour", Numbers.missing, Numbers.dollars(rental)])
    }
    return table.lines(style: style) + [
      "for one GPU and hour: " + Numbers.dollars(figures.dollarsPerAcceleratorHour)
    ]
  }
}
