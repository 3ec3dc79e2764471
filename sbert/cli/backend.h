#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "sbert/base/worker_pool.h"
#include "sbert/cli/commands.h"
#include "sbert/cli/encoding_options.h"
#include "sbert/embed/text_embedder.h"

namespace sbert {

/// Opens the models of a command, where its EncodingOptions want them to compute.
class Models {
 public:
  virtual ~Models() = default;

  /// Embedders of models that are used together, in the order of the paths. All are to go before
  /// others are opened, and before this object does.
  /// @throws Error as load_model(); of what the model's executor cannot run
  virtual std::vector<std::unique_ptr<TextEmbedder>> open(
      const std::vector<std::string>& paths) = 0;

  /// Threads for the command's own work, and the token of the stop signals.
  virtual const ComputeContext& context() const = 0;
};

/// The embedders of models.open(), which do with long texts as the options say and count them.
std::vector<std::unique_ptr<TextEmbedder>> open_models(Models& models,
                                                       const std::vector<std::string>& paths,
                                                       const EncodingOptions& options);

/// The embedder of one model.
/// @param is_one_of_several whether the command opens more models, and the count is to name this
/// one
std::unique_ptr<TextEmbedder> open_model(Models& models,
                                         const std::string& path,
                                         const EncodingOptions& options,
                                         bool is_one_of_several = false);

/// What the two programs do differently. bin/sbert computes on the CPU, in one process, and becomes
/// sbert-torch for all else; sbert-torch does everything itself.
class Backend {
 public:
  virtual ~Backend() = default;

  /// Of --version: "sbert 0.1.0".
  virtual std::string version() const = 0;
  /// Called first of all.
  /// @throws Error(kUsage) if the parts of the installation do not fit together
  virtual void check_installation() = 0;

  /// Does the work of a command that embeds, in the process that is to do it: not in those that
  /// embed for another one, nor in one that only starts others. Nothing of stdin may have been read
  /// before.
  /// @throws Error(kUsage) if the options cannot be met, and what the work throws
  virtual void run(const EncodingOptions& options, const std::function<void(Models&)>& work) = 0;

  /// `sbert train`.
  virtual void train(const Arguments& arguments) = 0;
};

}  // namespace sbert
