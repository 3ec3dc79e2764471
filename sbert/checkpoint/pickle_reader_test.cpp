#include "sbert/checkpoint/pickle_reader.h"

#include <string>
#include <string_view>
#include <vector>

#include <gmock/gmock.h>

#include "sbert/base/concat.h"
#include "sbert/checkpoint/pickled_state_dict.h"
#include "sbert/checkpoint/test_files.h"

namespace sbert {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using std::string_literals::operator""s;

const std::vector<std::string_view> kGlobals = {"collections OrderedDict", "m f"};

PickleNode root_of(const std::string& body) {
  const Pickle pickle = read_pickle(body, kGlobals);
  PickleNode node = pickle.at(pickle.root);
  node.text = {};  // points into the body, which ends here
  return node;
}

std::int64_t integer(const std::string& body) {
  return root_of(body).integer;
}

TEST(ReadPickle, ReadsIntegersOfEveryWidth) {
  EXPECT_EQ(integer("\x80\x02K\xFF."s), 255);
  EXPECT_EQ(integer("M\xFF\xFF."s), 65'535);
  EXPECT_EQ(integer("J\xFF\xFF\xFF\xFF."s), -1);
  EXPECT_EQ(integer("\x8A\x00."s), 0);
  EXPECT_EQ(integer("\x8A\x01\xFE."s), -2);
  EXPECT_EQ(integer("\x8A\x05\x00\x00\x00\x00\x01."s), 1LL << 32);
  EXPECT_EQ(integer("\x8A\x08\x00\x00\x00\x00\x00\x00\x00\x80."s), INT64_MIN);
}

TEST(ReadPickle, ReadsFloatsBigEndian) {
  EXPECT_EQ(root_of("G\x3F\xF8\x00\x00\x00\x00\x00\x00."s).real, 1.5);
}

TEST(ReadPickle, KeepsTextsAsTheyAre) {
  const std::string body = "X\x03\x00\x00\x00\xC3\xBC!."s;
  const Pickle pickle = read_pickle(body, {});
  EXPECT_EQ(pickle.at(pickle.root).text, "ü!");
}

TEST(ReadPickle, BuildsDictsByMarkAndBySingleItem) {
  EXPECT_EQ(root_of("}(K\x01K\x02K\x03K\x04u."s).items.size(), 4U);
  EXPECT_EQ(root_of("}K\x01K\x02s."s).items.size(), 2U);
  // OrderedDict([[1, 2]])
  EXPECT_EQ(root_of("ccollections\nOrderedDict\n](](K\x01K\x02"
                    "ee\x85R."s)
                .items.size(),
            2U);
}

TEST(ReadPickle, AListMayHoldItself) {
  EXPECT_THAT(root_of("]q\x00h\x00"
                      "a."s)
                  .items,
              ElementsAre(0));
}

TEST(ReadPickle, AMillionNestedListsNeedNoRecursion) {
  std::string body(500'000, ']');
  body.append(499'999, 'a').push_back('.');
  EXPECT_EQ(root_of(body).items.size(), 1U);
}

TEST(ReadPickle, LimitsTheNumberOfValues) {
  const std::string many(kMaxPickleNodes + 1, 'N');
  EXPECT_THAT(input_error([&] { root_of(many); }), HasSubstr("more than 1000000 values"));
}

TEST(ReadPickle, KeepsACallAsAValue) {
  const PickleNode node = root_of("cm\nf\n)R."s);
  EXPECT_EQ(node.kind, PickleKind::kCall);
  EXPECT_EQ(node.items.size(), 2U);
}

TEST(ReadPickle, SaysWhereAndWhyItStopped) {
  const auto message = [](const std::string& body) { return input_error([&] { root_of(body); }); };
  EXPECT_THAT(message(""), HasSubstr("pickle byte 0: cut off"));
  EXPECT_THAT(message("N"), HasSubstr("pickle byte 1: cut off"));
  EXPECT_THAT(message("."), HasSubstr("empty stack"));
  EXPECT_THAT(message("N(."), HasSubstr("empty stack"));
  EXPECT_THAT(message("t."), HasSubstr("no mark on the stack"));
  EXPECT_THAT(message("Na."), HasSubstr("expected a list on the stack"));
  EXPECT_THAT(message("NNa."), HasSubstr("expected a list on the stack"));
  EXPECT_THAT(message("}(Nu."), HasSubstr("a key of a dict has no value"));
  EXPECT_THAT(message("h\x07."s), HasSubstr("value 7 was never remembered"));
  EXPECT_THAT(message("q\x07."s), HasSubstr("empty stack"));
  EXPECT_THAT(message("\x80\x01."s), HasSubstr("protocol is not 2 to 5: 1"));
  EXPECT_THAT(message("\x8A\x09"
                      "123456789."s),
              HasSubstr("integer has more than 64 bits"));
  EXPECT_THAT(message("X\xFF\xFF\xFF\xFF"
                      "abc."s),
              HasSubstr("cut off"));
  EXPECT_THAT(message("cbuiltins\neval\n."), HasSubstr("plain values are read: builtins eval"));
  EXPECT_THAT(message("\x8C\x02os\x8C\x06system\x93."s), HasSubstr("os system"));
  EXPECT_THAT(message("N)R."), HasSubstr("calls what is not a function"));
  EXPECT_THAT(message("cm\nf\nNR."), HasSubstr("calls what is not a function"));
  EXPECT_THAT(message("NNb."), HasSubstr("expected a dict or an object on the stack"));
  EXPECT_THAT(message("I1\n."), HasSubstr("unknown opcode 73"));
  EXPECT_THAT(message("ccollections\nOrderedDict\n](]e\x85R."s), HasSubstr("not pairs"));
}

PickledTensor described(std::int64_t elements,
                        std::int64_t offset,
                        std::vector<std::int64_t> shape,
                        std::vector<std::int64_t> strides) {
  return {.name = "w",
          .type = ElementType::kFloat32,
          .storage = "0",
          .storage_elements = elements,
          .storage_offset = offset,
          .shape = std::move(shape),
          .strides = std::move(strides)};
}

std::string refusal(const PickledTensor& tensor) {
  return input_error([&] { read_pickled_state_dict(write_pickled_state_dict({tensor})); });
}

TEST(PickledStateDict, ReadsWhatItWrites) {
  const PickledTensor tensor = described(1LL << 40, 70'000, {3, 0, 256}, {1, 1LL << 33, 7});
  const std::vector<PickledTensor> back =
      read_pickled_state_dict(write_pickled_state_dict({tensor}));
  ASSERT_EQ(back.size(), 1U);
  EXPECT_EQ(back[0].name, "w");
  EXPECT_EQ(back[0].storage_elements, 1LL << 40);
  EXPECT_EQ(back[0].storage_offset, 70'000);
  EXPECT_THAT(back[0].shape, ElementsAre(3, 0, 256));
  EXPECT_THAT(back[0].strides, ElementsAre(1, 1LL << 33, 7));
}

TEST(PickledStateDict, ChecksThatAViewLiesInItsStorage) {
  EXPECT_THAT(refusal(described(6, 0, {2, 4}, {4, 1})),
              HasSubstr("tensor w: reaches element 7 of a storage of 6"));
  EXPECT_THAT(refusal(described(6, 6, {}, {})), HasSubstr("reaches element 6 of a storage of 6"));
  EXPECT_THAT(refusal(described(6, -1, {2}, {1})), HasSubstr("impossible"));
  EXPECT_THAT(refusal(described(6, 0, {2}, {-1})), HasSubstr("impossible"));
  EXPECT_THAT(refusal(described(6, 0, {-2}, {1})), HasSubstr("impossible"));
  EXPECT_THAT(refusal(described(6, 0, {2, 3}, {1})), HasSubstr("impossible"));
  EXPECT_THAT(refusal(described(6, 0, {1LL << 40, 1LL << 40}, {0, 0})), HasSubstr("impossible"));
  EXPECT_THAT(refusal(described(6, 0, {3}, {INT64_MAX})), HasSubstr("impossible"));
  EXPECT_THAT(refusal(described(6, INT64_MAX, {2}, {1})), HasSubstr("impossible"));
}

std::string text(const std::string& value) {
  const auto size = static_cast<std::uint32_t>(value.size());
  return concat("X", std::string(reinterpret_cast<const char*>(&size), 4), value);
}

// A state dict of one tensor, as a value within a pickle.
std::string value_with(const std::string& tensor) {
  PickledTensor described_tensor = described(1, 0, {1}, {1});
  described_tensor.name = tensor;
  const std::string pickle = write_pickled_state_dict({described_tensor});
  return pickle.substr(2, pickle.size() - 3);  // without protocol and end
}

std::vector<std::string> names_in(const std::string& body) {
  std::vector<std::string> names;
  for (const PickledTensor& each : read_pickled_state_dict("\x80\x02" + body + "."))
    names.push_back(each.name);
  return names;
}

std::string dict(const std::string& items) {
  return "}(" + items + "u";
}

TEST(PickledStateDict, MayStandInAnotherDict) {
  const std::string weights = value_with("w");
  EXPECT_THAT(names_in(dict(text("epoch") + "K\x03" + text("state_dict") + weights)),
              ElementsAre("w"));
  EXPECT_THAT(names_in(dict(text("model") + dict(text("module") + weights))), ElementsAre("w"));
  // An optimizer's state lies deeper than the weights.
  const std::string optimizer = dict(text("state") + dict("K\x00"s + value_with("exp_avg")));
  EXPECT_THAT(names_in(dict(text("optimizer") + optimizer + text("model") + weights)),
              ElementsAre("w"));
  EXPECT_THAT(names_in(dict(text("step") + "K\x01")), ElementsAre());
  EXPECT_THAT(input_error([&] { names_in(dict(text("model") + weights + text("ema") + weights)); }),
              HasSubstr("holds several dicts of tensors, where one is expected: model, ema"));
}

// _rebuild_tensor_v3(storage of bytes, 0, (1,), (1,), False, OrderedDict(), dtype)
std::string third_form(const std::string& dtype) {
  return dict(text("w") + "ctorch._utils\n_rebuild_tensor_v3\n((" + text("storage") +
              "ctorch.storage\nUntypedStorage\n" + text("0") + text("cpu") + "K\x08tQK\x00"s +
              "K\x01\x85K\x01\x85\x89" + "ccollections\nOrderedDict\n)R" + "ctorch\n" + dtype +
              "\ntR");
}

TEST(PickledStateDict, ReadsTensorsThatNameTheirType) {
  const auto read = [](const std::string& dtype) {
    return read_pickled_state_dict("\x80\x02" + third_form(dtype) + ".").at(0);
  };
  EXPECT_EQ(read("float16").type, ElementType::kFloat16);
  EXPECT_EQ(read("float16").storage_elements, 4);
  EXPECT_EQ(read("float8_e4m3fn").type, ElementType::kOther);
  EXPECT_EQ(read("float8_e4m3fn").other_type, "float8_e4m3fn");
  EXPECT_EQ(read("uint16").other_type, "uint16");
}

TEST(PickledStateDict, ListsTensorsOfOtherFormsByName) {
  const std::string body =
      dict(text("w") + "ctorch._utils\n_rebuild_qtensor\n)R" + text("size") + "ctorch\nSize\n)R");
  const std::vector<PickledTensor> tensors = read_pickled_state_dict("\x80\x02" + body + ".");
  ASSERT_EQ(tensors.size(), 1U);
  EXPECT_EQ(tensors[0].type, ElementType::kOther);
  EXPECT_EQ(tensors[0].other_type, "_rebuild_qtensor");
}

TEST(PickledStateDict, RefusesWhatIsNoDict) {
  EXPECT_THAT(input_error([] { read_pickled_state_dict("]."); }), HasSubstr("is not a dict"));
}

}  // namespace
}  // namespace sbert
