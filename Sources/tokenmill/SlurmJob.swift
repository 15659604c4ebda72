import ArgumentParser
import Documents
import Foundation
import Results
import Studies

/// How a sweep is given to Slurm.
struct SlurmOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Run nothing here: write scripts for a Slurm job array, a task for each shard, to a folder.",
      valueName: "folder"),
    completion: .directory)
  var slurm: String?

  @Flag(help: "Hand the scripts to sbatch.")
  var submit = false

  @Option(help: "Shards, each a task; 16 by default, or as many as there are points.")
  var shards: Int?

  @Option(help: "Partition of the jobs.")
  var partition: String?

  @Option(help: "Time limit of each job, as Slurm reads it: 30, 2:00:00, 1-12.")
  var time: String?

  /// Throws what does not go together.
  func check(against command: SweepCommand) throws {
    if slurm == nil {
      guard !submit, shards == nil, partition == nil, time == nil else {
        throw ValidationError(
          "--submit, --shards, --partition and --time need --slurm, the folder for the scripts.")
      }
      return
    }
    guard command.shard == nil, !command.resume, command.output.json == nil, command.output.csv == nil,
      command.output.results == nil
    else {
      throw ValidationError(
        "--slurm writes its results into its folder: leave out --json, --csv, --results, --resume, --shard.")
    }
    if let shards, !(1...10_000).contains(shards) { throw ValidationError("--shards takes 1 to 10000.") }
    for (name, value) in [("--partition", partition), ("--time", time)] {
      guard let value else { continue }
      guard !value.isEmpty,
        value.allSatisfy({ $0.isASCII && ($0.isLetter || $0.isNumber || "-_:,.".contains($0)) })
      else { throw ValidationError("\(name) takes no such value: '\(value)'.") }
    }
  }
}

/// The scripts of a sweep on Slurm: a job array with a task for each shard, and a job that joins what they found.
struct SlurmJob {
  private let command: SweepCommand
  /// The folder, absolute.
  private let folder: String
  private let workingDirectory: String
  private let executable: String
  private let shards: Int
  private let points: Int

  init(_ command: SweepCommand, folder: String, points: Int) throws {
    let files = FileManager.default
    self.command = command
    workingDirectory = files.currentDirectoryPath
    self.folder = URL(fileURLWithPath: folder).standardizedFileURL.path
    // What sbatch would read as a pattern or an escape.
    guard self.folder.allSatisfy({ !"%\\\"\n".contains($0) }) else {
      throw Problems(
        Problem(file: folder, message: "Slurm can't write to a folder with %, \\ or \" in its name"))
    }
    executable = Bundle.main.executableURL?.resolvingSymlinksInPath().path ?? CommandLine.arguments[0]
    self.points = points
    shards = min(command.slurm.shards ?? 16, points)
    var isDirectory: ObjCBool = false
    if files.fileExists(atPath: self.folder, isDirectory: &isDirectory) {
      guard isDirectory.boolValue else {
        throw Problems(Problem(file: folder, message: "is a file, a folder is needed"))
      }
    } else {
      do {
        try files.createDirectory(atPath: self.folder, withIntermediateDirectories: true)
      } catch {
        throw Problems(Problem(file: folder, message: "cannot be made: \(error.localizedDescription)"))
      }
    }
  }

  /// Writes the scripts, and submits them where that is asked for.
  func write() throws {
    let (array, merge) = ("\(folder)/sweep.sbatch", "\(folder)/merge.sbatch")
    try OutputFile(checking: array).write(arrayScript)
    try OutputFile(checking: merge).write(mergeScript)
    let shown = "\(points) points in \(shards) shard\(shards == 1 ? "" : "s")"
    guard command.slurm.submit else {
      Terminal.standardOutput.write(
        """
        \(shown): \(array)
        submit with
          job=$(sbatch --parsable \(Self.quoted(array)))
          sbatch --dependency=afterany:$job \(Self.quoted(merge))

        """)
      return
    }
    let job = try Self.submit([array])
    let merging = try Self.submit(["--dependency=afterany:\(job)", merge])
    Terminal.standardOutput.write(
      "\(shown): job \(job), then job \(merging) writes \(folder)/sweep.sqlite, sweep.json and sweep.txt\n")
  }

  private func head(_ name: String, _ more: [String]) -> String {
    var lines =
      ["--job-name=\(name)", "--output=\"\(folder)/\(name)\(more.isEmpty ? "" : "-%a").out\""] + more
    if let partition = command.slurm.partition { lines.append("--partition=\(partition)") }
    if let time = command.slurm.time { lines.append("--time=\(time)") }
    return "#!/bin/bash\n" + lines.map { "#SBATCH \($0)\n" }.joined()
      + "set -eu\ncd \(Self.quoted(workingDirectory))\n"
  }

  private var arrayScript: String {
    let cores = command.jobs ?? 1
    return head("sweep", ["--array=1-\(shards)", "--cpus-per-task=\(cores)"])
      + """
      # A task that starts anew goes on where it was.
      \(sweep) --shard "$SLURM_ARRAY_TASK_ID/\(shards)" --jobs \(cores) --quiet --resume \\
        --results \(Self.quoted(folder))/shard-"$SLURM_ARRAY_TASK_ID".sqlite

      """
  }

  private var mergeScript: String {
    let merged = Self.quoted("\(folder)/sweep.sqlite")
    let parts = (1...shards).map { "\\\n  " + Self.quoted("\(folder)/shard-\($0).sqlite") }.joined(
      separator: " ")
    return head("merge", [])
      + """
      rm -f \(merged)
      \(Self.quoted(executable)) results merge \(merged) \(parts)
      \(sweep) --results \(merged) --resume --jobs 1 \\
        --json \(Self.quoted("\(folder)/sweep.json")) > \(Self.quoted("\(folder)/sweep.txt"))

      """
  }

  /// The sweep as the user typed it, so that a task sees the paths that the user saw.
  private var sweep: String {
    var words = [executable, "sweep", command.scenario.scenario]
    words += command.scenario.overrides.flatMap { ["--set", $0] }
    if let seed = command.scenario.seed { words += ["--seed", "\(seed)"] }
    if command.scenario.singleStep { words.append("--single-step") }
    words += ["--pareto", command.pareto.rawValue]
    return words.map(Self.quoted).joined(separator: " ")
  }

  /// A word that the shell takes as it is.
  private static func quoted(_ word: String) -> String {
    let isPlain =
      !word.isEmpty
      && word.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "-_./=:,".contains($0)) }
    return isPlain ? word : "'" + word.replacing("'", with: "'\\''") + "'"
  }

  /// Hands a script to sbatch.
  ///
  /// - Returns: the number of the job.
  private static func submit(_ arguments: [String]) throws -> String {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = ["sbatch", "--parsable"] + arguments
    let pipe = Pipe()
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = pipe
    try process.run()
    let output = pipe.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    guard process.terminationStatus == 0 else {
      throw Failure(message: "sbatch refused \(arguments.last ?? "")", status: .wrongInput)
    }
    // "12;cluster" where there are several clusters.
    let text = String(decoding: output, as: UTF8.self)
    return String(text.prefix { $0.isNumber })
  }
}
