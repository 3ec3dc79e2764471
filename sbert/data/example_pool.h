#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <unordered_map>
#include <utility>

#include "sbert/data/beir.h"
#include "sbert/data/example.h"

namespace sbert {

/// Makes a retrieval task of training examples: all documents of all of them, positives and
/// negatives, are the corpus (no text twice; "d1", "d2", ...), questions are the queries ("q1",
/// ...; one that is there several times is one query), and a query's positives are its relevant
/// documents.
class ExamplePool {
 public:
  void add(const Example& example);
  RetrievalData take() { return std::move(data_); }

 private:
  using RowsByText = std::unordered_map<std::string, std::int64_t>;

  std::int64_t document(const std::string& text);

  RetrievalData data_;
  RowsByText documents_;
  RowsByText queries_;
};

/// The pool of a file of training examples, as ExampleFile reads it.
///
/// @throws Error(kIo) if it cannot be read, Error(kInput) naming file and record
RetrievalData read_example_pool(const std::filesystem::path& path, const StopToken& stop = {});

}  // namespace sbert
