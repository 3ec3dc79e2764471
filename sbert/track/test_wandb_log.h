#pragma once

// For tests: the records of a log of Weights & Biases, read by field numbers.

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "sbert/base/files.h"
#include "sbert/track/protobuf.h"
#include "sbert/track/wandb_log.h"

namespace sbert {

inline std::vector<std::string> wandb_records(const std::filesystem::path& path) {
  const std::string bytes = read_file(path);
  std::vector<std::string> records;
  read_wandb_log(bytes, [&](std::string_view record) { records.emplace_back(record); });
  return records;
}

/// The contents of the records that are the field `kind`.
inline std::vector<std::string> wandb_records(const std::filesystem::path& path, int kind) {
  std::vector<std::string> found;
  for (const std::string& record : wandb_records(path)) {
    ProtobufReader reader(record);
    while (const auto field = reader.next()) {
      if (field->number == kind) found.emplace_back(field->bytes);
    }
  }
  return found;
}

/// The integers of the field `number`; 0 if it is not there.
inline std::uint64_t integer_in(std::string_view message, int number) {
  ProtobufReader reader(message);
  while (const auto field = reader.next()) {
    if (field->number == number) return field->integer;
  }
  return 0;
}

/// Key (field `key`) to JSON (field 16) of the items (field 1) of a message.
inline std::map<std::string, std::string> wandb_items(std::string_view message, int key) {
  std::map<std::string, std::string> items;
  ProtobufReader reader(message);
  while (const auto field = reader.next()) {
    if (field->number != 1) continue;
    items.emplace(find_field(field->bytes, key), find_field(field->bytes, 16));
  }
  return items;
}

/// The only log in the folders of runs under `save_dir`/wandb, or the newest.
inline std::filesystem::path newest_wandb_log(const std::filesystem::path& save_dir) {
  std::filesystem::path newest;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(save_dir / "wandb")) {
    if (entry.path().extension() == ".wandb" && entry.path() > newest) newest = entry.path();
  }
  return newest;
}

}  // namespace sbert
