import Documents
import Foundation
import Studies

/// Tells builds of the program apart, with the catalogues that lie beside it.
enum ProgramBuild {
  /// The program as sweeps know it.
  ///
  /// - Throws: a problem of the program's own file, which can't be read.
  static func program() throws(Problems) -> SweepIdentity.Program {
    guard let executable = Bundle.main.executableURL?.resolvingSymlinksInPath() else {
      throw Problems(Problem(file: "tokenmill", message: "does not know where it lies"))
    }
    var fingerprint = Fingerprint()
    for file in [executable] + catalogues(beside: executable) {
      guard let data = try? Data(contentsOf: file, options: .alwaysMapped) else {
        throw Problems(Problem(file: file.path, message: "cannot be read"))
      }
      fingerprint.add(file.lastPathComponent)
      data.withUnsafeBytes { fingerprint.add($0) }
    }
    return SweepIdentity.Program(version: tokenmillVersion, build: fingerprint.text)
  }

  /// The files of the resource folders, in an order that does not depend on the file system.
  private static func catalogues(beside executable: URL) -> [URL] {
    let files = FileManager.default
    let folder = executable.deletingLastPathComponent()
    let names = ((try? files.contentsOfDirectory(atPath: folder.path)) ?? []).sorted()
    return names.filter {
      $0.hasPrefix("tokenmill_") && ($0.hasSuffix(".resources") || $0.hasSuffix(".bundle"))
    }
    .flatMap { name -> [URL] in
      let root = folder.appendingPathComponent(name)
      let paths = files.enumerator(atPath: root.path)?.compactMap { $0 as? String } ?? []
      return paths.sorted().map { root.appendingPathComponent($0) }.filter { url in
        var isDirectory: ObjCBool = false
        return files.fileExists(atPath: url.path, isDirectory: &isDirectory) && !isDirectory.boolValue
      }
    }
  }
}
