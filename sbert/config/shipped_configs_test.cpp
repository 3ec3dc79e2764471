// The files of conf/ are what users of NeMo start from: NeMo's command must work with them.

#include <map>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sbert/config/command_line.h"
#include "sbert/config/golden_lines.h"
#include "sbert/config/interpolation.h"
#include "sbert/config/overrides.h"
#include "sbert/config/yaml.h"

namespace sbert {
namespace {

using testing::UnorderedElementsAre;

const std::filesystem::path kFolder = std::filesystem::path(SBERT_GOLDEN) / "../../conf";

// The words of NeMo's page, as a shell hands them over.
const std::vector<std::string> kNemoWords = {
    "--config-path=" + kFolder.native(),
    "--config-name=megatron_bert_config",
    "restore_from_path=/path/to/model.nemo",
    "trainer.devices=1",
    "trainer.val_check_interval=100",
    "trainer.max_epochs=1",
    "+trainer.num_sanity_val_steps=0",
    "model.global_batch_size=8",
    "model.micro_batch_size=8",
    "model.tokenizer.library=huggingface",
    "model.tokenizer.type=intfloat/e5-large-unsupervised",
    "++model.data.data_prefix=/path/to/train.json",
    "++model.tokenizer.do_lower_case=False",
    "++model.data.evaluation_sample_size=100",
    "++model.data.hard_negatives_to_train=4",
    "++model.data.evaluation_steps=100",
    "exp_manager.explicit_log_dir=/path/to/log",
    "exp_manager.create_wandb_logger=True",
    "exp_manager.resume_if_exists=True",
    "exp_manager.wandb_logger_kwargs.name=run",
    "exp_manager.wandb_logger_kwargs.project=sbert",
};

TEST(ShippedConfigs, TakeTheCommandOfNemosPage) {
  const CommandLine line = parse_command_line(kNemoWords);
  ConfigTree tree = read_yaml(config_file(line, "", ""));
  apply_overrides(tree, line.overrides);
  const ConfigTree resolved = resolve(tree);
  const std::map<std::string, std::string> expected = {
      {"restore_from_path", "\"/path/to/model.nemo\""},
      {"trainer.num_sanity_val_steps", "0"},
      {"model.micro_batch_size", "8"},
      {"model.tokenizer.type", "\"intfloat/e5-large-unsupervised\""},
      {"model.tokenizer.do_lower_case", "false"},
      {"model.data.data_prefix", "\"/path/to/train.json\""},
      {"model.data.hard_negatives_to_train", "4"},
      {"model.max_position_embeddings", "512"},
      {"model.optim.lr", "0.0002"},
      {"exp_manager.wandb_logger_kwargs.project", "\"sbert\""},
      {"exp_manager.checkpoint_callback_params.model_parallel_size", "1"},
      {"exp_manager.checkpoint_callback_params.filename",
       "\"megatron_bert--{val_loss:.2f}-{step}-{consumed_samples}\""},
  };
  for (const auto& [key, value] : expected) {
    ASSERT_NE(resolved.find(key), nullptr) << key;
    EXPECT_EQ(canonical(*resolved.find(key)), value) << key;
  }
}

TEST(ShippedConfigs, DifferWhereNemosDiffer) {
  const ConfigTree bert = read_yaml(kFolder / "megatron_bert_config.yaml");
  const ConfigTree sbert = read_yaml(kFolder / "megatron_sbert_config.yaml");
  ASSERT_EQ(bert.paths(), sbert.paths());
  std::vector<std::string> differences;
  for (const std::string& path : bert.paths()) {
    if (bert.find(path)->is_map() || *bert.find(path) == *sbert.find(path)) continue;
    differences.push_back(path);
  }
  EXPECT_THAT(differences,
              UnorderedElementsAre("model.num_layers", "model.hidden_size", "model.ffn_hidden_size",
                                   "model.num_attention_heads", "model.skip_head",
                                   "model.apply_query_key_layer_scaling", "model.layernorm_epsilon",
                                   "model.megatron_legacy", "model.tokenizer.library",
                                   "model.tokenizer.type"));
}

}  // namespace
}  // namespace sbert
