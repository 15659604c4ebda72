import Documents
import Foundation

/// A file that results are written to: checked before a run, written whole or not at all.
public struct OutputFile: Sendable, Equatable {
  /// The path as the user named it, links followed.
  public let path: String

  /// A file that can be written.
  ///
  /// Nothing is created or changed by the check. Throws where the path is a directory, lies in a folder that does not
  /// exist, or may not be written.
  public init(checking path: String) throws(Problems) {
    func stop(_ message: String) -> Problems { Problems(Problem(file: path, message: message)) }
    guard !path.isEmpty else { throw Problems(Problem(file: "output file", message: "its name is empty")) }
    let files = FileManager.default
    var isDirectory: ObjCBool = false
    if files.fileExists(atPath: path, isDirectory: &isDirectory) {
      guard !isDirectory.boolValue else { throw stop("is a directory, a file is needed") }
      guard files.isWritableFile(atPath: path) else { throw stop("may not be written") }
    } else {
      let folder = Self.folder(of: path)
      guard files.fileExists(atPath: folder, isDirectory: &isDirectory), isDirectory.boolValue else {
        throw stop("the folder '\(folder)' does not exist")
      }
      guard files.isWritableFile(atPath: folder) else {
        throw stop("the folder '\(folder)' may not be written")
      }
    }
    // A link stays: what it names is replaced.
    self.path = (path as NSString).resolvingSymlinksInPath
  }

  private static func folder(of path: String) -> String {
    let folder = URL(fileURLWithPath: path).deletingLastPathComponent().path
    return folder.isEmpty ? "." : folder
  }

  /// Writes a text in place of what the file held.
  public func write(_ text: String) throws(Problems) {
    try write { (append) throws(Problems) in try append(text) }
  }

  /// Writes a text in parts, in place of what the file held; `body` hands over one part after the other.
  ///
  /// A regular file is written under another name beside it and renamed, so that a reader never sees half of it; a
  /// device or pipe is written directly. Throws what `body` throws and what the file system says; nothing is left then.
  public func write(
    _ body: ((String) throws(Problems) -> Void) throws(Problems) -> Void
  ) throws(Problems) {
    let files = FileManager.default
    let type = (try? files.attributesOfItem(atPath: path))?[.type] as? FileAttributeType
    let isPlain = type == nil || type == .typeRegular
    let target = isPlain ? path + ".\(ProcessInfo.processInfo.processIdentifier).part" : path
    if isPlain, !files.createFile(atPath: target, contents: nil) { throw failure("cannot be written") }
    guard let handle = FileHandle(forWritingAtPath: target) else { throw failure("cannot be written") }
    do {
      try body { (part) throws(Problems) in
        do {
          try handle.write(contentsOf: Data(part.utf8))
        } catch {
          throw failure("cannot be written: \(error.localizedDescription)")
        }
      }
    } catch {
      try? handle.close()
      if isPlain { try? files.removeItem(atPath: target) }
      throw error
    }
    guard (try? handle.close()) != nil, !isPlain || rename(target, path) == 0 else {
      if isPlain { try? files.removeItem(atPath: target) }
      throw failure("cannot be written")
    }
  }

  private func failure(_ message: String) -> Problems { Problems(Problem(file: path, message: message)) }
}
