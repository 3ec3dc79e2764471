#pragma once

#include <string>
#include <vector>

namespace sbert {

/// One point of a curve, such as recall against k.
struct CurvePoint {
  double x = 0;
  double y = 0;
};

struct Curve {
  std::string name;     ///< "recall@k"
  std::string x_label;  ///< "k"
  std::vector<CurvePoint> points;
};

}  // namespace sbert
