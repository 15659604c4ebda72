/// An image model that denoises a latent image in a fixed number of steps.
public struct Diffusion: Sendable, Equatable {
  /// Parameters of the denoising network.
  public var denoiserParameters: Int
  /// Parameters of all text encoders together.
  public var textEncoderParameters: Int
  /// Parameters of the image decoder (VAE).
  public var decoderParameters: Int
  /// Denoising steps per image.
  public var denoisingSteps: Int
  /// Denoiser passes per step: 2 with classifier-free guidance, else 1.
  public var passesPerStep: Int
  /// FLOPs of one denoiser pass for one image.
  public var denoiserFloatingPointOperationsPerPass: Double
  /// FLOPs of decoding one latent image.
  public var decoderFloatingPointOperations: Double
  /// FLOPs of encoding the prompts of one image (with guidance, positive and negative).
  public var textEncoderFloatingPointOperations: Double
  /// Pixels of an image: width × height.
  public var imagePixels: Int

  /// A diffusion model from its parts.
  public init(
    denoiserParameters: Int, textEncoderParameters: Int, decoderParameters: Int, denoisingSteps: Int,
    passesPerStep: Int, denoiserFloatingPointOperationsPerPass: Double,
    decoderFloatingPointOperations: Double, textEncoderFloatingPointOperations: Double, imagePixels: Int
  ) {
    self.denoiserParameters = denoiserParameters
    self.textEncoderParameters = textEncoderParameters
    self.decoderParameters = decoderParameters
    self.denoisingSteps = denoisingSteps
    self.passesPerStep = passesPerStep
    self.denoiserFloatingPointOperationsPerPass = denoiserFloatingPointOperationsPerPass
    self.decoderFloatingPointOperations = decoderFloatingPointOperations
    self.textEncoderFloatingPointOperations = textEncoderFloatingPointOperations
    self.imagePixels = imagePixels
  }

  /// All parameters: denoiser + text encoders + decoder.
  public var parameterCount: Int { denoiserParameters + textEncoderParameters + decoderParameters }

  /// FLOPs of denoising one image: steps × passes per step × FLOPs per pass.
  public var denoisingFloatingPointOperationsPerImage: Double {
    Double(denoisingSteps * passesPerStep) * denoiserFloatingPointOperationsPerPass
  }

  /// FLOPs of one image: denoising + decoder + text encoders.
  public var floatingPointOperationsPerImage: Double {
    denoisingFloatingPointOperationsPerImage + decoderFloatingPointOperations
      + textEncoderFloatingPointOperations
  }

  /// Bytes of all weights: the denoiser in `precision.weights`, encoders and decoder at 16 bits.
  public func weightBytes(precision: Precision) -> Double {
    Double(denoiserParameters) * precision.weights.bytesPerElement
      + Double(textEncoderParameters + decoderParameters) * DataType.bf16.bytesPerElement
  }
}
