import Foundation
import Testing

/// Sweeps that are killed, resumed, split and joined: always the same bytes.
@Suite struct SweepResumeTests {
  private let folder: Folder

  init() throws {
    folder = try Folder()
    try folder.write(
      Folder.chat
        + """
        sweep:
          axes:
            - name: layout
              variants:
                base: {}
                wide: { "deployments[0].parallel.tensor": 2 }
                odd: { "deployments[0].parallel.tensor": 3 }
            - path: workload[0].arrivals.rate
              values: [10 req/s, 20 req/s, 40 req/s, 400 req/s]

        """, to: "sweep.yaml")
  }

  private func json(_ more: String = "") throws -> String {
    let result = try Command.shell("$tokenmill sweep sweep.yaml -q --json - \(more)", in: folder)
    #expect(result.status == 0, "\(result.errors)")
    return result.output
  }

  @Test(
    "INV-21: a sweep that is killed at any moment goes on and prints the same bytes",
    arguments: [0.2, 0.6, 0.8, 1])
  func aKilledSweepGoesOn(seconds: Double) throws {
    let whole = try json()
    let killed = try Command.shell(
      "$tokenmill sweep sweep.yaml -q --results s.sqlite --jobs 1 & p=$!; sleep \(seconds); kill -9 $p; wait $p",
      in: folder)
    #expect([137, 0].contains(killed.status), "\(killed.errors)")
    #expect(try json("--results s.sqlite --resume") == whole)
    #expect(try json("--results s.sqlite --resume --jobs 2") == whole)
  }

  @Test func aCompleteSweepRunsNothing() throws {
    let first = try Command.run("sweep", "sweep.yaml", "--results", "s.sqlite", "--resume", in: folder)
    let second = try Command.run("sweep", "sweep.yaml", "--results", "s.sqlite", "--resume", in: folder)
    #expect(second.output == first.output)
    #expect(!first.errors.contains(" 0 events"))
    #expect(second.errors.contains(" 0 events"), "\(second.errors)")
  }

  @Test(arguments: [
    "--seed 4", "--single-step", "--set deployments[0].engine.max_batch_size=32",
    "--set sweep.axes[1].values=[10 req/s]",
  ])
  func aStoreOfAnotherSweepIsRefused(change: String) throws {
    _ = try json("--results s.sqlite")
    let words = change.split(separator: " ", maxSplits: 1).map { "'\($0)'" }.joined(separator: " ")
    let result = try Command.shell(
      "$tokenmill sweep sweep.yaml --results s.sqlite --resume \(words)", in: folder)
    #expect(result.status == 2)
    #expect(result.output.isEmpty)
    #expect(result.errors.hasPrefix("error: s.sqlite: holds another sweep: "), "\(result.errors)")
    #expect(result.errors.hasSuffix("; take another file, or add to this one without --resume\n"))
  }

  /// Another build of the program may give other results under the same version.
  @Test func aStoreOfAnotherBuildIsRefused() throws {
    _ = try json("--results s.sqlite")
    let result = try Command.shell(
      """
      mkdir other && cp "$tokenmill" other/ && cp -R "$(dirname "$tokenmill")"/*.resources other/ &&
      printf x >> other/tokenmill && exec other/tokenmill sweep sweep.yaml -q --results s.sqlite --resume
      """, in: folder)
    #expect(result.status == 2)
    #expect(
      result.errors.hasPrefix("error: s.sqlite: holds another sweep: another build; "), "\(result.errors)")
  }

  @Test func storesOfSomethingElseAreRefused() throws {
    try folder.write(String(repeating: "not a database\n", count: 100), to: "s.sqlite")
    let result = try Command.run("sweep", "sweep.yaml", "--results", "s.sqlite", "--resume", in: folder)
    #expect(result.status == 2)
    #expect(result.errors == "error: s.sqlite: is not a SQLite database\n")
  }

  /// An empty file, or a store of plain runs, has no sweep yet: it begins.
  @Test func anEmptyStoreBegins() throws {
    try folder.write("", to: "s.sqlite")
    _ = try Command.run("run", "chat.yaml", "-q", "--results", "s.sqlite", in: folder)
    #expect(try json("--results s.sqlite --resume") == json())
  }

  @Test("INV-21: shards merge to the whole")
  func shardsMergeToTheWhole() throws {
    let whole = try json("--results whole.sqlite")
    for shard in 1...3 {
      let result = try Command.run(
        "sweep", "sweep.yaml", "--shard", "\(shard)/3", "--results", "\(shard).sqlite", in: folder)
      #expect(result.status == 0, "\(result.errors)")
      #expect(
        result.output.hasPrefix("A small chat  4 of 12 points, shard \(shard)/3, * on the Pareto front\n"))
    }
    let missing = try Command.run("results", "merge", "part.sqlite", "1.sqlite", "3.sqlite", in: folder)
    #expect(missing.status == 1)
    #expect(missing.output == "part.sqlite: 8 of 12 points of 'A small chat'\n")
    #expect(
      missing.errors.split(separator: "\n") == [
        "missing: layout=base workload[0].arrivals.rate=20 req/s",
        "missing: layout=wide workload[0].arrivals.rate=10 req/s",
        "missing: layout=wide workload[0].arrivals.rate=400 req/s",
        "missing: layout=odd workload[0].arrivals.rate=40 req/s",
      ])
    #expect(try json("--results part.sqlite --resume") == whole, "the missing points run")
    let merge = try Command.shell("$tokenmill results merge m.sqlite [123].sqlite", in: folder)
    #expect(merge.status == 0, "\(merge.errors)")
    #expect(try json("--results m.sqlite --resume") == whole)
    #expect(try json("--results whole.sqlite --resume") == whole)
  }

  @Test(arguments: [
    ("--shard 0/4", "--shard takes 1/n to n/n, which part of how many; not '0/4'."),
    ("--shard 5/4", "--shard takes 1/n to n/n, which part of how many; not '5/4'."),
    ("--shard two", "--shard takes 1/n to n/n, which part of how many; not 'two'."),
    ("--resume", "--resume needs --results, the file to go on with."),
    ("--submit", "--submit, --shards, --partition and --time need --slurm, the folder for the scripts."),
    (
      "--slurm jobs --json -",
      "--slurm writes its results into its folder: leave out --json, --csv, --results, --resume, --shard."
    ),
    ("--slurm jobs --shards 0", "--shards takes 1 to 10000."),
    ("--slurm jobs --time 'a b'", "--time takes no such value: 'a b'."),
  ])
  func whatDoesNotGoTogether(options: String, message: String) throws {
    let result = try Command.shell("$tokenmill sweep sweep.yaml \(options)", in: folder)
    #expect(result.status == 2)
    #expect(result.errors.hasPrefix("Error: \(message)\n"), "\(result.errors)")
    #expect(folder.names == ["chat.yaml", "sweep.yaml"])
  }

  @Test func moreShardsThanPoints() throws {
    let result = try Command.run("sweep", "sweep.yaml", "--shard", "40/50", in: folder)
    #expect(result.status == 0, "\(result.errors)")
    #expect(result.output.hasPrefix("A small chat  0 of 12 points, shard 40/50"))
  }

  /// The JSON is of the schema that the documentation has.
  @Test func theJSONIsOfItsSchema() throws {
    let docs = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().appendingPathComponent("docs/sweep.schema.json")
    let schema = try JSONSchema(try String(contentsOf: docs, encoding: .utf8))
    for options in ["", "--pareto mw", "--shard 2/5", "--shard 40/50"] {
      #expect(try schema.findings(in: json(options)).isEmpty, "\(options)")
    }
    let broken = try json().replacing("\"pareto\": true", with: "\"pareto\": 1")
    #expect(try schema.findings(in: broken).contains { $0.hasSuffix(".pareto: is no [\"boolean\"]") })
  }

  /// Knee and saturation of each layout stand below the table and in the JSON.
  @Test func curvesHaveKneesAndSaturation() throws {
    let table = try Command.run("sweep", "sweep.yaml", "--pareto", "mw", in: folder)
    #expect(table.output.contains("tok/s/") && table.output.contains("MW"))
    let lines = table.output.split(separator: "\n").map { $0.split(separator: " ").map(String.init) }
    #expect(lines.contains(["load", "of", "knee", "saturation"]))
    let document =
      try JSONSerialization.jsonObject(with: Data(try json("--pareto mw").utf8)) as? [String: Any]
    let curves = try #require(document?["curves"] as? [[String: Any]])
    #expect(curves.map { ($0["at"] as? [String: String])?["layout"] } == ["base", "wide"])
    #expect(curves.allSatisfy { ($0["points"] as? [Int])?.count == 4 })
  }

  /// What Slurm would run, a shell runs, too: the scripts give the bytes of a sweep without them.
  @Test func scriptsAreWrittenForSlurm() throws {
    let result = try Command.shell(
      "$tokenmill sweep sweep.yaml --set 'name=a b' --slurm 'my jobs' --shards 20 --partition p1 --time 2:00 --jobs 3",
      in: folder)
    #expect(result.status == 0, "\(result.errors)")
    #expect(result.output.hasPrefix("12 points in 12 shards: "))
    let array = try folder.text("my jobs/sweep.sbatch")
    for line in [
      "#SBATCH --array=1-12", "#SBATCH --cpus-per-task=3", "#SBATCH --partition=p1", "#SBATCH --time=2:00",
    ] {
      #expect(array.contains("\n\(line)\n"), "\(line)")
    }
    #expect(
      array.contains(" sweep sweep.yaml --set 'name=a b' --pareto gpu --shard \"$SLURM_ARRAY_TASK_ID/12\""))
    let run = try Command.shell(
      """
      for i in $(seq 12); do SLURM_ARRAY_TASK_ID=$i bash 'my jobs/sweep.sbatch' || exit; done
      bash 'my jobs/merge.sbatch'
      """, in: folder)
    #expect(run.status == 0, "\(run.errors)")
    let alone = try Command.shell("$tokenmill sweep sweep.yaml --set 'name=a b' -q --json -", in: folder)
    #expect(try folder.text("my jobs/sweep.json") == alone.output)
  }
}
