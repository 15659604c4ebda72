import Foundation

/// The models that ship with the library, each with its source and its published figures.
public struct ModelCatalogue: Sendable {
  /// One model of the catalogue.
  public struct Entry: Sendable, Equatable {
    /// The model itself.
    public var model: Model
    /// Hugging Face ids that stand for it; the first is the one its configuration comes from.
    public var huggingFaceIDs: [String]
    /// What its makers say about its size.
    public var published: PublishedFigures

    /// The model's id.
    public var id: String { model.id }
  }

  /// What the makers of a model say about its size.
  public struct PublishedFigures: Sendable, Equatable, Decodable {
    /// All parameters.
    public var parameters: Double
    /// Parameters that one token uses; nil for dense models or where nobody says.
    public var activeParameters: Double?
    /// What the makers leave out of `activeParameters`; makers differ, so each entry says.
    public var activeLeavesOut: [Table]
    /// Whether `parameters` counts the multi-token-prediction layers, which the model's own count leaves out.
    public var countsPredictionLayers: Bool
    /// Bytes of the published checkpoint's weight files, prediction layers included; nil where not looked up.
    public var checkpointBytes: Double?
    /// Where the figures are from.
    public var source: String

    /// Tables at both ends of a model that some makers don't count as active.
    public enum Table: String, Sendable, Decodable {
      /// The token table.
      case embedding
      /// The language-model head.
      case head
    }

    private enum CodingKeys: String, CodingKey {
      case parameters, source
      case activeParameters = "active_parameters"
      case activeLeavesOut = "active_leaves_out"
      case countsPredictionLayers = "counts_prediction_layers"
      case checkpointBytes = "checkpoint_bytes"
    }

    /// Decodes the figures; all but `parameters` and `source` may be absent.
    public init(from decoder: any Decoder) throws {
      let values = try decoder.container(keyedBy: CodingKeys.self)
      parameters = try values.decode(Double.self, forKey: .parameters)
      activeParameters = try values.decodeIfPresent(Double.self, forKey: .activeParameters)
      activeLeavesOut = try values.decodeIfPresent([Table].self, forKey: .activeLeavesOut) ?? []
      countsPredictionLayers =
        try values.decodeIfPresent(Bool.self, forKey: .countsPredictionLayers) ?? false
      checkpointBytes = try values.decodeIfPresent(Double.self, forKey: .checkpointBytes)
      source = try values.decode(String.self, forKey: .source)
    }
  }

  /// All entries, by id.
  public let entries: [Entry]

  /// Loads the catalogue that ships with the library.
  ///
  /// - Throws: ``ModelError`` that names the file when one is damaged.
  public static func load() throws(ModelError) -> ModelCatalogue {
    guard let folder = Bundle.module.url(forResource: "Catalogue", withExtension: nil) else {
      throw .damagedCatalogue(file: "Catalogue", reason: "the resource folder is missing")
    }
    return try load(folder: folder)
  }

  /// Loads every `.json` file of a folder as an entry.
  ///
  /// - Parameter folder: the folder.
  /// - Returns: the catalogue, sorted by id.
  /// - Throws: ``ModelError`` that names the file when one is damaged or an id appears twice.
  public static func load(folder: URL) throws(ModelError) -> ModelCatalogue {
    let files: [URL]
    do {
      files = try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
    } catch {
      throw .unreadableFile(file: folder.path, reason: error.localizedDescription)
    }
    var entries: [Entry] = []
    for file in files.filter({ $0.pathExtension == "json" }) {
      let entry = try CatalogueFile.entry(at: file)
      guard !entries.contains(where: { $0.id == entry.id }) else {
        throw .damagedCatalogue(file: file.lastPathComponent, reason: "id '\(entry.id)' appears twice")
      }
      entries.append(entry)
    }
    return ModelCatalogue(entries: entries.sorted { $0.id < $1.id })
  }

  /// The model of an id or a Hugging Face id, letters' case aside.
  ///
  /// - Parameter name: `llama-3.1-8b`, or `meta-llama/Llama-3.1-8B-Instruct`.
  /// - Returns: the model.
  /// - Throws: ``ModelError/unknownModel(name:nearest:known:)`` with the nearest name.
  public func model(_ name: String) throws(ModelError) -> Model { try entry(name).model }

  /// The entry of an id or a Hugging Face id, letters' case aside.
  ///
  /// - Parameter name: as in ``model(_:)``.
  /// - Returns: the model with its published figures.
  /// - Throws: ``ModelError/unknownModel(name:nearest:known:)`` with the nearest name.
  public func entry(_ name: String) throws(ModelError) -> Entry {
    let wanted = name.lowercased()
    if let found = entries.first(where: { $0.id.lowercased() == wanted }) { return found }
    let byHub = entries.first { entry in entry.huggingFaceIDs.contains { $0.lowercased() == wanted } }
    if let byHub { return byHub }
    let ids = entries.map(\.id)
    let candidates = name.contains("/") ? entries.flatMap(\.huggingFaceIDs) : ids
    throw .unknownModel(name: name, nearest: nearestName(to: name, among: candidates), known: ids)
  }
}
