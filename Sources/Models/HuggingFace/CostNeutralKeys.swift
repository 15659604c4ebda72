/// Configuration keys that change neither shapes, bytes nor FLOPs, and words that make an unknown key suspect.
enum CostNeutralKeys {
  /// An unread key that contains one of these may change the cost, so it is reported.
  static let structuralWords = [
    "attn", "attention", "expert", "moe", "window", "sparse", "layer", "head", "state", "conv",
  ]

  /// Keys that hold a structural word, or could be taken for structure, and cost nothing.
  ///
  /// Positions (RoPE and its scaling), normalisation constants, routing arithmetic (scoring, scaling,
  /// group-limited choice: below a thousandth of a layer's FLOPs), training losses, initialisation,
  /// tokenizer ids, generation defaults, and the implementation that Transformers picks.
  static let all: Set<String> = [
    // Norms and activations.
    "layer_norm_eps", "layer_norm_epsilon", "rms_norm_eps", "norm_eps", "hidden_act", "mlp_hidden_act",
    "mamba_hidden_act", "hidden_activation", "activation_function", "swiglu_limit", "swiglu_alpha",
    "activation_situ_beta", "activation_situ_linear_beta", "use_gemma_norm", "residual_in_fp32",
    "attn_logit_softcapping", "final_logit_softcapping", "query_pre_attn_scalar", "logit_scale",
    // Positions.
    "rope_theta", "rope_scaling", "rope_parameters", "rope_local_base_freq", "rotary_dim", "rope_interleave",
    "partial_rotary_factor", "compress_rope_theta", "indexer_rope_interleave", "attn_temperature_tuning",
    "attn_scale", "floor_scale", "initial_context_length", "mla_use_nope", "rotary",
    // Routing arithmetic.
    "norm_topk_prob", "routed_scaling_factor", "scoring_func", "topk_group", "n_group", "topk_method",
    "num_expert_group", "use_grouped_topk", "moe_renormalize", "moe_router_activation_func",
    "moe_router_dtype", "seq_aux", "aux_loss_alpha", "router_aux_loss_coef", "router_jitter_noise",
    "output_router_logits", "moe_shared_expert_overlap", "ep_size",
    // Training and initialisation.
    "attention_dropout", "hidden_dropout", "attn_pdrop", "embd_pdrop", "resid_pdrop", "initializer_range",
    "pretraining_tp", "rescale_prenorm_residual", "gradient_checkpointing", "embedding_dropout",
    "residual_dropout", "classifier_dropout",
    // Recurrence constants.
    "time_step_floor", "time_step_limit", "time_step_max", "time_step_min", "time_step_rank",
    "mamba_chunk_size", "chunk_size", "expand", "gate_lower_bound", "hc_eps", "use_mamba_kernels",
    // Implementation and input-output.
    "attn_implementation", "_attn_implementation", "use_cache", "output_attentions",
    "output_hidden_states", "num_logits_to_keep", "cache_implementation", "chunk_size_feed_forward",
    "pruned_heads", "for_llm_compressor", "image_token_index", "boi_token_index", "eoi_token_index",
    "mm_tokens_per_image", "vision_feature_layer", "vision_feature_select_strategy", "head_dim_original",
    "index_share_for_mtp_iteration",
  ]
}
