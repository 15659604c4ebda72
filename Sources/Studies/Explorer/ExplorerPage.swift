import Documents
import Foundation
import Pictures

/// The files of the page on which a person turns knobs.
public struct ExplorerPage: Sendable {
  /// A file as a browser gets it.
  public struct File: Sendable {
    /// Its media type.
    public var type: String
    /// What it holds, in UTF-8.
    public var bytes: [UInt8]
  }

  private let files: [(path: String, file: File)]

  /// Reads the page that comes with tokenmill.
  ///
  /// - Throws: what of it is missing.
  public init() throws(Problems) {
    let folder = Bundle.module.bundleURL.appendingPathComponent("Page")
    func read(_ name: String) throws(Problems) -> [UInt8] {
      guard let data = FileManager.default.contents(atPath: folder.appendingPathComponent(name).path) else {
        throw Problems(Problem(file: name, message: "missing from this installation"))
      }
      return [UInt8](data)
    }
    files = [
      ("/", File(type: "text/html", bytes: try read("index.html"))),
      ("/explorer.js", File(type: "text/javascript", bytes: try read("explorer.js"))),
      // Pictures and tables look as they do in reports.
      ("/explorer.css", File(type: "text/css", bytes: Array(Page.style.utf8) + (try read("explorer.css")))),
    ]
  }

  /// The file at a path of the server.
  ///
  /// - Parameter path: the path: `/explorer.js`.
  /// - Returns: the file; nil where there is none.
  public func file(_ path: String) -> File? { files.first { $0.path == path }?.file }
}
