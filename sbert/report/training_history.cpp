#include "sbert/report/training_history.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <string>

#include <nlohmann/json.hpp>

#include "sbert/base/concat.h"
#include "sbert/base/error.h"
#include "sbert/base/files.h"

namespace sbert {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kMaxMetrics = 1'000;

class HistoryReader {
 public:
  void read(const Json& record) {
    const auto step = record.is_object() ? record.find("step") : record.end();
    if (!record.is_object() || step == record.end() || !step->is_number()) {
      fail(ErrorKind::kInput, "must be an object with a number \"step\"");
    }
    const double x = step->get<double>();
    for (const auto& [name, value] : record.items()) {
      if (name == "step" || !(value.is_number() || value.is_null())) continue;
      const double y =
          value.is_null() ? std::numeric_limits<double>::quiet_NaN() : value.get<double>();
      series_of(name).points.push_back({x, y});
    }
  }

  TrainingHistory take() { return std::move(history_); }

 private:
  Series& series_of(const std::string& name) {
    const auto [place, is_new] = places_.try_emplace(name, history_.size());
    if (is_new) {
      if (history_.size() == kMaxMetrics) {
        fail(ErrorKind::kInput, concat("more than ", kMaxMetrics, " metrics"));
      }
      history_.push_back({name, {}});
    }
    return history_[place->second];
  }

  TrainingHistory history_;
  std::map<std::string, std::size_t> places_;
};

}  // namespace

TrainingHistory read_training_history(const std::filesystem::path& path, const StopToken& stop) {
  const MappedFile file(path);
  HistoryReader reader;
  std::string_view rest = file.bytes();
  for (std::int64_t number = 1; !rest.empty(); ++number) {
    stop.throw_if_stopped();
    const std::size_t end = rest.find('\n');
    const std::string_view line = rest.substr(0, end);
    rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
    if (line.find_first_not_of(" \t\r") == std::string_view::npos) continue;
    const Json record = Json::parse(line, nullptr, false);
    if (record.is_discarded() && end == std::string_view::npos) break;
    within(concat(path, ": line ", number), [&] {
      if (record.is_discarded()) fail(ErrorKind::kInput, "is not JSON");
      reader.read(record);
    });
  }
  return reader.take();
}

const Series* find_series(const TrainingHistory& history, std::string_view name) {
  const auto found = std::find_if(history.begin(), history.end(),
                                  [&](const Series& each) { return each.name == name; });
  return found == history.end() ? nullptr : &*found;
}

}  // namespace sbert
