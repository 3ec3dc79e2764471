#pragma once

#include <chrono>
#include <cstdio>
#include <ctime>
#include <functional>
#include <iostream>
#include <string>
#include <vector>

namespace sbert {

/// Runs `work` for each line that comes in, and writes a line of JSON: seconds of the wall clock
/// and of CPU time, and the numbers that the work returns.
inline void take_turns(const std::function<std::vector<float>()>& work) {
  const auto cpu_seconds = [] {
    timespec time{};
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
  };
  for (std::string line; std::getline(std::cin, line);) {
    const auto wall = std::chrono::steady_clock::now();
    const double cpu = cpu_seconds();
    const std::vector<float> results = work();
    const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - wall;
    std::printf("{\"wall\":%.6f,\"cpu\":%.6f,\"results\":[", seconds.count(), cpu_seconds() - cpu);
    for (std::size_t i = 0; i < results.size(); ++i)
      std::printf(i == 0 ? "%.7g" : ",%.7g", static_cast<double>(results[i]));
    std::puts("]}");
    std::fflush(stdout);
  }
}

}  // namespace sbert
