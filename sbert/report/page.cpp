#include "sbert/report/page.h"

#include "sbert/base/concat.h"
#include "sbert/report/html.h"
#include "sbert/report/page_style.h"

namespace sbert {
namespace {

std::string facts_list(const Facts& facts) {
  if (facts.empty()) return "";
  std::string out = "<dl class=\"facts\">\n";
  for (const auto& [name, value] : facts) {
    out += concat("<div><dt>", escaped(name), "</dt><dd>", escaped(value), "</dd></div>\n");
  }
  return out + "</dl>\n";
}

}  // namespace

std::string write_page(const Page& page) {
  std::string out = concat(
      "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\"/>\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n<title>",
      escaped(page.title), "</title>\n<style>", kPageStyle, "</style>\n</head>\n<body>\n<main>\n",
      "<header>\n<h1>", escaped(page.title), "</h1>\n", facts_list(page.facts), "</header>\n",
      page.summary);
  for (const PageSection& section : page.sections) {
    if (section.body.empty()) continue;
    out += concat("<section>\n<h2>", escaped(section.heading), "</h2>\n");
    if (!section.introduction.empty())
      out += concat("<p>", escaped(section.introduction), "</p>\n");
    out += section.body + "</section>\n";
  }
  return concat(out, "</main>\n<script>", kPageScript, "</script>\n</body>\n</html>\n");
}

std::string headlines(const std::vector<Headline>& all) {
  if (all.empty()) return "";
  std::string out = "<ul class=\"headlines\">\n";
  for (const auto& [value, name, note] : all) {
    out += concat("<li><span>", label_html(name), "</span><b>", escaped(value), "</b>");
    if (!note.empty()) out += concat("<small>", escaped(note), "</small>");
    out += "</li>\n";
  }
  return out + "</ul>\n";
}

std::string number_table(const std::vector<Label>& names,
                         const std::vector<std::vector<std::string>>& rows) {
  std::string out = "<div class=\"scroll\"><table>\n<thead><tr>";
  for (const Label& name : names)
    out += concat("<th scope=\"col\"><button type=\"button\">", label_html(name), "</button></th>");
  out += "</tr></thead>\n<tbody>\n";
  for (const auto& row : rows) {
    out += "<tr>";
    for (const std::string& cell : row)
      out += cell;
    out += "</tr>\n";
  }
  return out + "</tbody>\n</table></div>\n";
}

std::string gallery(const std::string& figures, FigureSize size) {
  if (figures.empty()) return "";
  const char* const css_class = size == FigureSize::kWide ? "gallery wide" : "gallery";
  return concat("<div class=\"", css_class, "\">\n", figures, "</div>\n");
}

}  // namespace sbert
