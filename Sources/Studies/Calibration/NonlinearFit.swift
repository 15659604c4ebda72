@preconcurrency import CGSL

/// A nonlinear least-squares fit by GSL's trust-region method (Levenberg–Marquardt), Jacobian by differences.
struct NonlinearFit {
  /// The residuals at a point; always as many.
  let residuals: ([Double]) -> [Double]
  /// Iterations at most.
  var iterations = 100

  private final class Box {
    let residuals: ([Double]) -> [Double]
    init(_ residuals: @escaping ([Double]) -> [Double]) { self.residuals = residuals }
  }

  /// The point of least squares found from `start`; `start` itself where nothing better is found.
  func minimise(from start: [Double]) -> [Double] {
    let count = residuals(start).count
    precondition(count >= start.count, "fewer residuals than parameters")
    let box = Box(residuals)
    return withExtendedLifetime(box) {
      var function = gsl_multifit_nlinear_fdf()
      function.f = { x, parameters, f in
        guard let x, let parameters, let f else { return Int32(GSL_EINVAL) }
        let box = Unmanaged<Box>.fromOpaque(parameters).takeUnretainedValue()
        let point = (0..<x.pointee.size).map { gsl_vector_get(x, $0) }
        for (index, value) in box.residuals(point).enumerated() { gsl_vector_set(f, index, value) }
        return 0
      }
      function.n = count
      function.p = start.count
      function.params = Unmanaged.passUnretained(box).toOpaque()
      var options = gsl_multifit_nlinear_default_parameters()
      guard
        let work = gsl_multifit_nlinear_alloc(gsl_multifit_nlinear_trust, &options, count, start.count),
        let initial = gsl_vector_alloc(start.count)
      else { return start }
      defer {
        gsl_multifit_nlinear_free(work)
        gsl_vector_free(initial)
      }
      for (index, value) in start.enumerated() { gsl_vector_set(initial, index, value) }
      gsl_multifit_nlinear_init(initial, &function, work)
      var information: Int32 = 0
      _ = gsl_multifit_nlinear_driver(iterations, 1e-6, 1e-8, 1e-8, nil, nil, &information, work)
      guard let found = gsl_multifit_nlinear_position(work) else { return start }
      let point = (0..<start.count).map { gsl_vector_get(found, $0) }
      return sum(point) <= sum(start) ? point : start
    }
  }

  private func sum(_ point: [Double]) -> Double {
    let squares = residuals(point).reduce(0) { $0 + $1 * $1 }
    return squares.isFinite ? squares : .infinity
  }
}

/// Solves A x = b for a symmetric positive definite A (row-major, n × n) by GSL's Cholesky decomposition.
func solveSymmetric(_ a: [Double], _ b: [Double]) -> [Double]? {
  let n = b.count
  guard let matrix = gsl_matrix_alloc(n, n), let right = gsl_vector_alloc(n), let x = gsl_vector_alloc(n)
  else {
    return nil
  }
  defer {
    gsl_matrix_free(matrix)
    gsl_vector_free(right)
    gsl_vector_free(x)
  }
  for row in 0..<n {
    gsl_vector_set(right, row, b[row])
    for column in 0..<n { gsl_matrix_set(matrix, row, column, a[row * n + column]) }
  }
  guard gsl_linalg_cholesky_decomp1(matrix) == 0, gsl_linalg_cholesky_solve(matrix, right, x) == 0 else {
    return nil
  }
  return (0..<n).map { gsl_vector_get(x, $0) }
}
