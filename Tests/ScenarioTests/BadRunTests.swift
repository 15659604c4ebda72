import Testing

@Suite("Runs, sweeps and whole files that are refused")
struct BadRunTests {
  @Test(arguments: cases) func messages(input: BadInput) throws { try input.check() }

  private static let cases: [BadInput] = [
    BadInput(
      "another version of the format", [1: "tokenmill: 2"],
      [
        "scenario.yaml:1: tokenmill: found 2, this program reads version 1 of the format"
      ]),
    BadInput(
      "neither version nor name", [1: "", 2: ""],
      [
        "scenario.yaml:3: tokenmill: required, but missing",
        "scenario.yaml:3: name: required, but missing",
      ]),
    BadInput(
      "unknown top key", [2: "name: base\nsites: { system: h100-sxm }"],
      [
        "scenario.yaml:3: sites: unknown key; allowed: tokenmill, name, description, hardware, site, deployments, run, workload, references, sweep, plan; did you mean 'site'?"
      ]),
    BadInput(
      "seed", [17: "run: { seed: -1, until: done }"],
      [
        "scenario.yaml:17: run.seed: found -1, out of range; allowed: at least 0",
        "scenario.yaml:17: run.until: found 'done', not a known name; allowed: drained",
      ]),
    BadInput(
      "duration and until", [17: "run: { until: drained, duration: 60 s }"],
      [
        "scenario.yaml:17: run.duration: found '60 s', the run ends in two ways, until: drained and after a duration; allowed: one of until, duration"
      ]),
    BadInput(
      "warm up", [17: "run: { duration: 60 s, warm_up: 60 s }"],
      [
        "scenario.yaml:17: run.warm_up: found '60 s', nothing is left of a run of 60 s; allowed: less than 60 s, auto or none"
      ]),
    BadInput(
      "warm up word", [17: "run: { warm_up: automatic }"],
      [
        "scenario.yaml:17: run.warm_up: found 'automatic', which does not start with a number; a duration needs one of ns, us, ms, s, min, h, d after a number; for example '8 s'"
      ]),
    BadInput(
      "a sample of nothing", [17: "run: { sample: { share: 0 %, cells: 1 } }"],
      [
        "scenario.yaml:17: run.sample.share: found '0 %', out of range; allowed: more than 0",
        "scenario.yaml:17: run.sample.cells: found 1, out of range; allowed: 2 to 63",
      ]),
    BadInput(
      "references",
      [
        17:
          "run: {}\nreferences: [{ figure: throughput.output_token_per_second, value: 5, source: me }, { figure: energy.site_megawatt_hours }]"
      ],
      [
        "scenario.yaml:18: references[0].figure: found 'throughput.output_token_per_second', not a figure of the JSON summary; allowed: a path such as throughput.output_tokens_per_second; did you mean 'throughput.output_tokens_per_second'?",
        "scenario.yaml:18: references[1].value: required, but missing",
        "scenario.yaml:18: references[1].source: required, but missing",
      ]),
    BadInput(
      "plan", [17: "run: {}\nplan: { tensor: [1, 2] }"],
      [
        "scenario.yaml:18: plan.tensor: unknown key; allowed: traffic, objective, budget, availability, finalists, simulated_replicas, systems, power_limits, carbon_grams_per_kwh, precisions, engines, layouts, max_batch_size, max_batch_tokens, modes, deployments"
      ]),
    BadInput(
      "hardware", [17: "run: {}\nhardware: { fast: { based_on: h100-smx } }"],
      [
        "scenario.yaml:18: hardware.fast.based_on: found 'h100-smx', not a known name; allowed: {systems}; did you mean 'h100-sxm'?"
      ]),
    BadInput(
      "sweep",
      [
        17:
          "run: {}\nsweep: { axes: [{ path: \"deployments[0].parallel.tensor\", values: [] }, { path: \"deployments[3].x\", values: [1] }, { path: a..b, values: [1] }, { values: [1] }, { path: name }, { path: run.seed, values: [1], range: { from: 1, to: 2, step: 1 } }] }"
      ],
      [
        "scenario.yaml:18: sweep.axes[0].values: found an empty list, at least one value is needed",
        "scenario.yaml:18: sweep.axes[1].path: found 'deployments[3].x', which can't be set: index 3 is out of range; allowed: 0",
        "scenario.yaml:18: sweep.axes[2].path: found 'a..b', which can't be set: the path is malformed; for example 'deployments[0].parallel.tensor'",
        "scenario.yaml:18: sweep.axes[3].path: required, but missing",
        "scenario.yaml:18: sweep.axes[4]: an axis needs values; allowed: one of values, range, log_range, variants",
        "scenario.yaml:18: sweep.axes[5]: an axis has one kind of values, not values and range; allowed: one of values, range, log_range, variants",
      ]),
    BadInput(
      "sweep ranges",
      [
        17:
          "run: {}\nsweep: { axes: [{ path: run.seed, range: { from: 5, to: 1, step: 1 } }, { path: run.seed, range: { from: 1, to: 5, step: 0 } }, { path: run.seed, log_range: { from: 0, to: 5, factor: 2 } }, { path: run.seed, log_range: { from: 1, to: 5 } }, { path: run.seed, range: { from: 1 s, to: 5 min, step: 1 s } }] }"
      ],
      [
        "scenario.yaml:18: sweep.axes[0].range: 'to' is below 'from'",
        "scenario.yaml:18: sweep.axes[1].range.step: found 0, out of range; allowed: more than 0",
        "scenario.yaml:18: sweep.axes[2].log_range: a log_range starts above 0",
        "scenario.yaml:18: sweep.axes[3].log_range: a log_range has a factor or a number of points; allowed: one of factor, points",
        "scenario.yaml:18: sweep.axes[4].range: a range has one unit, not s, min, s",
      ]),
    BadInput(
      "sweep twice",
      [17: "run: {}\nsweep: { axes: [{ path: run.seed, values: [1] }, { path: run.seed, values: [2] }] }"],
      [
        "scenario.yaml:18: sweep.axes[1].path: found 'run.seed', two axes have this path"
      ]),
    BadInput(
      "sweep zip",
      [
        17:
          "run: {}\nsweep: { axes: [{ path: run.seed, values: [1] }, { path: name, values: [a, b] }], zip: [[run.seed, name], [run.sed]] }"
      ],
      [
        "scenario.yaml:18: sweep.zip[0]: axes that move together need equally many values, these have 1, 2",
        "scenario.yaml:18: sweep.zip[1][0]: found 'run.sed', not a known name; allowed: run.seed, name; did you mean 'run.seed'?",
      ]),
    BadInput(
      "sweep bad value",
      [17: "run: {}\nsweep: { axes: [{ path: \"deployments[0].parallel.tensor\", values: [3, 4] }] }"],
      [
        "scenario.yaml:18: deployments[0].parallel.tensor: found 3, does not divide the 32 query heads of llama-3.1-8b; allowed: 1, 2, 4, 8, 16, 32",
        "scenario.yaml:18: deployments[0].parallel.tensor: found 3, neither divides the 8 key-value heads of llama-3.1-8b nor is a multiple of them",
      ]),
    BadInput(
      "set bad", [:], overrides: ["deployments[0].parallel.tensor=3"],
      [
        "--set deployments[0].parallel.tensor=3: deployments[0].parallel.tensor: found 3, does not divide the 32 query heads of llama-3.1-8b; allowed: 1, 2, 4, 8, 16, 32",
        "--set deployments[0].parallel.tensor=3: deployments[0].parallel.tensor: found 3, neither divides the 8 key-value heads of llama-3.1-8b nor is a multiple of them",
      ]),
    BadInput(
      "set syntax", [:], overrides: ["racks", "deployments[5].x=1"],
      [
        "--set deployments[5].x=1: deployments: found a list of 1, index 5 is out of range; allowed: 0",
        "--set racks: has no '='; for example 'site.racks=2'",
      ]),
    BadInput(
      "everything",
      [
        1: "tokenmill: 1\nflavour: sweet", 3: "site: { system: h100-sxm, nodes: 1, power: 3 MW }",
        9: "    parallel: { tensor: 3 }", 13: "    arrivals: { process: poisson, rate: 2 Hz }",
        14: "    lengths: { input: big, output: 128 }", 17: "run: { seed: x }",
      ],
      [
        "scenario.yaml:2: flavour: unknown key; allowed: tokenmill, name, description, hardware, site, deployments, run, workload, references, sweep, plan",
        "scenario.yaml:4: site: the site has 2 sizes: nodes, power; allowed: exactly one of racks, nodes, accelerators, power",
        "scenario.yaml:10: deployments[0].parallel.tensor: found 3, does not divide the 32 query heads of llama-3.1-8b; allowed: 1, 2, 4, 8, 16, 32",
        "scenario.yaml:10: deployments[0].parallel.tensor: found 3, neither divides the 8 key-value heads of llama-3.1-8b nor is a multiple of them",
        "scenario.yaml:14: workload[0].arrivals.rate: found '2 Hz', which is a frequency; a rate is needed; for example '8 /s'",
        "scenario.yaml:15: workload[0].lengths.input: found 'big', a whole number is needed; allowed: 1 to 2147483647",
        "scenario.yaml:18: run.seed: found 'x', a whole number is needed; allowed: at least 0",
      ]),
    BadInput(
      "sweep of itself, and too many points",
      [
        17:
          "run: {}\nsweep: { axes: [{ path: sweep.axes, values: [1] }, { path: run.seed, range: { from: 1, to: 1e9, step: 1 } }] }"
      ],
      [
        "scenario.yaml:18: sweep.axes[0].path: found 'sweep.axes', a sweep can't change itself",
        "scenario.yaml:18: sweep.axes[1].range: too many values; allowed: at most 100000",
      ]),
    BadInput(
      "too many combinations",
      [
        17:
          "run: {}\nsweep: { axes: [{ path: run.seed, range: { from: 1, to: 1000, step: 1 } }, { path: \"deployments[0].replicas\", range: { from: 1, to: 1000, step: 1 } }] }"
      ],
      [
        "scenario.yaml:18: sweep: the axes make 1000000 points; allowed: at most 100000 points"
      ]),
  ]
}
