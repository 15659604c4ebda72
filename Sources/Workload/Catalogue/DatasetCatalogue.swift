import Foundation

/// The length data sets that ship with the library.
public struct DatasetCatalogue: Sendable {
  /// The data sets, in order of id.
  public let datasets: [LengthDataset]

  /// The data set of an id, or of one of its aliases; nil when there is none.
  public subscript(name: String) -> LengthDataset? {
    datasets.first { $0.id == name } ?? datasets.first { $0.aliases.contains(name) }
  }

  /// All ids and aliases, sorted, for a message that names what is allowed.
  public var names: [String] {
    datasets.flatMap { [$0.id] + $0.aliases }.sorted()
  }

  /// Reads the data sets of the library.
  public static func load() throws(DatasetError) -> DatasetCatalogue {
    guard let folder = Bundle.module.url(forResource: "Datasets", withExtension: nil) else {
      throw DatasetError(file: "Datasets", line: 0, reason: "the library's data sets are missing")
    }
    return try load(folder: folder)
  }

  /// Reads the data sets of a folder: files `ID.inputs.csv` with or without `ID.outputs.csv`, or `ID.pairs.csv`.
  public static func load(folder: URL) throws(DatasetError) -> DatasetCatalogue {
    let names: [String]
    do {
      names = try FileManager.default.contentsOfDirectory(atPath: folder.path).filter { $0.hasSuffix(".csv") }
    } catch {
      throw DatasetError(file: folder.path, line: 0, reason: "can't be listed: \(error.localizedDescription)")
    }
    var datasets: [LengthDataset] = []
    for name in names.sorted() {
      if name.hasSuffix(".pairs.csv") {
        let file = try read(name, in: folder)
        datasets.append(try dataset([file], tables: .paired(try file.pairs())))
      } else if name.hasSuffix(".inputs.csv") {
        let inputs = try read(name, in: folder)
        let outputsName = String(name.dropLast(".inputs.csv".count)) + ".outputs.csv"
        let outputs = names.contains(outputsName) ? try read(outputsName, in: folder) : nil
        let tables = LengthDataset.Tables.independent(
          input: try inputs.lengths(), output: try outputs?.lengths())
        datasets.append(try dataset([inputs] + (outputs.map { [$0] } ?? []), tables: tables))
      }
    }
    return DatasetCatalogue(datasets: datasets.sorted { $0.id < $1.id })
  }

  private static func read(_ name: String, in folder: URL) throws(DatasetError) -> DatasetFile {
    let text: String
    do {
      text = try String(contentsOf: folder.appendingPathComponent(name), encoding: .utf8)
    } catch {
      throw DatasetError(file: name, line: 0, reason: "can't be read: \(error.localizedDescription)")
    }
    return try DatasetFile(name: name, text: text)
  }

  /// A data set of its files; the first one's header speaks for all.
  private static func dataset(
    _ files: [DatasetFile], tables: LengthDataset.Tables
  ) throws(DatasetError) -> LengthDataset {
    let first = files[0]
    let aliases = try first.value("aliases")
    var derivations: [String] = []
    for file in files { derivations.append(try file.value("derived")) }
    return LengthDataset(
      id: try first.value("id"),
      aliases: aliases == "none" ? [] : aliases.split(separator: " ").map(String.init),
      title: try first.value("title"), source: try first.value("source"), licence: try first.value("licence"),
      derivations: derivations, tables: tables)
  }
}
