import Testing

@Suite("Deployments that are refused")
struct BadDeploymentTests {
  @Test(arguments: cases) func messages(input: BadInput) throws { try input.check() }

  private static let cases: [BadInput] = [
    BadInput(
      "a model with kernels that are not modelled", [6: "    model: minimax-m3"],
      [
        "scenario.yaml:6: deployments[0].model: found 'minimax-m3', not modelled: block-sparse attention (sparse_topk_blocks=16 of 128 tokens)",
        "scenario.yaml:6: deployments[0].model: found 'minimax-m3', does not fit: each accelerator would hold 852.3 GB of weights and 4 GB of runtime in 85.5 GB; allowed: more accelerators a replica (parallel), or narrower weights (precision)",
      ]),
    BadInput(
      "unknown model", [6: "    model: lama-3.1-8b"],
      [
        "scenario.yaml:6: deployments[0].model: found 'lama-3.1-8b', not a known model; allowed: {models}, or the path of a Hugging Face config.json; did you mean 'llama-3.1-8b'?"
      ]),
    BadInput(
      "unknown hf model", [6: "    model: meta-llama/Llama-3.1-8B-Instuct"],
      [
        "scenario.yaml:6: deployments[0].model: found 'meta-llama/Llama-3.1-8B-Instuct', not a known model; allowed: {models}, or the path of a Hugging Face config.json; did you mean 'meta-llama/Llama-3.1-8B-Instruct'?"
      ]),
    BadInput(
      "missing config", [6: "    model: ./nothing/config.json"],
      [
        "scenario.yaml:6: deployments[0].model: found './nothing/config.json', no such file; give the path of a Hugging Face config.json"
      ]),
    BadInput(
      "broken config", [6: "    model: ./config.json"],
      [
        "scenario.yaml:6: deployments[0].model: found './config.json', ./config.json: key 'vocab_size' is missing; a model of type 'llama' needs it"
      ]),
    BadInput(
      "model too large", [6: "    model: llama-3.1-405b"],
      [
        "scenario.yaml:6: deployments[0].model: found 'llama-3.1-405b', does not fit: each accelerator would hold 811.7 GB of weights and 4 GB of runtime in 85.5 GB; allowed: more accelerators a replica (parallel), or narrower weights (precision)"
      ]),
    BadInput(
      "a version without a number",
      [8: "    engine: { framework: vllm, version: nightly, max_batch_size: 64 }"],
      [
        "scenario.yaml:8: deployments[0].engine.version: found 'nightly', no number in front, so that nobody knows which kernels it has; allowed: a version such as 0.11.1 or v0.11.1; leave it out for the newest that was measured"
      ]),
    BadInput(
      "no room for KV",
      [
        6: "    model: llama-3.1-70b", 7: "    precision: { weights: fp8 }",
        8:
          "    engine: { framework: vllm, max_batch_size: 64, max_batch_tokens: 2048, max_context_tokens: 8192 }",
      ],
      [
        "scenario.yaml:6: deployments[0].model: found 'llama-3.1-70b', no room for the KV cache: 0.9 x 85.5 GB - 72.7 GB weights - 4.0 GB runtime - 0.5 GB activations = -0.2 GB an accelerator; allowed: more accelerators a replica (parallel), narrower weights (precision), a larger memory_fraction or a smaller max_batch_tokens"
      ]),
    BadInput(
      "no room for KV trt",
      [
        6: "    model: llama-3.1-70b", 7: "    precision: { weights: fp8 }",
        8:
          "    engine: { framework: tensorrt-llm, max_batch_size: 64, max_batch_tokens: 65536, max_context_tokens: 8192 }",
      ],
      [
        "scenario.yaml:6: deployments[0].model: found 'llama-3.1-70b', no room for the KV cache: 0.9 x (85.5 GB - 72.7 GB weights - 4.0 GB runtime - 15.6 GB activations) = -6.1 GB an accelerator; allowed: more accelerators a replica (parallel), narrower weights (precision), a larger memory_fraction or a smaller max_batch_tokens"
      ]),
    BadInput(
      "TP 3", [9: "    parallel: { tensor: 3 }"],
      [
        "scenario.yaml:9: deployments[0].parallel.tensor: found 3, does not divide the 32 query heads of llama-3.1-8b; allowed: 1, 2, 4, 8, 16, 32",
        "scenario.yaml:9: deployments[0].parallel.tensor: found 3, neither divides the 8 key-value heads of llama-3.1-8b nor is a multiple of them",
      ]),
    BadInput(
      "balance of one group",
      [8: "    engine: { framework: tensorrt-llm, attention_dp_config: { enable_balance: true } }"],
      [
        "scenario.yaml:8: deployments[0].engine.attention_dp_config: one attention group has nothing to balance; state parallel.attention_data"
      ]),
    BadInput(
      "balance and wait",
      [
        8:
          "    engine: { framework: tensorrt-llm, batch_wait_timeout_iters: 9, attention_dp_config: { enable_balance: true } }",
        9: "    parallel: { attention_data: 2 }",
      ],
      [
        "scenario.yaml:8: deployments[0].engine.batch_wait_timeout_iters: found 9, attention_dp_config says what prompts wait for"
      ]),
    BadInput(
      "TP 4 x 3", [9: "    parallel: { tensor: 4, attention_data: 3 }"],
      [
        "scenario.yaml:9: deployments[0].parallel: found 12 accelerators a stage, more than the scale-up domain of NVIDIA H100 SXM joins, and no whole number of them; allowed: at most 8, or a multiple of it"
      ]),
    BadInput(
      "expert dense", [9: "    parallel: { expert: 4, tensor: 4 }"],
      [
        "scenario.yaml:9: deployments[0].parallel.expert: found 4, llama-3.1-8b has no experts; allowed: 1"
      ]),
    BadInput(
      "parallel unknown key", [9: "    parallel: { tp: 4, tensr: 2 }"],
      [
        "scenario.yaml:9: deployments[0].parallel.tp: unknown key; allowed: tensor, pipeline, expert, attention_data, context",
        "scenario.yaml:9: deployments[0].parallel.tensr: unknown key; allowed: tensor, pipeline, expert, attention_data, context; did you mean 'tensor'?",
      ]),
    BadInput(
      "TP 0", [9: "    parallel: { tensor: 0 }"],
      [
        "scenario.yaml:9: deployments[0].parallel.tensor: found 0, out of range; allowed: 1 to 65536"
      ]),
    BadInput(
      "precision unknown", [7: "    precision: { weights: fp12, kv: fp8 }"],
      [
        "scenario.yaml:7: deployments[0].precision.weights: found 'fp12', not a known name; allowed: fp64, fp32, tf32, bf16, fp16, fp8, fp8_block, mxfp8, fp6, mxfp6, int8, nvfp4, mxfp4, int4, int4_g32; did you mean 'fp32'?",
        "scenario.yaml:7: deployments[0].precision.kv: unknown key; allowed: weights, activations, kv_cache, attention, experts, language_model_head, embedding",
      ]),
    BadInput(
      "fp4 activations on hopper", [7: "    precision: { weights: nvfp4, activations: nvfp4 }"],
      [
        "scenario.yaml:7: deployments[0].precision.activations: found 'nvfp4', NVIDIA H100 SXM does not multiply fp4; allowed: formats that multiply as fp64, fp32, tf32, bf16, int8, fp8"
      ]),
    BadInput(
      "tgi", [8: "    engine: { framework: tgi }"],
      [
        "scenario.yaml:8: deployments[0].engine.framework: found 'tgi', not modelled yet; allowed: vllm, tensorrt-llm, sglang"
      ]),
    BadInput(
      "options of another framework",
      [8: "    engine: { framework: sglang, max_num_seqs: 4, capacity_policy: guaranteed_no_evict }"],
      [
        "scenario.yaml:8: deployments[0].engine.max_num_seqs: unknown key; allowed: framework, version, max_batch_size, max_running_requests, max_batch_tokens, chunked_prefill_size, chunked_prefill, capacity_policy, max_context_tokens, context_length, memory_fraction, mem_fraction_static, block_tokens, page_size, watermark, kv_blocks, speculation, prefix_caching, cache_tiers, lora, scheduling_policy, schedule_policy, max_queued_requests, batching, async_scheduling, disable_overlap_schedule, sampler, disable_radix_cache, max_prefill_tokens, scheduler_recv_interval, enable_mixed_chunk, schedule_conservativeness",
        "scenario.yaml:8: deployments[0].engine.capacity_policy: found 'guaranteed_no_evict', SGLang admits requests on current use and recomputes what it preempts; allowed: max_utilization",
      ]),
    BadInput(
      "more accepted than drafted",
      [8: "    engine: { framework: vllm, speculation: { draft_tokens: 2, acceptance_length: 3.5 } }"],
      [
        "scenario.yaml:8: deployments[0].engine.speculation.acceptance_length: found 3.5, a step yields at most its 2 drafts and one token more; allowed: 1 to 3"
      ]),
    BadInput(
      "framework typo", [8: "    engine: { framework: vlm, max_batch_size: 2 }"],
      [
        "scenario.yaml:8: deployments[0].engine.framework: found 'vlm', not a known name; allowed: vllm, tensorrt-llm, sglang; did you mean 'vllm'?"
      ]),
    BadInput(
      "engine missing", [8: ""],
      [
        "scenario.yaml:5: deployments[0].engine: required, but missing"
      ]),
    BadInput(
      "guaranteed with vllm", [8: "    engine: { framework: vllm, capacity_policy: guaranteed_no_evict }"],
      [
        "scenario.yaml:8: deployments[0].engine.capacity_policy: found 'guaranteed_no_evict', vLLM admits requests on current use and recomputes what it preempts; allowed: max_utilization"
      ]),
    BadInput(
      "policy typo", [8: "    engine: { framework: tensorrt-llm, capacity_policy: max_utilisation }"],
      [
        "scenario.yaml:8: deployments[0].engine.capacity_policy: found 'max_utilisation', not a known name; allowed: max_utilization, guaranteed_no_evict; did you mean 'max_utilization'?"
      ]),
    BadInput(
      "tokens below batch",
      [8: "    engine: { framework: vllm, max_num_seqs: 512, max_num_batched_tokens: 256 }"],
      [
        "scenario.yaml:8: deployments[0].engine.max_num_batched_tokens: found 256, the token budget of 256 a step is below the batch size of 512, so that not every request could decode; allowed: at least 512"
      ]),
    BadInput(
      "default tokens below batch", [8: "    engine: { framework: vllm, max_num_seqs: 10000 }"],
      [
        "scenario.yaml:8: deployments[0].engine.max_num_seqs: found 10000, the default token budget of 8192 a step is below the batch size of 10000, so that not every request could decode; allowed: at most 8192, or a larger max_batch_tokens"
      ]),
    BadInput(
      "stated twice", [8: "    engine: { framework: vllm, max_num_seqs: 64, max_batch_size: 64 }"],
      [
        "scenario.yaml:8: deployments[0].engine.max_num_seqs: found 64, stated twice, as max_batch_size and as max_num_seqs"
      ]),
    BadInput(
      "other framework's alias", [8: "    engine: { framework: vllm, max_num_tokens: 4096 }"],
      [
        "scenario.yaml:8: deployments[0].engine.max_num_tokens: unknown key; allowed: framework, version, max_batch_size, max_num_seqs, max_batch_tokens, max_num_batched_tokens, chunked_prefill, enable_chunked_prefill, capacity_policy, max_context_tokens, max_model_len, memory_fraction, gpu_memory_utilization, block_tokens, block_size, watermark, kv_blocks, num_gpu_blocks_override, speculation, prefix_caching, enable_prefix_caching, cache_tiers, lora, scheduling_policy, max_queued_requests, batching, async_scheduling, sampler, long_prefill_threshold, long_prefill_token_threshold, preemption_mode, swap_space, swap_bandwidth; did you mean 'max_num_seqs'?"
      ]),
    BadInput(
      "context beyond model", [8: "    engine: { framework: vllm, max_model_len: 200000 }"],
      [
        "scenario.yaml:8: deployments[0].engine.max_model_len: found 200000, longer than the context of llama-3.1-8b; allowed: at most 131072 tokens"
      ]),
    BadInput(
      "prompt over budget without chunking",
      [8: "    engine: { framework: tensorrt-llm, max_batch_size: 64, max_num_tokens: 512 }"],
      [
        "scenario.yaml:14: workload[0].lengths: the longest prompt (1024 tokens) does not fit into a step of 512 tokens; allowed: chunked_prefill: true, or a larger max_batch_tokens"
      ]),
    BadInput(
      "longest over context", [8: "    engine: { framework: vllm, max_model_len: 1024 }"],
      [
        "scenario.yaml:14: workload[0].lengths: the longest request (1024 input + 256 output tokens) is longer than the engine's context of 1024 tokens; allowed: shorter lengths, a smaller max_output_tokens or a larger max_context_tokens"
      ]),
    BadInput(
      "blocks too few", [8: "    engine: { framework: vllm, max_model_len: 8192, kv_blocks: 50 }"],
      [
        "scenario.yaml:14: workload[0].lengths: the longest request (1024 input + 256 output tokens) needs 80 KV blocks of 16 tokens, a replica has 50 for it; allowed: shorter lengths, a smaller max_output_tokens, or more accelerators a replica (parallel)"
      ]),
    BadInput(
      "blocks too many", [8: "    engine: { framework: vllm, max_model_len: 8192, kv_blocks: 5000000 }"],
      [
        "scenario.yaml:8: deployments[0].engine.kv_blocks: found 5000000, more blocks of 16 tokens than the memory holds; allowed: at most 30739"
      ]),
    BadInput(
      "memory_fraction", [8: "    engine: { framework: vllm, memory_fraction: 90 }"],
      [
        "scenario.yaml:8: deployments[0].engine.memory_fraction: found 90, out of range; allowed: more than 0, up to 1 (or 100 %)"
      ]),
    BadInput(
      "chunked_prefill yes", [8: "    engine: { framework: vllm, chunked_prefill: yes }"],
      [
        "scenario.yaml:8: deployments[0].engine.chunked_prefill: found 'yes', true or false is needed; write true"
      ]),
    BadInput(
      "too many replicas", [10: "    replicas: 9"],
      [
        "scenario.yaml:10: deployments[0].replicas: found 9, more than fit: of the site's 8 accelerators, 8 are free, and a replica takes 1; allowed: at most 8"
      ]),
    BadInput(
      "too many replicas of tp4", [9: "    parallel: { tensor: 4 }", 10: "    replicas: 3"],
      [
        "scenario.yaml:10: deployments[0].replicas: found 3, more than fit: of the site's 8 accelerators, 8 are free, and a replica takes 4; allowed: at most 2"
      ]),
    BadInput(
      "replicas text", [10: "    replicas: all"],
      [
        "scenario.yaml:10: deployments[0].replicas: found 'all', a number of replicas, or fill, is needed; allowed: at least 1, or fill"
      ]),
    BadInput(
      "a pool without replicas",
      [9: "", 10: "    pools: [{ role: prefill }, { role: decode, replicas: 1 }]"],
      ["scenario.yaml:10: deployments[0].pools[0].replicas: required, but missing"]),
    BadInput(
      "one pool", [9: "", 10: "    pools: [{ role: prefill, replicas: 1 }]"],
      [
        "scenario.yaml:10: deployments[0].pools: found a list of 1, a deployment with pools has two; allowed: one with role: prefill, one with role: decode"
      ]),
    BadInput(
      "pools beside replicas",
      [
        9: "",
        10: "    replicas: 2\n    pools: [{ role: prefill, replicas: 1 }, { role: decode, replicas: 1 }]",
      ],
      [
        "scenario.yaml:10: deployments[0].replicas: each pool states its own; move it into the pools"
      ]),
    BadInput(
      "an aggregated pool",
      [9: "", 10: "    pools: [{ role: prefill, replicas: 1 }, { role: aggregated, replicas: 1 }]"],
      [
        "scenario.yaml:10: deployments[0].pools[1].role: found 'aggregated', a deployment with one pool states replicas and parallel itself; allowed: prefill, decode"
      ]),
    BadInput(
      "hand-off without pools", [10: "    hand_off: { delay: 10 ms }"],
      [
        "scenario.yaml:10: deployments[0].hand_off: only requests of pools are handed over; state pools, or leave it out"
      ]),
    BadInput(
      "more pools than fit",
      [9: "", 10: "    pools: [{ role: prefill, replicas: 5 }, { role: decode, replicas: 4 }]"],
      [
        "scenario.yaml:10: deployments[0].pools[0].replicas: found 5, more than fit: of the site's 8 accelerators, 4 are free, and a replica takes 1; allowed: at most 4"
      ]),
    BadInput(
      "router", [10: "    router: { policy: round_robin }"],
      [
        "scenario.yaml:10: deployments[0].router.policy: found 'round_robin', not a known name; allowed: round-robin, random, session-sticky, prefix-hash, least-outstanding, power-of-two, least-tokens, prefix-aware, adapter-affinity; did you mean 'round-robin'?"
      ]),
    BadInput(
      "front end", [10: "    front_end: { delay: 10 }"],
      [
        "scenario.yaml:10: deployments[0].front_end.delay: found '10', which has no unit; a duration needs one of ns, us, ms, s, min, h, d; for example '10 s'"
      ]),
    BadInput(
      "two fills",
      [
        4: "deployments:\n  - { name: b, model: llama-3.1-8b, engine: { framework: vllm } }",
        10: "    replicas: fill",
        12:
          "  - { deployment: b, arrivals: { process: offline, requests: 5 }, lengths: { input: 1, output: 1 } }\n  - deployment: chat",
      ],
      [
        "scenario.yaml:11: deployments[1].replicas: found 'fill', only one deployment can fill what the others leave; allowed: a number of replicas"
      ]),
    BadInput(
      "same names, no workload for one",
      [4: "deployments:\n  - { name: chat, model: llama-3.1-8b, engine: { framework: vllm }, replicas: 1 }"],
      [
        "scenario.yaml:6: deployments[1].name: found 'chat', two deployments have this name; give each a name of its own"
      ]),
    BadInput(
      "unserved deployment",
      [4: "deployments:\n  - { name: b, model: llama-3.1-8b, engine: { framework: vllm }, replicas: 1 }"],
      [
        "scenario.yaml:5: deployments[0]: no workload names the deployment 'b'"
      ]),
    BadInput(
      "deployment needed",
      [
        4: "deployments:\n  - { name: b, model: llama-3.1-8b, engine: { framework: vllm }, replicas: 1 }",
        12: "  - name: x",
      ],
      [
        "scenario.yaml:13: workload[0].deployment: required, but missing",
        "scenario.yaml:13: workload[0].name: unknown key; allowed: deployment, arrivals, lengths, system_prompt, conversations, samples, adapters, class, priority, thinking_tokens, timeout, cancellations, tenant, deferrable, max_output_tokens, targets",
      ]),
    BadInput(
      "no deployments", [4: "deployments: []", 5: "", 6: "", 7: "", 8: "", 9: "", 10: ""],
      [
        "scenario.yaml:4: deployments: found an empty list, at least one deployment is needed"
      ]),
    BadInput(
      "images with lengths",
      [6: "    model: stable-diffusion-xl", 7: "", 8: "    engine: { framework: tensorrt-llm }"],
      [
        "scenario.yaml:14: workload[0].lengths: found a mapping, stable-diffusion-xl makes images, which have no lengths in tokens",
        "scenario.yaml:15: workload[0].max_output_tokens: found 256, stable-diffusion-xl makes images, which have no lengths in tokens",
      ]),
    BadInput(
      "an empty element", [4: "deployments:\n  -"],
      [
        "scenario.yaml:5: deployments[0]: found nothing, a mapping (key: value) is needed"
      ]),
    BadInput(
      "tensor parallel images",
      [
        6: "    model: stable-diffusion-xl", 7: "", 8: "    engine: { framework: tensorrt-llm }",
        9: "    parallel: { tensor: 2 }", 14: "", 15: "",
      ],
      [
        "scenario.yaml:9: deployments[0].parallel: found 2 accelerators a replica, an image model runs on one accelerator; allowed: 1 in each direction"
      ]),
    BadInput(
      "pipeline beyond the site", [9: "    parallel: { tensor: 8, pipeline: 2 }", 10: "    replicas: 1"],
      [
        "scenario.yaml:9: deployments[0].parallel: found 16 accelerators a replica, no replica fits: 8 of 8 accelerators are free"
      ]),
    BadInput(
      "nothing left to fill",
      [
        4: "deployments:\n  - { name: b, model: llama-3.1-8b, engine: { framework: vllm } }",
        10: "    replicas: 8",
        12:
          "  - { deployment: b, arrivals: { process: offline, requests: 5 }, lengths: { input: 1, output: 1 } }\n  - deployment: chat",
      ],
      [
        "scenario.yaml:5: deployments[0].parallel: found 1 accelerator a replica, no replica fits: 0 of 8 accelerators are free"
      ]),
  ]
}
