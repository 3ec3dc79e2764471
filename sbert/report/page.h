#pragma once

#include <string>
#include <utility>
#include <vector>

#include "sbert/report/html.h"

namespace sbert {

/// What is known of a report: {"data", "scifact/"}, {"queries", "300"}; plain text.
using Facts = std::vector<std::pair<std::string, std::string>>;

struct PageSection {
  std::string heading;       ///< plain text
  std::string introduction;  ///< plain text below it; may be empty
  std::string body;          ///< HTML; a section without is left out
};

/// One HTML page, also well-formed XML, with all that it needs: style, a script of some lines,
/// drawings. Light or dark as the reader's system is; light in print.
struct Page {
  std::string title;
  Facts facts;
  std::string summary;  ///< HTML before the first section: the figures to see first
  std::vector<PageSection> sections;
};

std::string write_page(const Page& page);

/// A figure to see first.
struct Headline {
  std::string value;
  Label name;
  std::string note;  ///< a line below; may be empty
};

std::string headlines(const std::vector<Headline>& all);

/// A table of texts; cells are HTML. Every column but the first is of numbers and stands at the
/// right; a click on a column's name sorts by it.
std::string number_table(const std::vector<Label>& names,
                         const std::vector<std::vector<std::string>>& rows);

enum class FigureSize { kUsual, kWide };

/// Figures side by side, as many as fit.
std::string gallery(const std::string& figures, FigureSize size = FigureSize::kUsual);

}  // namespace sbert
