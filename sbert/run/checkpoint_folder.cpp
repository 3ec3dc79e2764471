#include "sbert/run/checkpoint_folder.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <system_error>
#include <utility>

#include "sbert/base/concat.h"
#include "sbert/base/error.h"
#include "sbert/base/files.h"
#include "sbert/base/write_place.h"

namespace sbert {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kLastSuffix = "-last.ckpt";
constexpr std::string_view kSuffix = ".ckpt";
constexpr std::string_view kTemporaryLink = ".tmp-link";

std::vector<fs::path> files_in(const fs::path& folder) {
  std::vector<fs::path> files;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder, error))
    files.push_back(entry.path());
  if (error) fail(ErrorKind::kIo, concat(folder, ": cannot list: ", error.message()));
  std::sort(files.begin(), files.end());
  return files;
}

void remove_file(const fs::path& path) {
  std::error_code error;
  fs::remove(path, error);
  if (error) fail(ErrorKind::kIo, concat(path, ": cannot remove: ", error.message()));
}

// The number after "KEY=" in a file's name.
std::optional<double> number_in_name(const std::string& name, const std::string& key) {
  const std::size_t at = name.find(concat(key, '='));
  if (at == std::string::npos) return std::nullopt;
  const char* first = name.data() + at + key.size() + 1;
  double value = 0;
  const auto [end, error] = std::from_chars(first, name.data() + name.size(), value);
  if (error != std::errc()) return std::nullopt;
  return value;
}

}  // namespace

void remove_temporary_files(const fs::path& folder) {
  for (const fs::path& file : files_in(folder)) {
    const std::string name = file.filename().string();
    if (!is_temporary_name(name) && !name.ends_with(kTemporaryLink)) continue;
    std::error_code error;
    fs::remove_all(file, error);  // a model that was being written is a folder
    if (error) fail(ErrorKind::kIo, concat(file, ": cannot remove: ", error.message()));
  }
}

CheckpointFolder::CheckpointFolder(fs::path folder,
                                   std::string name,
                                   const CheckpointOptions& options)
    : folder_(std::move(folder)),
      name_(std::move(name)),
      metric_(options.monitor),
      options_(options) {
  std::replace(metric_.begin(), metric_.end(), '/', '_');
  make_folder(folder_);
  remove_temporary_files(folder_);
  if (const auto newest = last()) settle(*newest);
}

std::optional<fs::path> CheckpointFolder::last() const {
  std::optional<fs::path> newest;
  double newest_step = -1;
  for (const fs::path& file : files_in(folder_)) {
    const std::string name = file.filename().string();
    if (!name.starts_with(name_ + "--") || !name.ends_with(kLastSuffix)) continue;
    // Two stand there if a run was killed between writing one and removing the one before.
    const double step = number_in_name(name, "step").value_or(-1);
    if (step > newest_step) {
      newest = file;
      newest_step = step;
    }
  }
  return newest;
}

std::optional<fs::path> CheckpointFolder::best() const {
  const std::vector<Ranked> all = ranked();
  return all.empty() ? std::nullopt : std::optional(all.front().path);
}

bool CheckpointFolder::last_has_score() const {
  const auto newest = last();
  return newest && number_in_name(newest->filename().string(), metric_).has_value();
}

std::vector<CheckpointFolder::Ranked> CheckpointFolder::ranked() const {
  std::vector<Ranked> found;
  for (const fs::path& file : files_in(folder_)) {
    const std::string name = file.filename().string();
    if (!name.starts_with(name_ + "--") || !name.ends_with(kSuffix) ||
        name.ends_with(kLastSuffix)) {
      continue;
    }
    // One that is no number ranks nowhere.
    const auto score = number_in_name(name, metric_);
    if (score && std::isfinite(*score)) found.push_back({*score, file});
  }
  const bool is_lower_first = is_lower_better(options_.monitor, options_.mode);
  std::stable_sort(found.begin(), found.end(), [&](const Ranked& a, const Ranked& b) {
    return is_lower_first ? a.score < b.score : a.score > b.score;
  });
  return found;
}

// Takes away the last checkpoints before this one, and keeps it also among the best if its metric
// says so. Doing it twice changes nothing.
void CheckpointFolder::settle(const fs::path& last) {
  for (const fs::path& file : files_in(folder_)) {
    const std::string name = file.filename().string();
    if (name.starts_with(name_ + "--") && name.ends_with(kLastSuffix) && file != last)
      remove_file(file);
  }
  keep_best(last);
}

void CheckpointFolder::keep_best(const fs::path& last) {
  const auto score = number_in_name(last.filename().string(), metric_);
  if (options_.save_top_k == 0 || !score || !std::isfinite(*score)) return;
  std::string stem = last.filename().string();
  stem.resize(stem.size() - kLastSuffix.size());
  const fs::path path = folder_ / concat(stem, kSuffix);
  if (fs::exists(path)) return;
  // A second name of the same file: the parameters are not written twice.
  const fs::path temporary = folder_ / concat(stem, kTemporaryLink);
  std::error_code error;
  fs::create_hard_link(last, temporary, error);
  if (error) fs::copy_file(last, temporary, error);
  if (!error) fs::rename(temporary, path, error);
  if (error) fail(ErrorKind::kIo, concat(path, ": cannot write: ", error.message()));
  if (options_.save_top_k < 0) return;

  std::vector<Ranked> all = ranked();
  while (static_cast<std::int64_t>(all.size()) > options_.save_top_k) {
    remove_file(all.back().path);
    all.pop_back();
  }
}

void CheckpointFolder::save(std::int64_t step,
                            std::int64_t consumed_samples,
                            std::optional<double> score,
                            const std::function<void(const fs::path&)>& write) {
  const std::string metric = score ? concat(metric_, '=', fixed(*score, 6), '-') : std::string();
  const std::string stem =
      concat(name_, "--", metric, "step=", step, "-consumed_samples=", consumed_samples, ".0");
  const fs::path path = folder_ / concat(stem, kLastSuffix);
  write(path);
  settle(path);
}

}  // namespace sbert
