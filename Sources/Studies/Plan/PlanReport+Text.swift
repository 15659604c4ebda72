import CostModel
import Foundation
import Hardware
import Quantities
import Results
import Scenario

extension PlanReport {
  /// The plan for a reader: the answer, its rivals, what binds, how to run it.
  public func text(style: TextStyle = TextStyle()) -> String {
    var lines = wrapped(scenario, indent: "  ").map { style.strong($0) }
    lines += wrapped(answer, indent: "  ").map { isFeasible ? $0 : style.doubtful($0) }
    lines += notes.flatMap { wrapped($0, indent: "  ").map { style.aside($0) } }
    if !candidates.isEmpty { lines += [""] + candidateTable.lines(style: style) }
    if let candidate = candidates.first {
      lines += [""] + targetTable(candidate).lines(style: style)
      lines += [""] + limitLines(candidate)
    } else if let nearest {
      lines += [""] + nearestLines(nearest)
    }
    lines += [""] + searchLines
    if let best {
      for launch in launches { lines += ["", style.strong(launch.title)] + launch.lines }
      lines += ["", style.strong("the scenario of it")] + runLines(best)
    }
    return lines.joined(separator: "\n") + "\n"
  }

  /// The answer in a sentence.
  private var answer: String {
    guard let candidate = candidates.first else {
      return nearest == nil
        ? "not feasible: nothing that may be chosen runs"
        : "not feasible: the targets are missed at any rate"
    }
    let figures = candidate.figures
    let size =
      "\(Numbers.text(Int64(candidate.accelerators))) \(candidate.system.id)"
      + " in \(Numbers.text(Int64(candidate.racks))) rack\(candidate.racks == 1 ? "" : "s")"
    let rate = "\(Numbers.text(figures.arrivalsPerSecond)) requests/s"
    guard candidate.isFeasible else {
      let wanted = Numbers.text(wantedArrivalsPerSecond)
      return "not feasible: of \(wanted) requests/s \(size) serve \(rate) within the targets"
    }
    return wantedArrivalsPerSecond == nil
      ? "\(size) serve \(rate) within the targets; binding: \(figures.bindingLimit)"
      : "\(rate) take \(size); binding: \(figures.bindingLimit)"
  }

  /// The candidates side by side.
  private var candidateTable: TextTable {
    let isSmallest = wantedArrivalsPerSecond != nil
    var table = TextTable([
      .init(""), .init("system", .leading, maximumWidth: 16), .init("engine", .leading),
      .init("layout", .leading, maximumWidth: 20), .init("batch"), .init("replicas"),
      .init("requests/s"), .init(isSmallest ? "GPUs" : "tokens/s"), .init(objective.title),
    ])
    for (index, candidate) in candidates.enumerated() {
      let figures = candidate.figures
      for (number, part) in candidate.parts.enumerated() {
        let isFirst = number == 0
        let option = part.option
        var layout = option.layout.shortText
        if let prefill = option.prefillLayout {
          layout = "\(option.ratio.prefill)x\(prefill.shortText):\(option.ratio.decode)x\(layout)"
        }
        let limit = option.powerLimit < 1 ? " \(Int((option.powerLimit * 100).rounded()))%" : ""
        var cells = [
          isFirst ? (candidate.simulated == nil ? "" : "*") + "\(index + 1)" : "",
          isFirst ? candidate.system.id + limit : "",
          engine(candidate, number).replacing("tensorrt-", with: "trt"), layout, "\(option.batchSize)",
          Numbers.text(Int64(part.units * option.replicas))
            + (part.spares > 0 ? "+\(part.allSpares)" : ""),
        ]
        if isFirst {
          cells += [
            Numbers.text(figures.arrivalsPerSecond),
            isSmallest
              ? Numbers.text(Int64(candidate.accelerators)) : Numbers.text(figures.outputTokensPerSecond),
            objective.text(candidate),
          ]
        }
        table.add(cells)
      }
    }
    return table
  }

  /// The last column: what candidates are ranked by, or what each accelerator does.
  private var objective: (title: String, text: (PlanCandidate) -> String) {
    switch section.objective {
    case .tokensPerSecond:
      (
        "tok/s/GPU",
        { Numbers.text($0.figures.outputTokensPerSecond / Double(max($0.figures.accelerators, 1))) }
      )
    case .dollarsPerMillionTokens: ("$/M tokens", { Numbers.text($0.figures.dollarsPerMillionTokens) })
    case .tokensPerMegawattHour: ("tokens/MWh", { Numbers.text($0.figures.tokensPerMegawattHour) })
    case .carbonPerMillionTokens: ("kg CO2/M", { Numbers.text($0.figures.carbonPerMillionTokens) })
    }
  }

  private func targetTable(_ candidate: PlanCandidate) -> TextTable {
    var table = TextTable([
      .init("the best one", .leading), .init("estimated"), .init("simulated"), .init("target"),
    ])
    let (own, ran) = (candidate.estimated, candidate.simulated?.figures)
    for (index, target) in own.targets.enumerated() {
      table.add([
        target.name, Numbers.seconds(target.seconds), Numbers.seconds(ran?.targets[index].seconds),
        Numbers.seconds(target.limitSeconds),
      ])
    }
    func add(_ name: String, _ figure: (PlanFigures) -> Double?, _ text: (Double?) -> String) {
      table.add([name, text(figure(own)), text(ran.flatMap(figure)), ""])
    }
    add("requests/s", { $0.arrivalsPerSecond }, { Numbers.text($0) })
    add("output tokens/s", { $0.outputTokensPerSecond }, { Numbers.text($0) })
    if let interval = candidate.simulated?.confidence {
      table.add(["  95 % of endless runs", Numbers.text(interval.low), Numbers.text(interval.high), ""])
    }
    if let interval = candidate.simulated?.measured {
      table.add(["  8 of 10 measurements", Numbers.text(interval.low), Numbers.text(interval.high), ""])
    }
    add("one GPU in use", { $0.acceleratorWatts }, { Numbers.watts($0) })
    add("site", { $0.siteWatts }, { Numbers.watts($0) })
    add("for a million output tokens", { $0.dollarsPerMillionTokens }, { Numbers.dollars($0) })
    add("output tokens for a MWh", { $0.tokensPerMegawattHour }, { Numbers.text($0) })
    if own.carbonPerMillionTokens != nil {
      add("kg CO2 for a million tokens", { $0.carbonPerMillionTokens }, { Numbers.text($0) })
    }
    return table
  }

  private func limitLines(_ candidate: PlanCandidate) -> [String] {
    let parts = candidate.figures.limits.map { "\($0.name) \(Numbers.percent($0.headroom))" }
    return wrapped("left of each limit: " + parts.joined(separator: ", "), indent: "        ")
  }

  private func nearestLines(_ nearest: PlanNearest) -> [String] {
    ["nearest: \(nearest.option.system.id), \(nearest.option.layout.shortText), with next to no load"]
      + nearest.targets.map {
        "  \($0.name): \(Numbers.seconds($0.seconds)), target \(Numbers.seconds($0.limitSeconds))"
      }
  }

  private var searchLines: [String] {
    var lines = ["\(search.tried) configurations tried, \(search.fitting) keep the targets; left out:"]
    if search.rejected.isEmpty { lines[0] = "\(search.tried) configurations tried, all keep the targets" }
    for rejection in search.rejected {
      lines += wrapped("  \(rejection.count) \(rejection.reason)", indent: "    ")
    }
    return lines
  }

  private func runLines(_ best: PlanCandidate) -> [String] {
    let settings = settings(best).map { "  --set '\($0.path)=\($0.value)' \\" }
    return ["tokenmill run \(file) \\"] + settings.dropLast()
      + settings.suffix(1).map { String($0.dropLast(2)) }
  }

  /// A text as lines of at most 80 characters, broken at spaces.
  private func wrapped(_ text: String, indent: String) -> [String] {
    var lines: [String] = []
    var line = ""
    for word in text.split(separator: " ", omittingEmptySubsequences: false) {
      if line.count + word.count + 1 > 80, !line.isEmpty {
        lines.append(line)
        line = indent + word
      } else {
        line =
          line.isEmpty && lines.isEmpty && word.isEmpty
          ? " " : (line.isEmpty ? String(word) : line + " " + word)
      }
    }
    return lines + [line]
  }
}
