#include "sbert/nn/compute_precision.h"

#include <fstream>
#include <sstream>

#include <gtest/gtest.h>

#include <ATen/ATen.h>

#include "sbert/nn/dropout.h"
#include "sbert/nn/test_encoder.h"

namespace sbert {
namespace {

double cosine(const Tensor& a, const Tensor& b) {
  const Tensor x = a.flatten().to(at::kDouble);
  const Tensor y = b.flatten().to(at::kDouble);
  return (x.dot(y) / (x.norm() * y.norm())).item<double>();
}

struct Pass {
  Tensor output;
  EncoderParameters parameters;  // with gradients
};

Pass train(ComputePrecision precision) {
  TrainingRecipe recipe = with_dropout();
  recipe.precision = precision;
  const TorchEncoder encoder = random_encoder(at::kFloat, recipe).shared();
  const Tensor output = encoder.forward(pack(kSequences), DropoutKey{5});
  (output * some_weights(at::kFloat)).sum().backward();
  return {output.detach(), encoder.parameters()};
}

class LowPrecision : public testing::TestWithParam<ComputePrecision> {};

TEST_P(LowPrecision, OutputIsCloseToFloat32AndOfItsType) {
  const Pass exact = train(ComputePrecision::kFloat32);
  const Pass low = train(GetParam());
  EXPECT_EQ(low.output.scalar_type(), at::kFloat);
  EXPECT_FALSE(low.output.equal(exact.output));
  for (std::int64_t token = 0; token < low.output.size(0); ++token)
    EXPECT_GT(cosine(low.output[token], exact.output[token]), 0.999) << "token " << token;
}

TEST_P(LowPrecision, GradientsAreFloat32AndPointTheSameWay) {
  const Pass exact = train(ComputePrecision::kFloat32);
  const Pass low = train(GetParam());
  for (std::size_t i = 0; i < low.parameters.size(); ++i) {
    const Tensor gradient = low.parameters[i].tensor.grad().to_dense();
    EXPECT_EQ(gradient.scalar_type(), at::kFloat);
    EXPECT_GT(cosine(gradient, exact.parameters[i].tensor.grad().to_dense()), 0.99)
        << low.parameters[i].name;
  }
}

INSTANTIATE_TEST_SUITE_P(EachType,
                         LowPrecision,
                         testing::Values(ComputePrecision::kBFloat16, ComputePrecision::kFloat16));

TEST(ComputePrecision, DropoutMasksTheSameElementsInEveryType) {
  const Tensor x = at::ones({50, 20});
  const DropoutSite site{0.5, 3, {}, at::tensor(std::vector<int>{0, 50}, at::kInt)};
  for (const auto type : {at::kBFloat16, at::kHalf}) {
    const Tensor low = dropout(x.to(type), site);
    EXPECT_EQ(low.scalar_type(), type);
    EXPECT_TRUE(low.to(at::kFloat).equal(dropout(x, site)));
  }
}

TEST(ComputePrecision, ToComputeTypeLeavesFloat32AsItIs) {
  const Tensor x = at::ones({2});
  EXPECT_TRUE(to_compute_type(x, ComputePrecision::kFloat32).is_same(x));
  EXPECT_EQ(to_compute_type(x, ComputePrecision::kBFloat16).scalar_type(), at::kBFloat16);
  EXPECT_EQ(to_compute_type(x, ComputePrecision::kFloat16).scalar_type(), at::kHalf);
}

#if defined(__linux__) && defined(__x86_64__)
TEST(ComputePrecision, SupportIsWhatTheKernelReports) {
  std::ifstream file("/proc/cpuinfo");
  std::stringstream text;
  text << file.rdbuf();
  const auto has = [&](const char* flag) { return text.str().find(flag) != std::string::npos; };
  EXPECT_EQ(cpu_supports_bfloat16(), has(" avx512_bf16") || has(" amx_bf16"));
  EXPECT_EQ(cpu_supports_float16(), has(" avx512_fp16"));
}
#endif

}  // namespace
}  // namespace sbert
