import Documents
import Hardware

/// A made-up system with every figure that a scenario must state, and nothing else.
let completeEntry = """
  tiny:
    architecture: imaginary
    accelerator:
      memory: 100 GB
      memory_bandwidth: 1 TB/s
      flops: { bf16: 100 TFLOP/s }
      tdp: 500 W
      idle_power: 50 W
    scale_up: { bandwidth: 100 GB/s, world_size: 8, topology: switched }
    scale_out: { bandwidth: 50 GB/s }
    node: { accelerators: 8, idle_power: 1 kW, peak_power: 2 kW }
    rack: { accelerators: 32, power: 40 kW }
  """

/// The same system as a catalogue file must write it.
func catalogueText(id: String = "tiny") -> String {
  func figure(_ value: String) -> String { "{ value: \(value), source: made up, confidence: assumed }" }
  return """
    id: \(id)
    name: Tiny
    vendor: nobody
    architecture: hopper
    status: shipping
    accelerator:
      memory: \(figure("100 GB"))
      memory_bandwidth: \(figure("1 TB/s"))
      flops:
        bf16: \(figure("100 TFLOP/s"))
        fp8: \(figure("200 TFLOP/s"))
      tdp: \(figure("500 W"))
      idle_power: { value: 50 W, source: a meter, confidence: press, note: warm }
    scale_up:
      bandwidth: \(figure("100 GB/s"))
      world_size: \(figure("8"))
      topology: \(figure("full-mesh"))
    scale_out:
      bandwidth: \(figure("400 Gbit/s"))
    node:
      accelerators: \(figure("8"))
      idle_power: \(figure("1 kW"))
      peak_power: \(figure("2 kW"))
    rack:
      accelerators: \(figure("32"))
      power: \(figure("40 kW"))
      cooling: \(figure("air"))
    cost:
      dollars_per_accelerator_hour: \(figure("1.5"))
    """
}

func tinyCatalogue() throws(Problems) -> SystemCatalogue {
  try SystemCatalogue(documents: [Document.parse(text: catalogueText(), file: "tiny.yaml")])
}

/// The catalogue of `tinyCatalogue` with a `hardware:` mapping added.
func catalogue(adding text: String) throws(Problems) -> SystemCatalogue {
  let document = try Document.parse(text: "hardware:\n" + text.indented, file: "s.yaml")
  return try tinyCatalogue().adding(definitions: document.root["hardware"] ?? document.root)
}

/// The whole text of the problems that a `hardware:` mapping has; empty where none.
func problems(adding text: String) -> String {
  do {
    _ = try catalogue(adding: text)
    return ""
  } catch {
    return error.description
  }
}

extension String {
  /// Every line moved two spaces to the right.
  fileprivate var indented: String {
    split(separator: "\n", omittingEmptySubsequences: false).map { "  " + $0 }.joined(separator: "\n") + "\n"
  }
}
