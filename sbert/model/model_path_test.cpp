#include "sbert/model/model_path.h"

#include <fstream>

#include <gtest/gtest.h>

namespace sbert {
namespace {

namespace fs = std::filesystem;

TEST(ModelPath, IsTheFolderOfAFileThatIsPartOfAModel) {
  const fs::path folder = fs::path(testing::TempDir()) / "model_path_test";
  fs::create_directories(folder);
  for (const char* name : {"config.json", "modules.json", "model.safetensors", "pytorch_model.bin",
                           "model.safetensors.index.json", "model_config.yaml"}) {
    EXPECT_EQ(model_path(folder / name), folder / name) << "is not there";
    std::ofstream(folder / name) << "x";
    EXPECT_EQ(model_path(folder / name), folder);
  }
  std::ofstream(folder / "x.nemo") << "x";
  EXPECT_EQ(model_path(folder / "x.nemo"), folder / "x.nemo");
  EXPECT_EQ(model_path(folder), folder);

  const fs::path before = fs::current_path();
  fs::current_path(folder);
  EXPECT_EQ(model_path("config.json"), ".");
  fs::current_path(before);
  fs::remove_all(folder);
}

}  // namespace
}  // namespace sbert
