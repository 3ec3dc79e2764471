#pragma once

#include <filesystem>

#include "sbert/data/beir.h"

namespace sbert {

/// Makes a retrieval task of a file of training examples, as ExampleFile reads it: all documents of
/// all records, positives and negatives, are the corpus (no text twice; "d1", "d2", ...), questions
/// are the queries ("q1", ...; one that is there several times is one query), and a query's
/// positives are its relevant documents.
///
/// @throws Error(kIo) if it cannot be read, Error(kInput) naming file and record
RetrievalData read_example_pool(const std::filesystem::path& path, const StopToken& stop = {});

}  // namespace sbert
