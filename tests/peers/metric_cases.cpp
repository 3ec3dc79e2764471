// Reads cases from stdin (tests/support/metric_case.h) and prints what our functions make of each:
// a line with the numbers, spaces between. For eval_parity.py.

#include <iostream>

#include "sbert/base/concat.h"
#include "tests/support/metric_case.h"

int main() {
  while (const auto next = sbert::read_metric_case(std::cin)) {
    std::string line;
    for (const double value : sbert::measure(*next))
      line += sbert::concat(line.empty() ? "" : " ", value);
    std::cout << line << '\n';
  }
  return 0;
}
