import Documents
import Foundation
import Hardware
import Models

/// Reads `model:` and `precision:` of a deployment.
struct ModelReader {
  let models: ModelCatalogue
  let paths: PathBase
  let problems: ProblemCollector

  /// The model of a catalogue id, a Hugging Face id or the path of a `config.json`.
  func model(_ field: Field) -> Model? {
    guard let text = field.string() else { return nil }
    let isPath = text.hasSuffix(".json") || text.hasPrefix(".") || text.hasPrefix("/")
    do {
      if isPath, let path = paths.path(field) {
        var isFolder: ObjCBool = false
        let exists = FileManager.default.fileExists(atPath: path, isDirectory: &isFolder)
        guard exists else {
          field.reject("no such file", hint: "give the path of a Hugging Face config.json")
          return nil
        }
        let file = isFolder.boolValue ? (path as NSString).appendingPathComponent("config.json") : path
        return try Model(huggingFaceConfigAt: file)
      }
      return try models.model(text)
    } catch {
      switch error {
      case .unknownModel(_, let nearest, let known):
        field.reject(
          "not a known model",
          allowed: known.joined(separator: ", ") + ", or the path of a Hugging Face config.json",
          hint: nearest.map { "did you mean '\($0)'?" })
      default:
        field.reject(error.description)
      }
      return nil
    }
  }

  /// The precision: what is stated, and for the rest what the model is published in.
  func precision(_ field: Field, model: Model?, system: SystemSpecification?) -> Precision? {
    let native = model?.nativePrecision ?? .bf16
    guard var reader = field.mapping() else { return field.isPresent ? nil : native }
    let weights = reader.optional("weights").choice(DataType.self)
    let activations = reader.optional("activations").choice(DataType.self)
    let cache = reader.optional("kv_cache").choice(DataType.self)
    let attention = reader.optional("attention").choice(DataType.self)
    let experts = reader.optional("experts").choice(DataType.self)
    let head = reader.optional("language_model_head").choice(DataType.self)
    let embedding = reader.optional("embedding").choice(DataType.self)
    reader.finish()
    var precision = native
    if let weights, weights != native.weights {
      precision.weights = weights
      // What the makers kept apart belongs to their own quantisation, not to another one.
      precision.attention = nil
      precision.experts = nil
      precision.activations = matchingActivations(weights, native: native, system: system)
    }
    if let activations { precision.activations = activations }
    if let cache { precision.keyValueCache = cache }
    if let attention { precision.attention = attention }
    if let experts { precision.experts = experts }
    if let head { precision.languageModelHead = head }
    if let embedding { precision.embedding = embedding }
    return precision
  }

  /// The activations that go with weights of a format: the same where the accelerator multiplies it, else 16 bits.
  private func matchingActivations(
    _ weights: DataType, native: Precision, system: SystemSpecification?
  ) -> DataType {
    let wide = native.languageModelHead
    switch weights {
    case .fp64, .fp32, .tf32, .bf16, .fp16: return weights
    case .int4, .int4Group32: return wide
    case .fp8, .fp8Block: return hasRate(.fp8, system) ? .fp8 : wide
    case .mxfp8: return hasRate(.fp8, system) ? .mxfp8 : wide
    case .fp6, .mxfp6: return hasRate(.fp6, system) ? weights : wide
    case .int8: return hasRate(.int8, system) ? .int8 : wide
    case .nvfp4, .mxfp4: return hasRate(.fp4, system) ? weights : wide
    }
  }

  private func hasRate(_ type: Hardware.ComputeType, _ system: SystemSpecification?) -> Bool {
    system?.accelerator.peakRates[type] != nil
  }

  /// A precision for the echo, every part of it.
  static func echo(_ precision: Precision) -> JSONValue {
    .object([
      ("weights", .string(precision.weights.rawValue)),
      ("activations", .string(precision.activations.rawValue)),
      ("kv_cache", .string(precision.keyValueCache.rawValue)),
      ("attention", .string((precision.attention ?? precision.weights).rawValue)),
      ("experts", .string((precision.experts ?? precision.weights).rawValue)),
      ("language_model_head", .string(precision.languageModelHead.rawValue)),
      ("embedding", .string(precision.embedding.rawValue)),
    ])
  }
}
