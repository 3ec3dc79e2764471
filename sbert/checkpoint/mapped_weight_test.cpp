#include "sbert/checkpoint/mapped_weight.h"

#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include <gmock/gmock.h>

#include "sbert/checkpoint/test_files.h"

namespace sbert {
namespace {

using ::testing::ElementsAre;

// Bytes of floats, `shift` bytes after an aligned place.
class Bytes {
 public:
  explicit Bytes(const std::vector<float>& values, std::size_t shift = 0)
      : memory_(std::make_shared<std::vector<double>>(values.size() + 2)),
        view_(reinterpret_cast<char*>(memory_->data()) + shift, values.size() * sizeof(float)) {
    std::memcpy(reinterpret_cast<char*>(memory_->data()) + shift, values.data(), view_.size());
  }
  std::string_view view() const { return view_; }
  BytesOwner owner() const { return {.bytes = memory_}; }
  std::int64_t users() const { return memory_.use_count(); }

 private:
  std::shared_ptr<std::vector<double>> memory_;
  std::string_view view_;
};

TEST(MappedWeight, IsAViewThatKeepsItsOwner) {
  const Bytes bytes(counted(6));
  const Weight weight =
      mapped_weight("a", bytes.view(), ElementType::kFloat32, {2, 3}, bytes.owner());
  EXPECT_EQ(weight.bytes.data(), bytes.view().data());
  EXPECT_EQ(bytes.users(), 2);
  EXPECT_EQ(floats_of(weight), counted(6));
}

TEST(MappedWeight, IsACopyWhereBytesAreNotAligned) {
  for (std::size_t shift = 1; shift < 4; ++shift) {
    const Bytes bytes(counted(6), shift);
    const Weight weight =
        mapped_weight("a", bytes.view(), ElementType::kFloat32, {6}, bytes.owner());
    EXPECT_NE(weight.bytes.data(), bytes.view().data());
    EXPECT_EQ(bytes.users(), 1) << "the file is not kept for it";
    EXPECT_EQ(floats_of(weight), counted(6));
  }
}

TEST(MappedWeight, OfAMappedFileIsReadAgainAfterItsPagesWereLetGo) {
  const std::filesystem::path path = std::filesystem::path(testing::TempDir()) / "mapped_weight";
  const std::string bytes(1 << 20, 'x');
  write_bytes(path, bytes);
  const auto file = std::make_shared<const MappedFile>(path);
  for (int i = 0; i < 2; ++i) {
    const Weight weight =
        mapped_weight("a", file->bytes(), ElementType::kUInt8, {1 << 20}, {file, true});
    EXPECT_EQ(weight.bytes, bytes);
  }
  std::filesystem::remove(path);
}

TEST(StridedWeight, IsCopiedInTheOrderOfItsShape) {
  const Bytes bytes(counted(6));
  const auto strided = [&](std::vector<std::int64_t> shape, std::vector<std::int64_t> strides,
                           std::size_t first, std::size_t count) {
    return strided_weight("a", bytes.view().substr(4 * first, 4 * count), ElementType::kFloat32,
                          std::move(shape), strides, bytes.owner());
  };
  EXPECT_THAT(floats_of(strided({3, 2}, {1, 3}, 0, 6)), ElementsAre(0, 3, 1, 4, 2, 5));
  EXPECT_THAT(floats_of(strided({2}, {3}, 1, 4)), ElementsAre(1, 4));
  EXPECT_THAT(floats_of(strided({2, 2}, {0, 1}, 4, 2)), ElementsAre(4, 5, 4, 5));
  EXPECT_THAT(floats_of(strided({2, 1, 2}, {3, 9, 2}, 0, 6)), ElementsAre(0, 2, 3, 5));
}

TEST(StridedWeight, IsAViewWhereElementsFollowEachOther) {
  const Bytes bytes(counted(6));
  // The stride of a dimension of one element says nothing.
  const Weight weight = strided_weight("a", bytes.view(), ElementType::kFloat32, {2, 1, 3},
                                       {3, 99, 1}, bytes.owner());
  EXPECT_EQ(weight.bytes.data(), bytes.view().data());
}

TEST(ContiguousStrides, CountElements) {
  EXPECT_THAT(contiguous_strides({2, 3, 4}), ElementsAre(12, 4, 1));
  EXPECT_THAT(contiguous_strides({2, 0, 4}), ElementsAre(4, 4, 1));
  EXPECT_THAT(contiguous_strides({}), ElementsAre());
}

TEST(CopyLimit, IsFourFilesAnd64MiB) {
  CopyLimit copies(1'000);
  copies.add(64 << 20);
  copies.add(4'000);
  EXPECT_EQ(input_error([&] { copies.add(1); }),
            "tensors are made of the same bytes too often: together they take more than 67112864 "
            "bytes");
}

TEST(CopyLimit, LeavesViewsOut) {
  const std::string file(100, 'x');
  CopyLimit copies(0);
  copies.add(64 << 20);
  const auto with_bytes = [](std::string_view bytes) {
    return Weight{
        .name = "a", .type = ElementType::kUInt8, .shape = {}, .bytes = bytes, .owner = {}};
  };
  EXPECT_NO_THROW(copies.add_unless_view(with_bytes(std::string_view(file).substr(99)), file));
  const std::string other = "x";
  EXPECT_THROW(copies.add_unless_view(with_bytes(other), file), Error);
}

}  // namespace
}  // namespace sbert
