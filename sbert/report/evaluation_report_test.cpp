#include "sbert/report/evaluation_report.h"

#include <cmath>
#include <filesystem>

#include <gmock/gmock.h>

#include "sbert/base/files.h"
#include "sbert/base/message_of.h"
#include "sbert/report/test_xml.h"

namespace sbert {
namespace {

const ComputeContext& context() {
  static const WorkerPool pool(2);
  static const ComputeContext context{pool};
  return context;
}

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::Not;

const std::string kNasty = "<script>alert(\"1\")</script> & 'x' \xFF";

std::size_t count(const std::string& text, const std::string& part) {
  std::size_t number = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1))
    ++number;
  return number;
}

Evaluation evaluation(double shift) {
  Evaluation result{.task = "retrieval", .main_metric = "ndcg@10"};
  ItemMetric items{"ndcg@10", {}};
  double sum = 0;
  for (int i = 0; i < 40; ++i) {
    result.item_ids.push_back("q" + std::to_string(i));
    items.values.push_back(i % 4 == 0 ? 0.25 : 0.25 + shift);
    sum += items.values.back();
  }
  result.item_metrics = {items};
  result.metrics = {{"recall@10", 0.75}, {"ndcg@10", sum / 40}};
  result.curves = {{"recall@k", "k", {{1, 0.2}, {10, 0.7}, {100, 0.9}}},
                   {"precision", "recall", {{0, 1}, {1, 0.1}}}};
  result.positive_scores = {0.5, 0.6, 0.9};
  result.negative_scores = {0.1, 0.2};
  result.worst = {{"a query", "its document", {"another", "a third"}, 0.125}};
  result.map_embeddings = FloatMatrix(30, 4);
  for (std::size_t i = 0; i < 120; ++i)
    result.map_embeddings.values[i] = static_cast<float>(std::sin(static_cast<double>(i * i)));
  for (int i = 0; i < 30; ++i)
    result.map_labels.push_back("label " + std::to_string(i % 10));
  return result;
}

ReportData two_models() {
  return {.title = "Retrieval",
          .facts = {{"data", "scifact/"}},
          .evaluations = {{"before", evaluation(0)}, {"after", evaluation(0.5)}}};
}

TEST(EvaluationReport, NamesModelsByTheShortestEndsOfTheirPaths) {
  ReportData data = two_models();
  data.evaluations[0].name = "/home/someone/a/long/way/to/runs/one/best-model/";
  data.evaluations[1].name = "/home/someone/a/long/way/to/runs/two/best-model/";
  data.evaluations[1].evaluation.warnings = {"of the second"};
  const std::string page = evaluation_report(data, context());
  EXPECT_EQ(xml_problem(page), "");
  const std::string name =
      "<span class=\"name\" title=\"/home/someone/a/long/way/to/runs/two/best-model/\">"
      "two/best-model</span>";
  for (const std::string& place :
       {"<button type=\"button\">" + name + "</button>", "<li><span>" + name + "</span><b>",
        "</svg>" + name + "</li>", "<figcaption>" + name + "</figcaption>",
        "<h3>" + name + "</h3>"})
    EXPECT_THAT(page, HasSubstr(place));
  EXPECT_THAT(page, HasSubstr("<li>two/best-model: of the second</li>"));
  EXPECT_THAT(page, HasSubstr("Differences are to one/best-model."));
  EXPECT_THAT(page, Not(HasSubstr(">/home/someone")));
}

TEST(EvaluationReport, ShowsAllThatThereIs) {
  const std::string page = evaluation_report(two_models(), context());
  EXPECT_EQ(xml_problem(page), "");
  for (const char* heading :
       {"Metrics", "Curves", "Scores", "Worst examples", "Map of the embeddings"})
    EXPECT_THAT(page, HasSubstr("<h2>" + std::string(heading) + "</h2>"));
  EXPECT_THAT(page, Not(HasSubstr("<h2>Warnings</h2>")));
  EXPECT_THAT(page, HasSubstr(">0.6250</td>"));
  EXPECT_THAT(page, HasSubstr("class=\"better\" data-value=\"0.375\">+0.3750</td>"));
  EXPECT_THAT(page, HasSubstr(">30 / 0 / 10</td>"));
  EXPECT_THAT(page, HasSubstr("95% interval"));
  EXPECT_THAT(page, HasSubstr("<figcaption>recall@k</figcaption>"));
  EXPECT_THAT(page, HasSubstr("belong together (3)"));
  EXPECT_THAT(page, HasSubstr("<dd>its document</dd>"));
  EXPECT_THAT(page, HasSubstr("<li><span>a third</span></li>"));
  EXPECT_THAT(page, HasSubstr("3 other labels"));
  EXPECT_EQ(count(page, "class=\"chart\""), 2U + 2U + 2U);
}

TEST(EvaluationReport, OfOneModelHasNoDifferences) {
  ReportData data = two_models();
  data.evaluations.pop_back();
  const std::string page = evaluation_report(data, context());
  EXPECT_EQ(xml_problem(page), "");
  EXPECT_THAT(page, Not(HasSubstr(">difference<")));
  EXPECT_THAT(page, Not(HasSubstr("paired bootstrap")));
  EXPECT_THAT(page, Not(HasSubstr("<h3>")));
}

TEST(EvaluationReport, WhatAnEvaluationDoesNotHaveIsLeftOut) {
  Evaluation bare{.task = "sts", .main_metric = "spearman_cosine"};
  bare.metrics = {{"spearman_cosine", 0.8}};
  const std::string page =
      evaluation_report({.title = "STS", .evaluations = {{"model", bare}}}, context());
  EXPECT_EQ(xml_problem(page), "");
  EXPECT_EQ(count(page, "<h2>"), 1U);
  EXPECT_THAT(page, Not(HasSubstr("class=\"chart\"")));
}

TEST(EvaluationReport, NoTextBecomesMarkup) {
  ReportData data = two_models();
  data.title = kNasty;
  data.facts = {{kNasty, kNasty}};
  for (NamedEvaluation& each : data.evaluations) {
    each.name = kNasty;
    Evaluation& evaluation = each.evaluation;
    evaluation.main_metric = kNasty;
    evaluation.metrics = {{kNasty, 0.5}};
    evaluation.item_metrics[0].name = kNasty;
    evaluation.warnings = {kNasty};
    evaluation.curves[0].name = kNasty;
    evaluation.curves[0].x_label = kNasty;
    evaluation.worst = {{kNasty, kNasty, {kNasty}, 0}};
    evaluation.map_labels.assign(30, kNasty);
    evaluation.map_labels[0] = "other";
  }
  const std::string page = evaluation_report(data, context());
  EXPECT_EQ(xml_problem(page), "");
  EXPECT_EQ(count(page, "<script"), 1U);
  EXPECT_THAT(page, Not(HasSubstr("\xFF")));
}

TEST(EvaluationReport, LongTextsAndListsAreCut) {
  ReportData data = two_models();
  data.evaluations.pop_back();
  Evaluation& evaluation = data.evaluations[0].evaluation;
  BadExample example{std::string(599, 'q') + "\xC3\xA4 the end", "",
                     std::vector<std::string>(9, "found"), 0};
  evaluation.worst.assign(25, example);
  evaluation.warnings.assign(60, "careful");
  const std::string page = evaluation_report(data, context());
  EXPECT_EQ(xml_problem(page), "");
  EXPECT_THAT(page, HasSubstr("q\xE2\x80\xA6</span>"));
  EXPECT_EQ(count(page, "class=\"query\""), 20U);
  EXPECT_EQ(count(page, "<li><span>found</span></li>"), 20U * 5U);
  EXPECT_EQ(count(page, ">careful<"), 50U);
  EXPECT_THAT(page, HasSubstr("<li>and 10 more</li>"));
}

TEST(EvaluationReport, AnExampleWithoutAnythingFoundIsItsTextAlone) {
  ReportData data = two_models();
  for (NamedEvaluation& each : data.evaluations)
    each.evaluation.worst = {{"alone", "", {}, 0}};
  const std::string page = evaluation_report(data, context());
  EXPECT_EQ(xml_problem(page), "");
  EXPECT_THAT(page, Not(HasSubstr("<dt>found</dt>")));
}

TEST(EvaluationReport, AMapOfManyPointsIsASample) {
  ReportData data = two_models();
  data.evaluations.pop_back();
  Evaluation& evaluation = data.evaluations[0].evaluation;
  evaluation.map_embeddings = FloatMatrix(5'000, 2);
  for (std::size_t i = 0; i < 10'000; ++i)
    evaluation.map_embeddings.values[i] = static_cast<float>(i % 97);
  evaluation.map_labels.clear();
  const std::string page = evaluation_report(data, context());
  const std::string map = page.substr(page.find("<h2>Map of the embeddings"));
  EXPECT_EQ(count(map, "<circle"), 2'000U);
}

TEST(WriteReport, WritesThePage) {
  const fs::path path = fs::path(testing::TempDir()) / "sbert_write_report.html";
  write_report(path, two_models(), context());
  EXPECT_EQ(read_file(path), evaluation_report(two_models(), context()));
  fs::remove(path);
  EXPECT_THAT(
      message_of(ErrorKind::kIo, [] { write_report("/nowhere/x.html", two_models(), context()); }),
      HasSubstr("/nowhere/x.html"));
}

}  // namespace
}  // namespace sbert
