#pragma once

#include <functional>
#include <latch>
#include <thread>
#include <vector>

#include <c10/core/Device.h>

#include "sbert/config/membership.h"
#include "sbert/dist/free_port.h"
#include "sbert/dist/process_group.h"

namespace sbert {

inline Membership member(int rank, int size, int port) {
  return {.rank = rank,
          .size = size,
          .local_rank = rank,
          .master_address = "127.0.0.1",
          .master_port = port};
}

/// Threads in the place of processes: Gloo's connections are the same.
inline void on_each_rank(int size, const std::function<void(ProcessGroup&)>& work) {
  constexpr int kTimeoutSeconds = 60;
  const int port = free_port();
  std::latch joined(size);  // who leaves early would end the others' joining
  std::vector<std::thread> threads;
  for (int rank = 0; rank < size; ++rank) {
    threads.emplace_back([&, rank] {
      const auto group = connect(member(rank, size, port), c10::Device(c10::kCPU), kTimeoutSeconds);
      joined.arrive_and_wait();
      work(*group);
    });
  }
  for (std::thread& thread : threads)
    thread.join();
}

}  // namespace sbert
