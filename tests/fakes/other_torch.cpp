// Says of itself that it is libtorch 2.9.1.

#include <cstdint>

extern "C" std::uint64_t aoti_torch_abi_version() {
  return (2ULL << 56) | (9ULL << 48) | (1ULL << 40);
}
