#include "sbert/cli/program.h"
#include "sbert/cli/torch/torch_backend.h"

int main(int argc, char** argv) {
  sbert::TorchBackend backend(sbert::Arguments(argv + (argc > 0 ? 1 : 0), argv + argc));
  sbert::run_program(argc, argv, backend);
}
