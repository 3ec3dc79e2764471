#pragma once

#include "sbert/cli/backend.h"

namespace sbert {

/// The backend of bin/sbert.
class CoreBackend final : public Backend {
 public:
  /// @param argv of main(), for sbert-torch
  explicit CoreBackend(char** argv) : argv_(argv) {}

  std::string version() const override;
  void check_installation() override {}
  void run(const EncodingOptions& options, const std::function<void(Models&)>& work) override;
  void train(const Arguments& arguments) override;

 private:
  char** argv_;
};

}  // namespace sbert
