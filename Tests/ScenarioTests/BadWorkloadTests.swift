import Testing

@Suite("Workloads that are refused")
struct BadWorkloadTests {
  @Test(arguments: cases) func messages(input: BadInput) throws { try input.check() }

  private static let cases: [BadInput] = [
    BadInput(
      "unknown deployment", [12: "  - deployment: chart"],
      [
        "scenario.yaml:12: workload[0].deployment: found 'chart', not a known name; allowed: chat; did you mean 'chat'?"
      ]),
    BadInput(
      "process typo", [13: "    arrivals: { process: possion, rate: 2 /s }"],
      [
        "scenario.yaml:13: workload[0].arrivals.process: found 'possion', not a known name; allowed: offline, poisson, gamma, deterministic, on-off, diurnal, closed-loop, trace; did you mean 'poisson'?"
      ]),
    BadInput(
      "no process", [13: "    arrivals: { rate: 2 /s }"],
      [
        "scenario.yaml:13: workload[0].arrivals.process: required, but missing"
      ]),
    BadInput(
      "endless", [13: "    arrivals: { process: poisson, rate: 2 /s }"],
      [
        "scenario.yaml:13: workload[0].arrivals.requests: required, because the run lasts until it is drained and these arrivals never end; or give the run a duration, for example 'run: { duration: 600 s }'"
      ]),
    BadInput(
      "rate no unit", [13: "    arrivals: { process: poisson, rate: 2, requests: 5 }"],
      [
        "scenario.yaml:13: workload[0].arrivals.rate: found '2', which has no unit; a rate needs one of /s, req/s, requests/s, tok/s, tokens/s, /min, /h; for example '2 /s'"
      ]),
    BadInput(
      "rate wrong unit", [13: "    arrivals: { process: poisson, rate: 2 rps, requests: 5 }"],
      [
        "scenario.yaml:13: workload[0].arrivals.rate: found '2 rps', which has the unknown unit 'rps'; a rate needs one of /s, req/s, requests/s, tok/s, tokens/s, /min, /h; did you mean req/s?"
      ]),
    BadInput(
      "rate zero", [13: "    arrivals: { process: poisson, rate: 0 /s, requests: 5 }"],
      [
        "scenario.yaml:13: workload[0].arrivals.rate: found '0 /s', out of range; allowed: 1e-9 /s to 1e9 /s"
      ]),
    BadInput(
      "offline with rate", [13: "    arrivals: { process: offline, rate: 2 /s }"],
      [
        "scenario.yaml:13: workload[0].arrivals.requests: required, but missing",
        "scenario.yaml:13: workload[0].arrivals.rate: unknown key; allowed: process, requests",
      ]),
    BadInput(
      "gamma", [13: "    arrivals: { process: gamma, rate: 2 /s, requests: 5, coefficient_of_variation: 0 }"],
      [
        "scenario.yaml:13: workload[0].arrivals.coefficient_of_variation: found 0, out of range; allowed: more than 0, up to 100"
      ]),
    BadInput(
      "on off",
      [
        13:
          "    arrivals: { process: on-off, on_rate: 0 /s, off_rate: 0 /s, mean_on: 1 s, mean_off: 0 s, requests: 5 }"
      ],
      [
        "scenario.yaml:13: workload[0].arrivals.mean_off: found '0 s', out of range; allowed: more than 0 s"
      ]),
    BadInput(
      "on off both zero",
      [
        13:
          "    arrivals: { process: on-off, on_rate: 0 /s, off_rate: 0 /s, mean_on: 1 s, mean_off: 1 s, requests: 5 }"
      ],
      [
        "scenario.yaml:13: workload[0].arrivals: on_rate and off_rate are both 0; allowed: at least one above 0"
      ]),
    BadInput(
      "diurnal",
      [13: "    arrivals: { process: diurnal, requests: 5, curve: [{ at: 25 h, rate: 1 /s }, { at: 2 h }] }"],
      [
        "scenario.yaml:13: workload[0].arrivals.curve[1].rate: required, but missing"
      ]),
    BadInput(
      "diurnal order",
      [
        13:
          "    arrivals: { process: diurnal, requests: 5, curve: [{ at: 5 h, rate: 1 /s }, { at: 2 h, rate: 1 /s }] }"
      ],
      [
        "scenario.yaml:13: workload[0].arrivals: knot 1 at 7200.0 s is before knot 0 at 18000.0 s; allowed: knots in order of time"
      ]),
    BadInput(
      "closed loop", [13: "    arrivals: { process: closed-loop, concurrency: 0, think_time: 5 }"],
      [
        "scenario.yaml:13: workload[0].arrivals.concurrency: found 0, out of range; allowed: 1 to 10000000",
        "scenario.yaml:13: workload[0].arrivals.think_time: found '5', which has no unit; a duration needs one of ns, us, ms, s, min, h, d; for example '5 s'",
      ]),
    BadInput(
      "trace missing", [13: "    arrivals: { process: trace, file: nothing.csv }", 14: ""],
      [
        "scenario.yaml:13: workload[0].arrivals.file: found 'nothing.csv', there is no such file"
      ]),
    BadInput(
      "trace bad", [13: "    arrivals: { process: trace, file: bad.csv }", 14: ""],
      [
        "bad.csv:3: input_tokens is '0'; allowed: 1 to 2147483647 tokens",
        "bad.csv:4: arrival_seconds is 'x'; allowed: seconds from the start, 0 or more, such as 12.5",
      ]),
    BadInput(
      "trace format", [13: "    arrivals: { process: trace, file: good.csv, format: azur }", 14: ""],
      [
        "scenario.yaml:13: workload[0].arrivals.format: found 'azur', not a known name; allowed: azure, mooncake, burstgpt, aiperf, agentic, csv; did you mean 'azure'?"
      ]),
    BadInput(
      "no lengths", [14: ""],
      [
        "scenario.yaml:12: workload[0].lengths: required, but missing"
      ]),
    BadInput(
      "lengths empty", [14: "    lengths: {}"],
      [
        "scenario.yaml:14: workload[0].lengths.input: required, but missing",
        "scenario.yaml:14: workload[0].lengths.output: required, but missing",
      ]),
    BadInput(
      "lengths fixed 0", [14: "    lengths: { input: 0, output: 1.5 }"],
      [
        "scenario.yaml:14: workload[0].lengths.input: found 0, out of range; allowed: 1 to 2147483647",
        "scenario.yaml:14: workload[0].lengths.output: found 1.5, a whole number is needed; allowed: 1 to 2147483647",
      ]),
    BadInput(
      "uniform",
      [14: "    lengths: { input: { uniform: { min: 10, max: 5 } }, output: { uniform: { min: 1 } } }"],
      [
        "scenario.yaml:14: workload[0].lengths.input.uniform.max: found 5, below min; allowed: at least 10",
        "scenario.yaml:14: workload[0].lengths.output.uniform.max: required, but missing",
      ]),
    BadInput(
      "two shapes", [14: "    lengths: { input: { fixed: 1, uniform: { min: 1, max: 2 } }, output: 5 }"],
      [
        "scenario.yaml:14: workload[0].lengths.input: found a mapping, one distribution is needed; allowed: a number of tokens, or one of fixed, uniform, lognormal, gamma, empirical"
      ]),
    BadInput(
      "shape typo", [14: "    lengths: { input: { lognorm: { mean: 100 } }, output: 5 }"],
      [
        "scenario.yaml:14: workload[0].lengths.input.lognorm: unknown key; allowed: fixed, uniform, lognormal, gamma, empirical; did you mean 'lognormal'?"
      ]),
    BadInput(
      "lognormal missing", [14: "    lengths: { input: { lognormal: { mean: 100 } }, output: 5 }"],
      [
        "scenario.yaml:14: workload[0].lengths.input.lognormal.coefficient_of_variation: required, but missing"
      ]),
    BadInput(
      "dataset typo", [14: "    lengths: { dataset: openorca-mlperff }"],
      [
        "scenario.yaml:14: workload[0].lengths.dataset: found 'openorca-mlperff', not a known name; allowed: {datasets}; did you mean 'openorca-mlperf'?"
      ]),
    BadInput(
      "dataset without outputs", [14: "    lengths: { dataset: mlperf-gpt-oss-120b }"],
      [
        "scenario.yaml:14: workload[0].lengths.dataset: found 'mlperf-gpt-oss-120b', has prompts only; state `output` beside it"
      ]),
    BadInput(
      "dataset and input", [14: "    lengths: { dataset: openorca-mlperf, input: 5 }"],
      [
        "scenario.yaml:14: workload[0].lengths.input: unknown key; allowed: inferencex, dataset, output_mean, output"
      ]),
    BadInput(
      "empirical bad", [14: "    lengths: { input: { empirical: { file: badlen.csv } }, output: 5 }"],
      [
        "badlen.csv:3: found '20,x', not a length of the table; allowed: a length and a count, both whole numbers from 1",
        "badlen.csv:4: found '0,1', not a length of the table; allowed: a length and a count, both whole numbers from 1",
      ]),
    BadInput(
      "empirical missing", [14: "    lengths: { input: { empirical: { file: none.csv } }, output: 5 }"],
      [
        "scenario.yaml:14: workload[0].lengths.input.empirical.file: found 'none.csv', no such file"
      ]),
    BadInput(
      "inferencex", [14: "    lengths: { inferencex: { input: 1024 } }"],
      [
        "scenario.yaml:14: workload[0].lengths.inferencex.output: required, but missing"
      ]),
    BadInput(
      "targets", [16: "    targets: { ttft_p98: 2 s, tpot: 50 }"],
      [
        "scenario.yaml:16: workload[0].targets.ttft_p98: unknown key; allowed: ttft, ttft_p50, ttft_p90, ttft_p95, ttft_p99, tpot, tpot_p50, tpot_p90, tpot_p95, tpot_p99, e2e, e2e_p50, e2e_p90, e2e_p95, e2e_p99; did you mean 'ttft_p90'?",
        "scenario.yaml:16: workload[0].targets.tpot: found '50', which has no unit; a duration needs one of ns, us, ms, s, min, h, d; for example '50 s'",
      ]),
    BadInput(
      "open distribution too long on average",
      [14: "    lengths: { input: { lognormal: { mean: 9000, coefficient_of_variation: 0.5 } }, output: 5 }"],
      [
        "scenario.yaml:14: workload[0].lengths: prompts of 9000 tokens on average, when none can be longer than 7936; allowed: a smaller mean, another max_output_tokens or a larger max_context_tokens"
      ]),
    BadInput(
      "reserved output does not fit the context", [15: "    max_output_tokens: 8192"],
      [
        "scenario.yaml:14: workload[0].lengths: the longest request (1024 input + 8192 output tokens) is longer than the engine's context of 8192 tokens; allowed: shorter lengths, a smaller max_output_tokens or a larger max_context_tokens"
      ]),
    BadInput(
      "output_mean beyond the data set", [14: "    lengths: { dataset: openorca-mlperf, output_mean: 5000 }"],
      [
        "scenario.yaml:14: workload[0].lengths.output_mean: found 5000, out of range; allowed: at most the longest answer of openorca-mlperf, 959 tokens"
      ]),
  ]
}
