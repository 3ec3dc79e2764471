#pragma once

#include "sbert/cli/backend.h"

namespace sbert {

/// The backend of sbert-torch: GPUs, several processes, training.
class TorchBackend final : public Backend {
 public:
  /// @param words of main(), without the program's name: processes that this one starts get them
  explicit TorchBackend(Arguments words) : words_(std::move(words)) {}

  std::string version() const override;
  void check_installation() override;
  void run(const EncodingOptions& options, const std::function<void(Models&)>& work) override;
  void train(const Arguments& arguments) override;

 private:
  Arguments words_;
};

}  // namespace sbert
