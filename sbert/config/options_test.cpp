#include "sbert/config/options.h"

#include <array>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sbert/base/message_of.h"
#include "sbert/config/golden_lines.h"
#include "sbert/config/yaml.h"

namespace sbert {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

enum class Order { kShuffle, kNemo };
constexpr auto enum_names(Order) {
  return std::to_array<EnumName<Order>>({{"shuffle", Order::kShuffle}, {"nemo", Order::kNemo}});
}

struct ChoiceOptions {
  Order order = Order::kShuffle;
  std::optional<Order> second;
  std::vector<Order> more;

  static constexpr auto fields() {
    using Self = ChoiceOptions;
    return std::tuple{field("order", &Self::order, "of the records"),
                      field("second", &Self::second, "shuffle or nemo"),
                      field("more", &Self::more, "of the rest")};
  }
};

struct InnerOptions {
  double lr = 2e-4;
  std::vector<double> betas = {0.9, 0.98};

  static constexpr auto fields() {
    using Self = InnerOptions;
    return std::tuple{field("lr", &Self::lr, "learning rate"),
                      field("betas", &Self::betas, "decay of the moments")};
  }
};

struct OuterOptions {
  std::string name = "megatron_bert";
  bool is_on = true;
  int devices = 1;
  std::int64_t max_steps = 100'000;
  std::optional<std::string> path;
  std::optional<InnerOptions> extra;
  std::map<std::string, std::string> labels;
  std::vector<std::string> files;
  ConfigNode interval{std::int64_t{100}};
  InnerOptions optim;

  static constexpr auto fields() {
    using Self = OuterOptions;
    return std::tuple{
        field("name", &Self::name, "name"),
        field("is_on", &Self::is_on, "switch"),
        field("devices", &Self::devices, "devices"),
        field("max_steps", &Self::max_steps, "updates"),
        field("path", &Self::path, "file"),
        field("extra", &Self::extra, "second optimizer"),
        field("labels", &Self::labels, "labels"),
        field("files", &Self::files, "files"),
        field("interval", &Self::interval, "steps or a fraction"),
        field("optim", &Self::optim, "optimizer"),
    };
  }
};

OuterOptions options_of(std::string_view text, std::string_view path = "") {
  return read_options<OuterOptions>(parse_yaml(text), path);
}

TEST(ReadOptions, KeepsDefaultsOfAbsentKeys) {
  const OuterOptions options = options_of("{}");
  EXPECT_EQ(options.name, "megatron_bert");
  EXPECT_EQ(options.max_steps, 100'000);
  EXPECT_FALSE(options.path.has_value());
  EXPECT_THAT(options.optim.betas, ElementsAre(0.9, 0.98));
}

TEST(ReadOptions, ReadsEachType) {
  const OuterOptions options = options_of(
      "{name: x, is_on: false, devices: 2, max_steps: 5_000_000_000, path: p, extra: {lr: 1}, "
      "labels: {a: b, c: 1}, files: [f, 2], interval: 0.5, optim: {lr: 3, betas: [1, 2.5]}}");
  EXPECT_EQ(options.name, "x");
  EXPECT_FALSE(options.is_on);
  EXPECT_EQ(options.devices, 2);
  EXPECT_EQ(options.max_steps, 5'000'000'000);
  EXPECT_EQ(options.path, "p");
  EXPECT_EQ(options.extra->lr, 1.0);
  EXPECT_THAT(options.labels, ElementsAre(Pair("a", "b"), Pair("c", "1")));
  EXPECT_THAT(options.files, ElementsAre("f", "2"));
  EXPECT_EQ(canonical(options.interval), "0.5");
  EXPECT_EQ(options.optim.lr, 3.0);
  EXPECT_THAT(options.optim.betas, ElementsAre(1.0, 2.5));
}

TEST(ReadOptions, NullEmptiesWhatCanBeEmpty) {
  const OuterOptions options =
      options_of("{path: null, extra: null, labels: null, files: null, optim: null}");
  EXPECT_FALSE(options.path.has_value());
  EXPECT_FALSE(options.extra.has_value());
  EXPECT_THAT(options.labels, IsEmpty());
  EXPECT_THAT(options.files, IsEmpty());
  EXPECT_EQ(options.optim.lr, 2e-4);
}

TEST(ReadOptions, ReadsASubTree) {
  EXPECT_EQ(options_of("{model: {x: {name: y}}}", "model.x").name, "y");
  EXPECT_EQ(options_of("{model: {}}", "model.x").name, "megatron_bert");
}

TEST(ReadOptions, ScalarIsTakenAsTextForAString) {
  EXPECT_EQ(options_of("{name: 16}").name, "16");
  EXPECT_EQ(options_of("{name: True}").name, "True");
  EXPECT_EQ(options_of("{name: 1e-5}").name, "1e-05");
}

std::string message(std::string_view text, std::string_view path = "") {
  return message_of(ErrorKind::kUsage, [&] { options_of(text, path); });
}

TEST(ReadOptions, WrongTypeNamesKeyAndBoth) {
  EXPECT_EQ(message("{max_steps: 1.0}"), "max_steps must be an integer: the number 1.0");
  EXPECT_EQ(message("{max_steps: '5'}"), "max_steps must be an integer: the string '5'");
  EXPECT_EQ(message("{devices: 3000000000}"),
            "devices must be an integer of at most 32 bits: the integer 3000000000");
  EXPECT_EQ(message("{is_on: 1}"), "is_on must be true or false: the integer 1");
  EXPECT_EQ(message("{optim: {lr: fast}}"), "optim.lr must be a number: the string 'fast'");
  EXPECT_EQ(message("{optim: {lr: null}}"), "optim.lr must be a number: null");
  EXPECT_EQ(message("{optim: {betas: [1, x]}}"), "optim.betas.1 must be a number: the string 'x'");
  EXPECT_EQ(message("{optim: {betas: 1}}"), "optim.betas must be a list: the integer 1");
  EXPECT_EQ(message("{optim: 1}"), "optim must be a map: the integer 1");
  EXPECT_EQ(message("{name: [a]}"), "name must be a string: a list");
  EXPECT_EQ(message("{name: null}"), "name must be a string: null");
  EXPECT_EQ(message("{labels: {a: {}}}"), "labels.a must be a string: a map");
  EXPECT_EQ(message("{m: {is_on: x}}", "m"), "m.is_on must be true or false: the string 'x'");
}

TEST(ReadOptions, TextWithoutQuotesIsTheNumberThatItMeans) {
  // As ${oc.env:NAME} gives it.
  const auto of = [](const char* key, const char* text) {
    return read_options<OuterOptions>(ConfigNode{ConfigNode::Map{{key, {std::string(text)}}}}, "");
  };
  EXPECT_EQ(of("max_steps", "5").max_steps, 5);
  EXPECT_EQ(of("devices", "3").devices, 3);
  EXPECT_FALSE(of("is_on", "false").is_on);
  EXPECT_EQ(of("name", "5").name, "5");
  EXPECT_EQ(message_of(ErrorKind::kUsage, [&] { of("max_steps", "5.5"); }),
            "max_steps must be an integer: the string '5.5'");
  EXPECT_EQ(message_of(ErrorKind::kUsage, [&] { of("max_steps", ""); }),
            "max_steps must be an integer: the string ''");
}

struct SourceOptions {
  std::string source;
  std::vector<std::string> files;

  static constexpr auto fields() {
    using Self = SourceOptions;
    return std::tuple{field("source", &Self::source, "empty: none"),
                      field("files", &Self::files, "files")};
  }
};

TEST(ReadOptions, NullIsNoTextWhereTheDefaultIsNone) {
  EXPECT_EQ(read_options<SourceOptions>(parse_yaml("{source: null}"), "").source, "");
  EXPECT_EQ(message_of(ErrorKind::kUsage,
                       [] { read_options<SourceOptions>(parse_yaml("{files: [a, null]}"), ""); }),
            "files.1 must be a string: null");
}

TEST(ToTree, WritesWhatReadOptionsReads) {
  OuterOptions options;
  options.labels = {{"a", "1"}};
  options.files = {"f"};
  EXPECT_EQ(canonical(to_tree(options)),
            R"({"name":"megatron_bert","is_on":true,"devices":1,"max_steps":100000,"path":null,)"
            R"("extra":null,"labels":{"a":"1"},"files":["f"],"interval":100,)"
            R"("optim":{"lr":0.0002,"betas":[0.9,0.98]}})");
  EXPECT_EQ(to_tree(read_options<OuterOptions>(to_tree(options), "")), to_tree(options));
}

TEST(UnknownKeys, ListsWhatNoFieldTakes) {
  const ConfigNode tree = parse_yaml(
      "{m: {name: x, nmae: y, optim: {lr: 1, momentum: 2}, labels: {any: 1}, extra: {lr: 1, lrr: "
      "2}, interval: {z: 1}, "
      "old: {a: 1}, part: {a: 1, b: 2}}}");
  constexpr std::array<std::string_view, 2> kAccepted = {"m.old", "m.part.a"};
  EXPECT_THAT(unknown_keys<OuterOptions>(tree, "m", kAccepted),
              ElementsAre("m.nmae", "m.optim.momentum", "m.extra.lrr", "m.part.b"));
  EXPECT_THAT(unknown_keys<OuterOptions>(tree, "absent", kAccepted), IsEmpty());
}

TEST(UnknownKeys, AreRefusedWithTheNearestOne) {
  const ConfigNode tree = parse_yaml("{optim: {lrr: 1}}");
  EXPECT_EQ(message_of(ErrorKind::kUsage, [&] { refuse_unknown_keys<OuterOptions>(tree, "", {}); }),
            "unknown key: optim.lrr (did you mean 'optim.lr'?)");
  EXPECT_NO_THROW(refuse_unknown_keys<OuterOptions>(parse_yaml("{optim: {lr: 1}}"), "", {}));
}

TEST(UnknownKeys, KnownOnesAreDotted) {
  EXPECT_THAT(known_keys<InnerOptions>("model.optim"),
              ElementsAre("model.optim.lr", "model.optim.betas"));
}

struct ListOptions {
  std::vector<InnerOptions> items;

  static constexpr auto fields() {
    return std::tuple{field("items", &ListOptions::items, "of a list")};
  }
};

TEST(UnknownKeys, OfTheItemsOfAListAreRefused) {
  EXPECT_EQ(read_options<ListOptions>(parse_yaml("items: [{lr: 1}, {}]"), "").items.size(), 2);
  EXPECT_THAT(
      message_of(ErrorKind::kUsage,
                 [] { read_options<ListOptions>(parse_yaml("{items: [{lr: 1}, {lrr: 1}]}"), ""); }),
      testing::AllOf(testing::HasSubstr("items.1: "), testing::HasSubstr("lrr"),
                     testing::HasSubstr("'lr'")));
}

TEST(Enums, AreReadAndWrittenByTheirWords) {
  const auto options =
      read_options<ChoiceOptions>(parse_yaml("{order: nemo, second: shuffle, more: [nemo]}"), "");
  EXPECT_EQ(options.order, Order::kNemo);
  EXPECT_EQ(options.second, Order::kShuffle);
  EXPECT_THAT(options.more, ElementsAre(Order::kNemo));
  EXPECT_EQ(canonical(to_tree(options)), R"({"order":"nemo","second":"shuffle","more":["nemo"]})");
  EXPECT_FALSE(read_options<ChoiceOptions>(parse_yaml("{second: null}"), "").second.has_value());
  EXPECT_THAT(known_keys<ChoiceOptions>("data"),
              ElementsAre("data.order", "data.second", "data.more"));
}

TEST(Enums, AreDescribedByTheirWords) {
  const std::vector<OptionHelp> help = describe_options(ChoiceOptions{}, "data");
  ASSERT_EQ(help.size(), 3);
  EXPECT_EQ(help[0].default_value, "shuffle");
  EXPECT_EQ(help[1].default_value, "null");
  EXPECT_EQ(help[0].help, "of the records (one of shuffle, nemo)");
  EXPECT_EQ(help[1].help, "shuffle or nemo");
  EXPECT_EQ(help[2].help, "of the rest (one of shuffle, nemo)");
}

TEST(Enums, RefuseAnotherWordByKey) {
  const auto refused = [](std::string_view text) {
    return message_of(ErrorKind::kUsage,
                      [&] { read_options<ChoiceOptions>(parse_yaml(text), "data"); });
  };
  EXPECT_EQ(refused("{data: {order: random}}"), "data.order must be one of shuffle, nemo: random");
  EXPECT_EQ(refused("{data: {order: 1}}"), "data.order must be one of shuffle, nemo: 1");
  EXPECT_EQ(refused("{data: {order: null}}"), "data.order must be one of shuffle, nemo: null");
  EXPECT_EQ(refused("{data: {order: [nemo]}}"), "data.order must be one of shuffle, nemo: a list");
  EXPECT_EQ(refused("{data: {more: [x]}}"), "data.more.0 must be one of shuffle, nemo: x");
}

}  // namespace
}  // namespace sbert
