/// What is wrong with a model or its configuration, in words that a person can act on.
public enum ModelError: Error, Sendable, Equatable, CustomStringConvertible {
  /// The file can't be read.
  case unreadableFile(file: String, reason: String)
  /// The file holds nothing.
  case emptyFile(file: String)
  /// The file isn't a JSON object.
  case notJSON(file: String, reason: String)
  /// A key that the architecture needs isn't there.
  case missingKey(file: String, key: String, modelType: String)
  /// A key holds a value that can't be right.
  case invalidValue(file: String, key: String, found: String, allowed: String)
  /// The architecture isn't one that this library reads.
  case unknownModelType(file: String, found: String, nearest: String?, known: [String])
  /// No model of the catalogue has this name.
  case unknownModel(name: String, nearest: String?, known: [String])
  /// A catalogue file is damaged.
  case damagedCatalogue(file: String, reason: String)

  /// The message, one sentence per thing to know.
  public var description: String {
    switch self {
    case .unreadableFile(let file, let reason):
      "\(file): can't be read: \(reason)"
    case .emptyFile(let file):
      "\(file): is empty; expected the config.json of a Hugging Face model"
    case .notJSON(let file, let reason):
      "\(file): is not a JSON object: \(reason); expected the config.json of a Hugging Face model"
    case .missingKey(let file, let key, let modelType):
      "\(file): key '\(key)' is missing; a model of type '\(modelType)' needs it"
    case .invalidValue(let file, let key, let found, let allowed):
      "\(file): key '\(key)': found \(found); allowed: \(allowed)"
    case .unknownModelType(let file, let found, let nearest, let known):
      "\(file): unknown model_type '\(found)'\(Self.suggestion(nearest)); known: "
        + known.joined(separator: ", ")
    case .unknownModel(let name, let nearest, let known):
      "unknown model '\(name)'\(Self.suggestion(nearest)); known: " + known.joined(separator: ", ")
        + "; or give the path of a Hugging Face config.json"
    case .damagedCatalogue(let file, let reason):
      "model catalogue: \(file): \(reason)"
    }
  }

  private static func suggestion(_ nearest: String?) -> String {
    nearest.map { ", did you mean '\($0)'?" } ?? ""
  }
}
