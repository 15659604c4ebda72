import Testing
/// Help as a user reads it, whole: a change here is a change of the command line.
@Suite struct HelpTests {
  private let folder: Folder

  init() throws { folder = try Folder() }

  private func output(_ arguments: String...) throws -> String {
    let result = try Command.shell("$tokenmill " + arguments.joined(separator: " "), in: folder)
    #expect(result.status == 0)
    #expect(result.errors.isEmpty)
    return result.output
  }

  @Test func version() throws { #expect(try output("--version") == "tokenmill 0.1.0\n") }

  @Test func catalogOfOneModel() throws {
    let page = try output("catalog", "models", "llama-3.1-8b")
    #expect(page.hasPrefix("Llama 3.1 8B\nllama-3.1-8b\n"))
    #expect(page.contains("8.03 G"))
    // 2 x 32 layers x 8 heads x 128 x 2 bytes.
    #expect(page.contains("131.1 kB"))
  }

  @Test func catalogOfOneSystem() throws {
    let page = try output("catalog", "systems", "h100-sxm")
    #expect(page.hasPrefix("NVIDIA H100 SXM\n"))
    #expect(page.contains("accelerator.memory_bandwidth"))
    #expect(page.contains("3.35 TB/s"))
  }

  @Test func catalogOfEverything() throws {
    let page = try output("catalog")
    for name in ["gb300-nvl72", "deepseek-r1", "tensorrt-llm", "decode_attention"] {
      #expect(page.contains(name))
    }
  }

  @Test func helpOfRoot() throws {
    #expect(
      try output("--help") == #"""
        OVERVIEW: Predicts tokens/s, latency and power of LLM serving, from one GPU to
        a gigawatt site.

        A scenario file (YAML) says which system, which models, which engine settings
        and which traffic; the simulation says what comes out.

        EXAMPLES:
          tokenmill run scenarios/h100-llama-3.1-8b-poisson.yaml
          tokenmill run scenarios/gb300-nvl72-llama-2-70b-offline.yaml --json -
          tokenmill sweep scenarios/b200-deepseek-r1-closed-loop.yaml --jobs 2
          tokenmill catalog systems gb300-nvl72

        EXIT CODES:
          0  done
          1  the answer is "no": a gate failed, a target was missed
          2  the input is wrong
          3  internal fault

        USAGE: tokenmill <subcommand>

        OPTIONS:
          --version               Show the version.
          -h, --help              Show help information.

        SUBCOMMANDS:
          run                     Run one scenario: tables for a person, JSON for
                                  programs.
          estimate                Estimate the steady state of a scenario in less than
                                  a second, without simulating.
          sweep                   Run every point of a scenario's sweep and mark the
                                  Pareto front.
          plan                    Find the best configurations for a site, its traffic
                                  and its latency targets.
          compare                 Put runs side by side: what differs, and which limit
                                  moved.
          validate                Compare predictions with measured benchmarks and with
                                  theory.
          calibrate               Fit calibration from measurements.
          catalog                 Show what is known, with sources: systems, models,
                                  calibrations.
          results                 Work with stores of results: list what is in one,
                                  join the parts of a sweep.
          report                  Make one page of HTML of a store of results.
          serve                   Turn the knobs of scenarios on a local page:
                                  estimates at once, then simulation.
          points                  Work with files of measured runs: make one of what
                                  load generators write.

          See 'tokenmill help <subcommand>' for detailed help.

        """#)
  }

  @Test func helpOfRun() throws {
    #expect(
      try output("run", "--help") == #"""
        OVERVIEW: Run one scenario: tables for a person, JSON for programs.

        The same scenario and seed give the same results, to the byte, for any number
        of threads.

        EXAMPLES:
          tokenmill run scenarios/h100-llama-3.1-8b-poisson.yaml
          tokenmill run chat.yaml --set site.racks=4 --seed 7
          tokenmill run chat.yaml --json - --quiet | jq .throughput
          tokenmill run chat.yaml --results runs.sqlite --requests requests.csv
          tokenmill run chat.yaml --timeline trace.json --timeline-replicas 0-1

        USAGE: tokenmill run [<options>] <scenario>

        ARGUMENTS:
          <scenario>              The scenario file.

        OPTIONS:
          --set <path=value>      Change any value of the file:
                                  deployments[0].parallel.tensor=8. May be repeated.
          --seed <seed>           Seed of every random stream, in place of the file's
                                  run.seed.
          --single-step           Simulate every engine step by itself: slower, same
                                  results but for the count of events.
          --json <file|->         Write the results as JSON to a file, or to standard
                                  output with -.
          --csv <file|->          Write a table of the results as CSV to a file, or to
                                  standard output with -.
          --results <file>        Add the results to a SQLite database, made where
                                  there is none.
          -q, --quiet             No tables, progress and timing; only what was asked
                                  for, and errors.
          --requests <file.csv>   Write every completed request to a CSV file.
          --timeline <file.json>  Write a trace of engine steps, prompts, KV transfers,
                                  requests and power, for ui.perfetto.dev.
          --timeline-replicas <range>
                                  Replicas of each deployment that the trace shows:
                                  0-3, or one. (default: 0-3)
          --threads <threads>     Threads to use; as many as the machine has cores by
                                  default.
          --version               Show the version.
          -h, --help              Show help information.

        """#)
  }

  @Test func helpOfSweep() throws {
    #expect(
      try output("sweep", "--help") == #"""
        OVERVIEW: Run every point of a scenario's sweep and mark the Pareto front.

        The front is of output tokens/s on each GPU and output tokens/s for each user.
        A point that cannot run, because its model does not fit, is a row that says
        why. With --results, every point is kept as soon as it is done; --resume runs
        what is missing and prints what an uninterrupted sweep would have printed.

        EXAMPLES:
          tokenmill sweep scenarios/b200-deepseek-r1-closed-loop.yaml
          tokenmill sweep chat-sweep.yaml --jobs 2 --json points.json --csv points.csv
          tokenmill sweep chat-sweep.yaml --results points.sqlite --resume
          tokenmill sweep chat-sweep.yaml --shard 2/4 --results part-2.sqlite
          tokenmill sweep chat-sweep.yaml --slurm jobs --shards 20 --submit

        USAGE: tokenmill sweep [<options>] <scenario>

        ARGUMENTS:
          <scenario>              The scenario file.

        SLURM OPTIONS:
          --slurm <folder>        Run nothing here: write scripts for a Slurm job
                                  array, a task for each shard, to a folder.
          --submit                Hand the scripts to sbatch.
          --shards <shards>       Shards, each a task; 16 by default, or as many as
                                  there are points.
          --partition <partition> Partition of the jobs.
          --time <time>           Time limit of each job, as Slurm reads it: 30,
                                  2:00:00, 1-12.

        OPTIONS:
          --set <path=value>      Change any value of the file:
                                  deployments[0].parallel.tensor=8. May be repeated.
          --seed <seed>           Seed of every random stream, in place of the file's
                                  run.seed.
          --single-step           Simulate every engine step by itself: slower, same
                                  results but for the count of events.
          --json <file|->         Write the results as JSON to a file, or to standard
                                  output with -.
          --csv <file|->          Write a table of the results as CSV to a file, or to
                                  standard output with -.
          --results <file>        Add the results to a SQLite database, made where
                                  there is none.
          -q, --quiet             No tables, progress and timing; only what was asked
                                  for, and errors.
          --jobs <jobs>           Points to run at once; as many as the machine has
                                  cores by default.
          --resume                Go on with the sweep that the file of --results
                                  holds; begin it where there is none.
          --shard <i/n>           Run one part of the points: 2/4 is the second of four.
          --pareto <pareto>       Throughput of the front, for each GPU (gpu) or
                                  megawatt of the site (mw). (values: gpu, mw; default:
                                  gpu)
          --version               Show the version.
          -h, --help              Show help information.

        """#)
  }

  @Test func helpOfCompare() throws {
    #expect(
      try output("compare", "--help") == #"""
        OVERVIEW: Put runs side by side: what differs, and which limit moved.

        Each thing is a scenario file, which runs, the JSON of a run, or a results
        store (FILE.sqlite#3 is point 3 of its sweep). All scenarios run with one seed
        and see the same requests; ratios are to the first thing. With --sensitivity
        one scenario runs with each of its hardware figures a little lower and higher.

        EXAMPLES:
          tokenmill compare chat-on-b200.yaml chat-on-mi355x.yaml
          tokenmill compare chat.yaml --with site.system=h200-sxm
          tokenmill compare before.json after.json --json - --quiet | jq .limit_moves
          tokenmill compare points.sqlite#3 points.sqlite#7
          tokenmill compare chat.yaml --sensitivity 10%

        USAGE: tokenmill compare [<options>] <things> ...

        ARGUMENTS:
          <things>                Scenario files, JSON of runs, results stores.

        OPTIONS:
          --with <changes>        Compare the first scenario with itself as changed:
                                  'path=value; path=value'. May be repeated.
          --sensitivity <share>   Change each hardware figure of one scenario by this
                                  share, down and up: 10%.
          --set <path=value>      Change any value of all scenarios:
                                  deployments[0].parallel.tensor=8. May be repeated.
          --seed <seed>           Seed of all scenarios, in place of that of the first
                                  thing.
          --json <file|->         Write the comparison as JSON to a file, or to
                                  standard output with -.
          --csv <file|->          Write a table of the comparison as CSV to a file, or
                                  to standard output with -.
          --jobs <jobs>           Cores to use; all that the machine has by default.
          -q, --quiet             No tables, progress and timing; only what was asked
                                  for, and errors.
          --version               Show the version.
          -h, --help              Show help information.

        """#)
  }

  @Test func helpOfServe() throws {
    #expect(
      try output("serve", "--help") == #"""
        OVERVIEW: Turn the knobs of scenarios on a local page: estimates at once, then
        simulation.

        The page is for this machine alone, holds all it needs and opens without a
        network. Sliders set the load, the system, parallelism, replicas, batch limits
        and power of a scenario; curves are estimates, marks on them simulations, each
        labelled as what it is. Ctrl-C stops it.

        EXAMPLES:
          tokenmill serve
          tokenmill serve chat.yaml --port 0
          tokenmill serve scenarios/hypothetical --results tried.sqlite

        USAGE: tokenmill serve [<scenarios> ...] [--port <port>] [--results <file>]

        ARGUMENTS:
          <scenarios>             Scenario files, and folders of them; the folder
                                  'scenarios' by default. (default: scenarios)

        OPTIONS:
          --port <port>           The port of the page; 0 takes a free one. (default:
                                  8080)
          --results <file>        Add what is simulated to a SQLite database, made
                                  where there is none.
          --version               Show the version.
          -h, --help              Show help information.

        """#)
  }

  @Test func helpOfCatalog() throws {
    #expect(
      try output("catalog", "--help") == #"""
        OVERVIEW: Show what is known, with sources: systems, models, calibrations.

        EXAMPLES:
          tokenmill catalog
          tokenmill catalog systems gb300-nvl72
          tokenmill catalog models llama-3.1-8b

        USAGE: tokenmill catalog [<kind>] [<name>]

        ARGUMENTS:
          <kind>                  What to list; everything by default. (values:
                                  systems, models, calibrations)
          <name>                  The system or model to show in full.

        OPTIONS:
          --version               Show the version.
          -h, --help              Show help information.

        """#)
  }
}
