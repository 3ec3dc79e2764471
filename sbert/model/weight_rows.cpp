#include "sbert/model/weight_rows.h"

#include <algorithm>
#include <utility>

namespace sbert {

WeightRows weight_rows(std::vector<Weight> parts) {
  const std::int64_t in = parts.at(0).shape.at(1);
  std::int64_t out = 0;
  for (const Weight& part : parts)
    out += part.shape.at(0);
  const auto read = [parts = std::move(parts), in](std::int64_t first, std::int64_t count,
                                                   float* space) -> const float* {
    float* to = space;
    for (const Weight& part : parts) {
      const std::int64_t rows = part.shape[0];
      if (first >= rows) {  // the rows wanted are in the parts behind
        first -= rows;
        continue;
      }
      const std::int64_t here = std::min(count, rows - first);
      if (to == space && here == count && part.type == ElementType::kFloat32) {
        return part.floats() + first * in;
      }
      read_floats(part, first * in, here * in, to);
      to += here * in;
      count -= here;
      first = 0;
      if (count == 0) break;
    }
    return space;
  };
  return {out, in, read};
}

std::vector<float> to_floats(const Weight& weight) {
  std::vector<float> values(static_cast<std::size_t>(weight.num_elements()));
  read_floats(weight, 0, weight.num_elements(), values.data());
  return values;
}

}  // namespace sbert
