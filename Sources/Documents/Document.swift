import Foundation
import Yams

/// A configuration document, YAML or JSON, as a tree of values that know their places.
public struct Document: Sendable {
  /// The file as the user named it.
  public let file: String
  /// The value of the whole document.
  public var root: Node

  /// The largest document that is read, in bytes: 50 MB.
  public static let maximumBytes = 50_000_000

  /// Makes a document from a tree.
  public init(file: String, root: Node) {
    self.file = file
    self.root = root
  }

  /// Reads a file.
  ///
  /// Throws the one problem that stops reading (missing, a directory, not UTF-8, empty, too large, not YAML) or
  /// every duplicate key.
  public static func read(path: String) throws(Problems) -> Document {
    func stop(_ message: String, hint: String? = nil) -> Problems {
      Problems(Problem(file: path, message: message, hint: hint))
    }
    var isDirectory: ObjCBool = false
    guard FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory) else {
      throw stop("no such file", hint: nearestFile(to: path).map { "did you mean '\($0)'?" })
    }
    guard !isDirectory.boolValue else { throw stop("is a directory, a file is needed") }
    let attributes = try? FileManager.default.attributesOfItem(atPath: path)
    if let size = attributes?[.size] as? Int, size > maximumBytes { throw stop(tooLarge(bytes: size)) }
    guard let data = FileManager.default.contents(atPath: path) else { throw stop("cannot be read") }
    guard let text = String(data: data, encoding: .utf8) else { throw stop("is not UTF-8 text") }
    return try parse(text: text, file: path)
  }

  /// Reads a text; `file` is the name that problems print.
  public static func parse(text: String, file: String) throws(Problems) -> Document {
    let bytes = text.utf8.count
    guard bytes <= maximumBytes else { throw Problems(Problem(file: file, message: tooLarge(bytes: bytes))) }
    let collector = ProblemCollector()
    var converter = Converter(file: file, problems: collector, nodesLeft: max(10_000, bytes))
    let root: Node
    do {
      guard let node = try Yams.compose(yaml: text) else {
        throw Problems(Problem(file: file, message: "is empty, a YAML document is needed"))
      }
      root = try converter.convert(node, path: "")
    } catch let problems as Problems {
      throw problems
    } catch {
      throw Problems(syntaxProblem(error, text: text, file: file))
    }
    try collector.throwIfAny()
    guard !root.isNull else {
      throw Problems(Problem(file: file, message: "is empty, a YAML document is needed"))
    }
    return Document(file: file, root: root)
  }

  private static func tooLarge(bytes: Int) -> String {
    let megabytes = (Double(bytes) / 1e6).rounded(.up)
    return "is too large to be a configuration: \(Int(megabytes)) MB, at most \(maximumBytes / 1_000_000) MB"
  }

  private static func nearestFile(to path: String) -> String? {
    let url = URL(fileURLWithPath: path)
    let folder = url.deletingLastPathComponent().path
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    guard let name = nearestName(to: url.lastPathComponent, among: names.sorted()) else { return nil }
    return String(path.dropLast(url.lastPathComponent.count)) + name
  }
}
