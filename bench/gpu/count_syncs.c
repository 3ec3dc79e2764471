// Counts the calls by which a program waits for its GPU. Built and preloaded by syncs.py.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdatomic.h>
#include <stdio.h>
#include <unistd.h>

static atomic_long stream_waits, device_waits, event_waits;

#define COUNTED(name, counter, parameters, arguments)                   \
  int name parameters {                                                 \
    static int(*next) parameters;                                       \
    if (!next) next = (int(*) parameters)dlsym(RTLD_NEXT, #name);       \
    counter++;                                                          \
    return next arguments;                                              \
  }
COUNTED(cudaStreamSynchronize, stream_waits, (void* stream), (stream))
COUNTED(cudaDeviceSynchronize, device_waits, (void), ())
COUNTED(cudaEventSynchronize, event_waits, (void* event), (event))

// Instead of the function by which sbert ends, which calls no destructors.
void _Exit(int code) {
  fprintf(stderr, "waits: stream %ld device %ld event %ld\n", stream_waits, device_waits, event_waits);
  _exit(code);
}
