import CostModel
import Documents
import Hardware
import Models
import Quantities
import Results
import Scenario

/// What the catalogues hold, as text for a reader.
public struct CatalogListing: Sendable {
  private let catalogue: ScenarioCatalogue
  private let style: TextStyle

  /// A listing of a catalogue.
  public init(_ catalogue: ScenarioCatalogue, style: TextStyle = TextStyle()) {
    self.catalogue = catalogue
    self.style = style
  }

  /// One line a system.
  public func systems() -> String {
    var table = TextTable([
      .init("system", .leading), .init("name", .leading, maximumWidth: 34), .init("status", .leading),
      .init("memory"), .init("bandwidth"), .init("TDP"), .init("scale-up"),
    ])
    for system in catalogue.systems.systems {
      table.add([
        system.id, system.name, system.status, system.accelerator.memory.description,
        system.accelerator.memoryBandwidth.description, system.accelerator.thermalDesignPower.description,
        "\(system.scaleUp.worldSize)",
      ])
    }
    return text(table, hint: "tokenmill catalog systems NAME shows every figure with its source")
  }

  /// Every figure of a system with its source; throws where none has that name.
  public func system(_ name: String) throws(Problems) -> String {
    guard let system = catalogue.systems.system(name) else {
      throw unknown("system", name, among: catalogue.systems.systems.map(\.id))
    }
    var table = TextTable([
      .init("figure", .leading, maximumWidth: 36), .init("value"), .init("confidence", .leading),
      .init("source"),
    ])
    var notes: [String] = []
    var sources: [String] = []
    for figure in system.figures {
      if !sources.contains(figure.source) { sources.append(figure.source) }
      let number = sources.firstIndex(of: figure.source).map { "[\($0 + 1)]" } ?? ""
      table.add([figure.path, figure.value, figure.confidence.rawValue, number])
      if let note = figure.note { notes.append("\(figure.path): \(note)") }
    }
    var lines = [style.strong(system.name), style.aside("\(system.id), \(system.vendor), \(system.status)")]
    lines += table.lines(style: style)
    lines.append(style.aside("sources"))
    for (index, source) in sources.enumerated() {
      lines += RunReport.wrapped("  [\(index + 1)] \(source)", indent: 6)
    }
    if !notes.isEmpty {
      lines += [style.aside("notes")] + notes.flatMap { RunReport.wrapped("  " + $0, indent: 4) }
    }
    return lines.joined(separator: "\n") + "\n"
  }

  /// One line a model.
  public func models() -> String {
    var table = TextTable([
      .init("model", .leading), .init("parameters"), .init("active"), .init("KV/token"),
      .init("weights", .leading),
      .init("not modelled", .leading, maximumWidth: 40),
    ])
    for entry in catalogue.models.entries {
      let model = entry.model
      table.add([
        model.id, Numbers.text(Double(model.parameterCount)),
        Numbers.text(Double(model.activeParameterCount)),
        keyValueBytes(model) ?? Numbers.missing, model.nativePrecision.weights.rawValue,
        model.unsupportedFeatures.joined(separator: ", "),
      ])
    }
    return text(table, hint: "tokenmill catalog models NAME shows one with its sources")
  }

  /// A model's figures with their sources; throws where none has that name.
  public func model(_ name: String) throws(Problems) -> String {
    let entry: ModelCatalogue.Entry
    do {
      entry = try catalogue.models.entry(name)
    } catch {
      throw unknown("model", name, among: catalogue.models.entries.map(\.id))
    }
    let model = entry.model
    var table = TextTable([.init("", .leading), .init("", .leading)])
    table.add(["parameters", Numbers.text(Double(model.parameterCount))])
    table.add(["active parameters", Numbers.text(Double(model.activeParameterCount))])
    table.add(["published parameters", Numbers.text(entry.published.parameters)])
    if let active = entry.published.activeParameters {
      table.add(["published active parameters", Numbers.text(active)])
    }
    table.add([
      "weights as published", Bytes(si: model.weightBytes(precision: model.nativePrecision)).description,
    ])
    if let bytes = keyValueBytes(model) { table.add(["KV cache for each token of context", bytes]) }
    if let transformer = model.transformer {
      table.add(["layers", "\(transformer.layerCount)"])
      table.add(["longest context", "\(Numbers.text(Int64(transformer.maximumContextTokens))) tokens"])
    }
    let precision = model.nativePrecision
    table.add([
      "published formats",
      "weights \(precision.weights.rawValue), activations \(precision.activations.rawValue), "
        + "KV cache \(precision.keyValueCache.rawValue)",
    ])
    table.add(["Hugging Face", entry.huggingFaceIDs.joined(separator: ", ")])
    table.add(["shapes from", model.source])
    table.add(["published figures from", entry.published.source])
    for feature in model.unsupportedFeatures { table.add(["not modelled", feature]) }
    for note in model.notes { table.add(["note", note]) }
    return ([style.strong(model.name), style.aside(model.id)] + table.lines(style: style))
      .joined(separator: "\n") + "\n"
  }

  /// What efficiencies predictions rest on.
  public func calibrations() -> String {
    var table = TextTable([
      .init("prior efficiency", .leading), .init("of peak compute"), .init("of peak bandwidth"),
      .init("launch"),
    ])
    for operatorClass in OperatorClass.allCases {
      let types: [Models.ComputeType?] = operatorClass == .gemm ? Models.ComputeType.allCases : [nil]
      for type in types {
        let efficiency = catalogue.efficiencies.efficiency(operatorClass, type: type ?? .bf16)
        table.add([
          operatorClass.rawValue + (type.map { " " + $0.rawValue } ?? ""),
          Numbers.percent(efficiency.compute),
          Numbers.percent(efficiency.memory), Numbers.seconds(efficiency.launchSeconds),
        ])
      }
    }
    var frameworks = TextTable([
      .init("framework", .leading), .init("decode step"), .init("mixed step"), .init("layer"),
      .init("sequence"), .init("front end"),
    ])
    for framework in Framework.allCases {
      let overhead = catalogue.efficiencies.overhead(of: framework)
      frameworks.add(
        [framework.rawValue]
          + [
            overhead.stepSeconds, overhead.mixedStepSeconds, overhead.layerSeconds, overhead.sequenceSeconds,
            overhead.frontEndSeconds,
          ].map { Numbers.seconds($0) })
    }
    return
      (surfaces() + ["", "Where nothing was measured, predictions rest on these generic priors:", ""]
      + table.lines(style: style) + [""] + frameworks.lines(style: style)).joined(separator: "\n") + "\n"
  }

  /// The surfaces fitted to measured kernels.
  private func surfaces() -> [String] {
    var table = TextTable([
      .init("fitted to measured kernels", .leading), .init("format", .leading), .init("framework", .leading),
      .init("generation", .leading), .init("rows"), .init("median error"), .init("p90 error"),
    ])
    let calibration = catalogue.efficiencies.calibration
    for surface in calibration.surfaces {
      table.add([
        surface.operation, surface.format,
        CalibratedSurface.owner(surface.framework, before: surface.before) ?? "all",
        surface.architecture,
        Numbers.text(Int64(surface.rows)), Numbers.percent(surface.medianError),
        Numbers.percent(surface.p90Error),
      ])
    }
    return table.lines(style: style) + calibration.provenance.flatMap { RunReport.wrapped($0, indent: 2) }
  }

  /// KV-cache bytes that a token adds while every layer still keeps it; nil where a model keeps none.
  private func keyValueBytes(_ model: Model) -> String? {
    guard let elements = model.transformer?.keyValueElementsPerToken, elements.total > 0 else { return nil }
    return Bytes(si: Double(elements.total) * model.nativePrecision.keyValueCache.bytesPerElement).description
  }

  private func text(_ table: TextTable, hint: String) -> String {
    (table.lines(style: style) + [style.aside(hint)]).joined(separator: "\n") + "\n"
  }

  private func unknown(_ kind: String, _ name: String, among known: [String]) -> Problems {
    Problems(
      Problem(
        file: "catalogue of \(kind)s", found: "'\(name)'", message: "there is no such \(kind)",
        allowed: known.joined(separator: ", "),
        hint: Documents.nearestName(to: name, among: known).map { "did you mean '\($0)'?" }))
  }
}
