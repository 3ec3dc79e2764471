#pragma once

// For tests: whether a page is well-formed XML, told by a small parser that knows no CDATA,
// comments or processing instructions.

#include <array>
#include <cctype>
#include <string>
#include <string_view>
#include <vector>

namespace sbert {

/// A & that begins no entity.
inline bool has_bare_ampersand(std::string_view text) {
  constexpr std::array<std::string_view, 5> kEntities{"&amp;", "&lt;", "&gt;", "&quot;", "&#39;"};
  for (std::size_t at = text.find('&'); at != std::string_view::npos; at = text.find('&', at + 1)) {
    bool is_entity = false;
    for (const std::string_view entity : kEntities)
      is_entity = is_entity || text.substr(at).starts_with(entity);
    if (!is_entity) return true;
  }
  return false;
}

/// Takes ` name="value"` from the front, as often as it stands there.
inline void skip_attributes(std::string_view& tag) {
  while (!tag.empty() && std::isspace(static_cast<unsigned char>(tag[0])) != 0) {
    const std::size_t name_end = tag.find("=\"");
    if (name_end == std::string_view::npos) return;
    const std::size_t value_end = tag.find('"', name_end + 2);
    if (value_end == std::string_view::npos) return;
    tag.remove_prefix(value_end + 1);
  }
}

/// What is wrong with the document first; empty if tags nest, attributes are quoted, and & only
/// begins an entity.
inline std::string xml_problem(std::string_view document) {
  constexpr std::string_view kDoctype = "<!DOCTYPE html>";
  if (document.starts_with(kDoctype)) document.remove_prefix(kDoctype.size());
  std::vector<std::string> open;
  while (true) {
    const std::size_t begin = document.find('<');
    if (has_bare_ampersand(document.substr(0, begin))) return "bare &";
    if (begin == std::string_view::npos) break;
    const std::string around(document.substr(begin, 80));
    const std::size_t end = document.find('>', begin);
    if (end == std::string_view::npos) return "a tag without an end: " + around;
    std::string_view tag = document.substr(begin + 1, end - begin - 1);
    document.remove_prefix(end + 1);
    if (has_bare_ampersand(tag) || tag.find('<') != tag.npos) return "bare & or <: " + around;

    const bool closes = tag.starts_with('/');
    if (closes) tag.remove_prefix(1);
    std::size_t length = 0;
    while (length < tag.size() && std::isalnum(static_cast<unsigned char>(tag[length])) != 0)
      ++length;
    const std::string name(tag.substr(0, length));
    tag.remove_prefix(length);
    if (!closes) skip_attributes(tag);
    const bool has_name = !name.empty() && std::isalpha(static_cast<unsigned char>(name[0])) != 0;
    if (!has_name || !(tag.empty() || (tag == "/" && !closes))) return "no tag: " + around;
    if (closes && (open.empty() || open.back() != name)) return "closes another: " + around;
    if (closes) {
      open.pop_back();
    } else if (tag.empty()) {
      open.push_back(name);
    }
  }
  return open.empty() ? "" : "never closed: " + open.back();
}

}  // namespace sbert
