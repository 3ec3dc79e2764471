#pragma once

#include <array>
#include <vector>

#include "sbert/base/curve.h"
#include "sbert/base/matrix.h"
#include "sbert/base/stop_token.h"

namespace sbert {

/// Points of a plane, and how much of the spread of the original ones they keep.
struct Projection {
  std::vector<CurvePoint> points;              ///< [N]
  std::array<double, 2> explained_variance{};  ///< parts of 1, by component
};

/// The first two principal components, by orthogonal iteration on the covariance (Golub and Van
/// Loan, Matrix Computations, 8.2) from a fixed start. The greatest entry of each axis is positive,
/// so equal embeddings give equal maps.
///
/// @param embeddings [N, H]; of rows that are all the same, and of none, every point is 0
/// @throws Error(kCancelled) once a stop is requested
Projection principal_components(const FloatMatrix& embeddings, const StopToken& stop = {});

}  // namespace sbert
