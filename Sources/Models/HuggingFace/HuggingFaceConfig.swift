import Foundation

/// A Hugging Face `config.json`, parsed and ready to be turned into a ``Model``.
///
/// What a key costs decides what happens to it: it is read, or it is on the list of keys that cost nothing,
/// or it is reported by name in ``Model/unsupportedFeatures``.
public struct HuggingFaceConfig: Sendable, Equatable {
  /// The file's name in messages.
  public let file: String
  /// The `model_type` of the language model.
  public let modelType: String
  let outer: [String: JSONValue]
  let inner: [String: JSONValue]?

  /// Parses a configuration.
  ///
  /// - Parameters:
  ///   - data: the file's bytes.
  ///   - file: its name, for messages.
  /// - Throws: ``ModelError`` when it is empty, no JSON object, or of an architecture that isn't read.
  public init(_ data: Data, file: String) throws(ModelError) {
    try self.init(members: try JSONValue.object(from: data, file: file), file: file)
  }

  init(members: [String: JSONValue], file: String) throws(ModelError) {
    self.file = file
    self.outer = members
    let outerType = try Self.modelType(members, file: file, prefix: "")
    let innerKey = ["text_config", "language_config", "llm_config"].first { members[$0] != nil }
    if let innerKey, case .object(let text)? = members[innerKey] {
      self.inner = text
      let named = text["model_type"] != nil || text["architectures"] != nil
      self.modelType =
        named ? try Self.modelType(text, file: file, prefix: "\(innerKey).") : outerType
    } else {
      self.inner = nil
      self.modelType = outerType
    }
  }

  private static func modelType(
    _ members: [String: JSONValue], file: String, prefix: String
  ) throws(ModelError) -> String {
    var named: String?
    switch members["model_type"] {
    case .string(let type)?: named = type
    case nil, .null?: break
    case .some(let other):
      throw .invalidValue(
        file: file, key: prefix + "model_type", found: other.summary, allowed: "a string")
    }
    if let named, Architecture(modelType: named) != nil { return named }
    // Remote code may carry a model_type of its own beside a class that is known.
    if case .array(let names)? = members["architectures"], case .string(let name)? = names.first,
      let type = Architecture.modelType(ofClass: name)
    {
      return type
    }
    guard let named else { throw .missingKey(file: file, key: prefix + "model_type", modelType: "any") }
    return named
  }

  /// The model that the configuration describes.
  ///
  /// - Parameters:
  ///   - id: the model's id.
  ///   - name: its name for people; nil = the id.
  ///   - source: where the configuration comes from.
  /// - Returns: the model, with what isn't modelled listed by name.
  /// - Throws: ``ModelError`` that names the file and the key.
  public func model(id: String, name: String? = nil, source: String) throws(ModelError) -> Model {
    guard let architecture = Architecture(modelType: modelType) else {
      throw .unknownModelType(
        file: file, found: modelType, nearest: nearestName(to: modelType, among: Architecture.knownTypes),
        known: Architecture.knownTypes)
    }
    var members = inner ?? outer
    if inner != nil {
      // A wrapper may state for the whole model what the language model's part leaves out.
      for key in ["tie_word_embeddings", "quantization_config"] where members[key] == nil {
        members[key] = outer[key]
      }
    }
    var reader = ConfigReader(
      file: file, prefix: inner == nil ? "" : "text_config.", modelType: modelType, values: members)
    let precision = try reader.nativePrecision()
    let transformer = try architecture.read(&reader)
    return Model(
      id: id, name: name ?? id, source: source, kind: .transformer(transformer),
      unsupportedFeatures: (reader.unsupportedFeatures + reader.unrecognisedFeatures()).sorted(),
      notes: reader.notes + towerNotes, nativePrecision: precision)
  }

  private var towerNotes: [String] {
    [("vision_config", "vision"), ("audio_config", "audio"), ("sound_config", "sound")].compactMap {
      key, word in
      outer[key].map { $0 != .null } == true
        ? "the \(word) tower is left out: language model only" : nil
    }
  }
}

extension Model {
  /// Reads the bytes of a Hugging Face `config.json`.
  ///
  /// - Parameters:
  ///   - data: the file's bytes.
  ///   - id: the model's id, used as its name too.
  ///   - source: file name or address, for messages and results.
  /// - Throws: ``ModelError`` with the file, the key, what was found and what is allowed.
  public init(huggingFaceConfig data: Data, id: String, source: String) throws(ModelError) {
    self = try HuggingFaceConfig(data, file: source).model(id: id, source: source)
  }

  /// Reads a Hugging Face `config.json` from disk; the id is the name of the folder that holds it.
  ///
  /// - Parameter path: path of the file.
  /// - Throws: ``ModelError``, also when the file can't be read.
  public init(huggingFaceConfigAt path: String) throws(ModelError) {
    let url = URL(fileURLWithPath: path)
    let data: Data
    do {
      data = try Data(contentsOf: url)
    } catch {
      throw .unreadableFile(file: path, reason: error.localizedDescription)
    }
    let folder = url.standardizedFileURL.deletingLastPathComponent().lastPathComponent
    let file = url.deletingPathExtension().lastPathComponent
    try self.init(
      huggingFaceConfig: data, id: file == "config" && !folder.isEmpty ? folder : file, source: path)
  }
}
