import Models
import Testing

@Suite struct DataTypeTests {
  @Test(arguments: [
    (DataType.bf16, 16.0), (.fp8, 8), (.fp8Block, 8.001953125), (.mxfp8, 8.25), (.nvfp4, 4.5),
    (.mxfp4, 4.25), (.int4, 4.125), (.int4Group32, 4.5), (.fp32, 32), (.mxfp6, 6.25),
  ])
  func bitsIncludeScales(_ type: DataType, _ bits: Double) {
    #expect(type.bitsPerElement == bits)
    #expect(type.bytesPerElement == bits / 8)
  }

  @Test func namesAreThoseOfScenarioFiles() {
    #expect(DataType(rawValue: "fp8_block") == .fp8Block)
    #expect(DataType(rawValue: "nvfp4") == .nvfp4)
    #expect(DataType(rawValue: "NVFP4") == nil)
  }

  @Test func theWiderOperandSetsTheRate() {
    let weightOnly = Precision(weights: .mxfp4, activations: .bf16)
    #expect(weightOnly.computeType(of: .feedForward) == .bf16)
    let mixed = Precision(weights: .mxfp4, activations: .mxfp8)
    #expect(mixed.computeType(of: .feedForward) == .fp8)
    let full = Precision(weights: .nvfp4, activations: .nvfp4)
    #expect(full.computeType(of: .attention) == .fp4)
    #expect(full.computeType(of: .languageModelHead) == .bf16)
    #expect(Precision(weights: .int4, activations: .bf16).computeType(of: .experts) == .bf16)
  }

  @Test func expertsMayDiffer() {
    let precision = Precision(weights: .bf16, experts: .mxfp4)
    #expect(precision.weightType(of: .attention) == .bf16)
    #expect(precision.weightType(of: .experts) == .mxfp4)
    #expect(precision.weightType(of: .router) == .bf16)
  }
}
