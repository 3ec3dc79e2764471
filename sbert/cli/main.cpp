#include "sbert/cli/core_backend.h"
#include "sbert/cli/program.h"

int main(int argc, char** argv) {
  sbert::CoreBackend backend(argv);
  sbert::run_program(argc, argv, backend);
}
