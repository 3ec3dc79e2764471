// A libcuda.so.1 of a machine with one GPU, as far as sbert asks it.

#include <cstdio>

extern "C" {

int cuInit(unsigned) {
  return 0;
}

int cuDeviceGetCount(int* count) {
  *count = 1;
  return 0;
}

int cuDeviceGetName(char* name, int size, int) {
  std::snprintf(name, static_cast<std::size_t>(size), "a fake GPU");
  return 0;
}

int cuDeviceGetAttribute(int* value, int, int) {
  *value = 8;
  return 0;
}

}  // extern "C"
