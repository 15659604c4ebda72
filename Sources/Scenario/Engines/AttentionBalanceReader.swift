import CostModel
import Documents
import Simulation

/// TensorRT-LLM's balance of attention groups, as stated.
struct AttentionBalanceDraft {
  let field: Field
  let balance: AttentionBalance
}

extension EngineReader {
  /// `attention_dp_config`; nil where it is absent or not enabled.
  func attentionBalance(_ field: Field) -> AttentionBalanceDraft? {
    guard field.isPresent, var reader = field.mapping() else { return nil }
    let isEnabled = reader.required("enable_balance").bool()
    let batching = reader.optional("batching_wait_iters").int(in: 0...1_000_000)
    let timeout = reader.optional("timeout_iters").int(in: 0...1_000_000)
    reader.finish()
    guard isEnabled == true else { return nil }
    var balance = AttentionBalance(groups: 1)
    if let batching { balance.batchingSteps = batching }
    if let timeout { balance.timeoutSteps = timeout }
    return AttentionBalanceDraft(field: field, balance: balance)
  }
}

extension EngineDraft {
  /// Refuses what a balance of attention groups doesn't go with.
  func checkAttentionBalance(_ design: ReplicaDesign) {
    guard let field = scheduler.attentionBalance?.field else { return }
    if design.parallel.requestGroups == 1 {
      field.refuse("one attention group has nothing to balance", hint: "state parallel.attention_data")
    }
    for other in [batchWaitSteps.field, batchWaitShare.field] {
      other?.reject("attention_dp_config says what prompts wait for")
    }
    scheduler.longPrefillThreshold.field?.reject("with a balance of attention groups it says nothing")
    if scheduler.batching.value == .static { field.refuse("a static batch has nothing to wait for") }
    lora?.field.refuse("prompts of requests with adapters are not held back")
  }
}
