#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string_view>

#include "sbert/base/stop_token.h"
#include "sbert/data/example.h"
#include "sbert/data/json_record.h"
#include "sbert/data/record_index.h"
#include "sbert/data/tsv_table.h"

namespace sbert {

/// The records of a file of examples and how they are parsed.
struct RecordBytes {
  std::string_view bytes;           ///< of the whole file
  const TsvTable* table = nullptr;  ///< null: JSON
};

/// Parses one record.
/// @throws Error(kInput) "pos_doc: ..."
Example parse_example(JsonRecordParser& parser,
                      const TsvTable* table,
                      RecordForm form,
                      std::string_view record);

/// Reads all records once, checks them, and writes the index.
/// @param skips_bad_records lists them in the index; else the first ends it. In JSON Lines, reading
///        goes on with the next line that begins with '{'; brackets that do not fit within an
///        array are always an error
/// @throws Error(kInput) "record 17, byte 123: ...", or if there is no good record, or more than
///         100,000 bad ones; Error(kCancelled)
void build_index(const RecordBytes& file,
                 const FileStamp& stamp,
                 bool skips_bad_records,
                 RecordIndexWriter& writer,
                 const StopToken& stop);

}  // namespace sbert
