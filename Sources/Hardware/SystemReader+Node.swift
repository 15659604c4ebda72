import Documents
import Quantities

/// Reads the node of a system.
extension SystemReader {
  mutating func readNode(_ mapping: MappingReader) -> NodeSpecification? {
    var section = mapping
    let accelerators = leaf("node", "accelerators", &section, required: true).int(in: 1...1_000_000)
    let cpus = leaf("node", "cpus", &section).int(in: 0...1_000_000)
    let cpu = leaf("node", "cpu", &section).string()
    let nics = leaf("node", "nics", &section).int(in: 0...1_000_000)
    let idle = leaf("node", "idle_power", &section, required: true).quantity(Watts.self, above: .zero)
    let peakField = leaf("node", "peak_power", &section, required: true)
    let peak = peakField.quantity(Watts.self, above: .zero)
    let parts = section.optional("parts").mapping().map { readParts($0) } ?? []
    let supply = section.optional("supply").mapping().flatMap { readSupply($0) }
    section.finish()
    guard let accelerators, let idle, let peak else { return nil }
    guard idle <= peak else {
      peakField.reject("the peak power must be at least the idle power, \(idle)")
      return nil
    }
    var node = NodeSpecification(
      accelerators: accelerators, cpus: cpus, cpu: cpu, nics: nics, idlePower: idle, peakPower: peak)
    node.parts = parts
    node.supply = supply
    return node
  }

  /// `{ cpus: { idle: 200 W, peak: 500 W, source: … }, … }`.
  private mutating func readParts(_ mapping: MappingReader) -> [NodePart] {
    var section = mapping
    var parts: [NodePart] = []
    for kind in NodePart.Kind.allCases {
      guard var reader = section.optional(kind.rawValue).mapping() else { continue }
      let idle = reader.required("idle").quantity(Watts.self, in: .zero...Watts(si: 1e9))
      let peakField = reader.required("peak")
      let peak = peakField.quantity(Watts.self, in: .zero...Watts(si: 1e9))
      let value = idle.flatMap { idle in peak.map { "\(idle) to \($0)" } }
      finish(&reader, path: "node.parts.\(kind.rawValue)", value: value)
      guard let idle, let peak else { continue }
      guard idle <= peak else {
        peakField.reject("the peak power must be at least the idle power, \(idle)")
        continue
      }
      parts.append(NodePart(kind: kind, idlePower: idle, peakPower: peak))
    }
    section.finish()
    return parts
  }

  /// `{ rating: 19.8 kW, curve: titanium, source: … }`.
  private mutating func readSupply(_ mapping: MappingReader) -> PowerSupply? {
    var reader = mapping
    let rating = reader.required("rating").quantity(Watts.self, above: .zero)
    let curve = reader.required("curve").choice(PowerSupply.Curve.self)
    let value = rating.flatMap { rating in curve.map { "\(rating), \($0.rawValue)" } }
    finish(&reader, path: "node.supply", value: value)
    guard let rating, let curve else { return nil }
    return PowerSupply(rating: rating, curve: curve)
  }

  /// Reads the source of figures that stand together and records them as one.
  private mutating func finish(_ reader: inout MappingReader, path: String, value: String?) {
    let source = (needsSources ? reader.required("source") : reader.optional("source")).string()
    let confidence = (needsSources ? reader.required("confidence") : reader.optional("confidence"))
      .choice(Confidence.self)
    let note = reader.optional("note").string()
    reader.finish()
    guard let value else { return }
    figures.append(
      Figure(
        path: path, value: value, source: source ?? reader.node.place, confidence: confidence ?? .scenario,
        note: note))
  }
}
