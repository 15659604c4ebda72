import Foundation

/// The JSON of one catalogue file.
struct CatalogueFile: Decodable {
  let id: String
  let name: String
  let huggingFaceIDs: [String]
  let source: String
  let published: ModelCatalogue.PublishedFigures
  let nativePrecision: NativePrecision
  let config: JSONValue?
  let diffusion: DiffusionFacts?
  let notes: [String]?
  let unsupportedFeatures: [String]?

  private enum CodingKeys: String, CodingKey {
    case id, name, source, published, config, diffusion, notes
    case huggingFaceIDs = "huggingface_ids"
    case nativePrecision = "native_precision"
    case unsupportedFeatures = "unsupported_features"
  }

  /// The precision that the makers publish the weights in.
  struct NativePrecision: Decodable {
    let weights: DataType
    let activations: DataType?
    let keyValueCache: DataType?
    let attention: DataType?
    let experts: DataType?
    let languageModelHead: DataType?

    private enum CodingKeys: String, CodingKey {
      case weights, activations, attention, experts
      case keyValueCache = "kv_cache"
      case languageModelHead = "lm_head"
    }

    var precision: Precision {
      Precision(
        weights: weights, activations: activations ?? .bf16, keyValueCache: keyValueCache ?? .bf16,
        languageModelHead: languageModelHead ?? .bf16, attention: attention, experts: experts)
    }
  }

  /// The facts of an image model, each with its source in the file's notes.
  struct DiffusionFacts: Decodable {
    let denoiserParameters: Int
    let textEncoderParameters: Int
    let decoderParameters: Int
    let denoisingSteps: Int
    let passesPerStep: Int
    let denoiserFLOPPerPass: Double
    let decoderFLOP: Double
    let textEncoderFLOP: Double
    let imagePixels: Int

    private enum CodingKeys: String, CodingKey {
      case denoiserParameters = "denoiser_parameters"
      case textEncoderParameters = "text_encoder_parameters"
      case decoderParameters = "decoder_parameters"
      case denoisingSteps = "denoising_steps"
      case passesPerStep = "passes_per_step"
      case denoiserFLOPPerPass = "denoiser_flop_per_pass"
      case decoderFLOP = "decoder_flop"
      case textEncoderFLOP = "text_encoder_flop"
      case imagePixels = "image_pixels"
    }

    var diffusion: Diffusion {
      Diffusion(
        denoiserParameters: denoiserParameters, textEncoderParameters: textEncoderParameters,
        decoderParameters: decoderParameters, denoisingSteps: denoisingSteps,
        passesPerStep: passesPerStep, denoiserFloatingPointOperationsPerPass: denoiserFLOPPerPass,
        decoderFloatingPointOperations: decoderFLOP,
        textEncoderFloatingPointOperations: textEncoderFLOP, imagePixels: imagePixels)
    }
  }

  /// Reads one file into an entry.
  static func entry(at url: URL) throws(ModelError) -> ModelCatalogue.Entry {
    let name = url.lastPathComponent
    let file: CatalogueFile
    do {
      file = try JSONDecoder().decode(CatalogueFile.self, from: Data(contentsOf: url))
    } catch {
      throw .damagedCatalogue(file: name, reason: "\(error)")
    }
    guard url.deletingPathExtension().lastPathComponent == file.id else {
      throw .damagedCatalogue(file: name, reason: "its id is '\(file.id)'")
    }
    var model = try file.model(fileName: name)
    model.nativePrecision = file.nativePrecision.precision
    model.notes += file.notes ?? []
    model.unsupportedFeatures = (model.unsupportedFeatures + (file.unsupportedFeatures ?? [])).sorted()
    return ModelCatalogue.Entry(
      model: model, huggingFaceIDs: file.huggingFaceIDs, published: file.published)
  }

  private func model(fileName: String) throws(ModelError) -> Model {
    switch (config, diffusion) {
    case (.object(let members)?, nil):
      return try HuggingFaceConfig(members: members, file: fileName)
        .model(id: id, name: name, source: source)
    case (nil, let facts?):
      return Model(id: id, name: name, source: source, kind: .diffusion(facts.diffusion))
    default:
      throw .damagedCatalogue(
        file: fileName, reason: "needs either 'config' (an object) or 'diffusion'")
    }
  }
}
