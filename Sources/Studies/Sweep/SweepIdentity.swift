import Documents
import Foundation
import Scenario

/// What decides the results of a sweep: equal identities give equal bytes.
public struct SweepIdentity: Sendable, Equatable {
  /// The program that runs it.
  public struct Program: Sendable {
    /// Its version.
    public var version: String
    /// A fingerprint of the program and of the catalogues that come with it.
    public var build: String

    /// A program of its version and fingerprint.
    public init(version: String, build: String) {
      self.version = version
      self.build = build
    }
  }

  /// One line of JSON: the program, fingerprints of each section of the scenario and of the files that it names, and
  /// the options that change results.
  public let text: String

  /// The identity of a scenario's sweep.
  ///
  /// - Parameters:
  ///   - file: the scenario with all overrides; neither its place nor its comments count.
  ///   - options: the command line's; threads do not count.
  ///   - program: what runs it.
  public init(_ file: ScenarioFile, options: ResolutionOptions, program: Program) {
    let sections = (file.document.root.entries ?? []).map { entry -> (String, JSONValue) in
      (entry.key, .string(Self.fingerprint(Data(entry.value.json.text(indent: 0).utf8))))
    }
    let files = file.namedFiles.map { path -> (String, JSONValue) in
      let content = FileManager.default.contents(atPath: path) ?? Data()
      return ((path as NSString).lastPathComponent, .string(Self.fingerprint(content)))
    }
    let seed = options.seed.map { seed -> JSONValue in .string(String(seed)) } ?? .null
    let identity: JSONValue = [
      "version": .string(program.version), "build": .string(program.build), "scenario": .object(sections),
      "files": .object(files), "seed": seed, "single_step": .bool(!options.macroSteps),
      "points": .int(file.sweepPoints.count),
    ]
    text = identity.text(indent: 0)
  }

  private static func fingerprint(_ content: Data) -> String {
    var fingerprint = Fingerprint()
    content.withUnsafeBytes { fingerprint.add($0) }
    return fingerprint.text
  }
}
