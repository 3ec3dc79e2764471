#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>

#include "sbert/data/record_value.h"

namespace sbert {

/// Calls visit(key, value) for each field of a record.
using VisitFields = std::function<void(const VisitValue& visit)>;

/// Reads a file of records from the first to the last: a table, or JSON objects (RecordFile). Calls
/// visit(line, fields) for each, the line counted from 1; fields() may be called once.
///
/// @throws Error(kIo) if the file cannot be read; Error(kInput) "file: line 17: ..." if a record
///         has the wrong form, for what visit() throws, if the file is plain text, and if there is
///         no record
void for_each_record(
    const std::filesystem::path& path,
    const std::function<void(std::int64_t line, const VisitFields& fields)>& visit);

}  // namespace sbert
