#include "sbert/run/train_options.h"

#include <functional>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sbert/base/concat.h"
#include "sbert/base/error.h"
#include "sbert/base/message_of.h"
#include "sbert/config/options.h"
#include "sbert/config/yaml.h"

namespace sbert {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

TrainOptions valid() {
  TrainOptions options;
  options.restore_from_path = "in.nemo";
  options.model.data.data_prefix = "train.json";
  return options;
}

std::string refusal(const std::function<void(TrainOptions&)>& change) {
  TrainOptions options = valid();
  change(options);
  try {
    options.validate();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kUsage);
    return error.what();
  }
  return "";
}

TEST(TrainOptions, DefaultsWithTheTwoPathsAreValid) {
  EXPECT_NO_THROW(valid().validate());
}

TEST(TrainOptions, EachFaultNamesItsKey) {
  const std::pair<const char*, std::function<void(TrainOptions&)>> faults[] = {
      {"restore_from_path", [](auto& o) { o.restore_from_path = ""; }},
      {"model.data.data_prefix", [](auto& o) { o.model.data.data_prefix = ""; }},
      {"model.data.data_prefix", [](auto& o) { o.model.data.data_prefix = "/path/to/data"; }},
      {"model.data.data_train are one", [](auto& o) { o.model.data.data_train = "b.json"; }},
      {"trainer.devices", [](auto& o) { o.trainer.devices = 0; }},
      {"without an end", [](auto& o) { o.trainer.max_steps = -1; }},
      {"trainer.max_steps", [](auto& o) { o.trainer.max_steps = 0; }},
      {"trainer.max_epochs", [](auto& o) { o.trainer.max_epochs = -2; }},
      {"trainer.max_epochs must be at least 1", [](auto& o) { o.trainer.max_epochs = 0; }},
      {"trainer.evaluators[1]: name must differ from those before: sts",
       [](auto& o) {
         o.trainer.evaluators = {{.task = "sts", .data = "a"}, {.task = "sts", .data = "b"}};
       }},
      {"model.freeze and model.lora",
       [](auto& o) {
         o.model.freeze.text = "embeddings";
         o.model.lora.emplace();
       }},
      {"model.loss.name=triplet needs hard negatives: model.data.hard_negatives_to_train is 0",
       [](auto& o) {
         o.model.loss.name = LossKind::kTriplet;
         o.model.data.hard_negatives_to_train = 0;
       }},
      {"exp_manager: wandb_logger_kwargs: project must have",
       [](auto& o) { o.exp_manager.wandb_logger_kwargs.project = "team/project"; }},
      {"trainer.log_every_n_steps", [](auto& o) { o.trainer.log_every_n_steps = 0; }},
      {"trainer.val_check_interval",
       [](auto& o) { o.trainer.val_check_interval = {std::int64_t{0}}; }},
      {"trainer.val_check_interval", [](auto& o) { o.trainer.val_check_interval = {1.5}; }},
      {"trainer.val_check_interval",
       [](auto& o) { o.trainer.val_check_interval = {std::string("often")}; }},
      {"trainer.limit_val_batches",
       [](auto& o) { o.trainer.limit_val_batches = {std::int64_t{0}}; }},
      {"trainer.limit_val_batches as a share of the validation rows must be above 0 and at most 1: "
       "0",
       [](auto& o) { o.trainer.limit_val_batches = {0.0}; }},
      {"trainer.limit_val_batches must be a number of global batches",
       [](auto& o) { o.trainer.limit_val_batches = {std::string("all")}; }},
      {"trainer.gradient_clip_val", [](auto& o) { o.trainer.gradient_clip_val = -1; }},
      {"monitor", [](auto& o) { o.exp_manager.checkpoint_callback_params.monitor = "x"; }},
      {"early_stopping_callback_params.monitor",
       [](auto& o) {
         o.exp_manager.create_early_stopping_callback = true;
         o.exp_manager.early_stopping_callback_params.monitor = "loss";
       }},
      {"max_time_per_run", [](auto& o) { o.exp_manager.max_time_per_run = "1:00"; }},
      {"exp_manager.name", [](auto& o) { o.exp_manager.name = "a/b"; }},
      {"exp_manager.ema.decay", [](auto& o) { o.exp_manager.ema.decay = 2; }},
      {"model.optim.layer_decay", [](auto& o) { o.model.optim.layer_decay = 0; }},
      {"save_top_k", [](auto& o) { o.exp_manager.checkpoint_callback_params.save_top_k = -2; }},
      {"model.global_inbatch_negatives=False needs model.loss.name=contrastive: the loss is cosent",
       [](auto& o) {
         o.model.global_inbatch_negatives = false;
         o.model.loss.name = LossKind::kCosent;
       }},
      {"model.loss.memory_size needs model.global_inbatch_negatives=True",
       [](auto& o) {
         o.model.global_inbatch_negatives = false;
         o.model.loss.memory_size = 8;
       }},
      {"model.grad_allreduce_chunk_size_mb",
       [](auto& o) { o.model.grad_allreduce_chunk_size_mb = 0; }},
      {"model.micro_batch_size", [](auto& o) { o.model.micro_batch_size = 0; }},
      {"multiple of model.micro_batch_size (4): 6", [](auto& o) { o.model.global_batch_size = 6; }},
      {"model.encoder_seq_length", [](auto& o) { o.model.encoder_seq_length = 2; }},
      {"model.softmax_temp", [](auto& o) { o.model.softmax_temp = 0; }},
      {"model.label_smoothing", [](auto& o) { o.model.label_smoothing = 1; }},
      {"model.hidden_dropout", [](auto& o) { o.model.hidden_dropout = 1; }},
      {"model.attention_dropout", [](auto& o) { o.model.attention_dropout = -0.1; }},
      {"evaluation_sample_size", [](auto& o) { o.model.data.evaluation_sample_size = -1; }},
      {"evaluation_steps", [](auto& o) { o.model.data.evaluation_steps = 0; }},
      {"hard_negatives_to_train", [](auto& o) { o.model.data.hard_negatives_to_train = -1; }},
      {"model.optim.lr", [](auto& o) { o.model.optim.lr = -1; }},
      {"model.optim.betas", [](auto& o) { o.model.optim.betas = {0.9}; }},
      {"model.optim.betas", [](auto& o) { o.model.optim.betas = {0.9, 1}; }},
      {"model.optim.sched.min_lr", [](auto& o) { o.model.optim.sched.min_lr = 1; }},
      {"model.mining.start_step", [](auto& o) { o.model.mining.start_step = -1; }},
  };
  for (const auto& [key, change] : faults)
    EXPECT_THAT(refusal(change), HasSubstr(key));
}

TEST(TrainOptions, AnUnknownWordIsRefusedWithItsKeyAndTheKnownOnes) {
  const std::pair<const char*, const char*> faults[] = {
      {"model: {data: {on_bad_record: warn}}",
       "model.data.on_bad_record must be one of error, skip: warn"},
      {"model: {data: {positives: last}}",
       "model.data.positives must be one of first, all, random: last"},
      {"model: {data: {negatives: all}}", "model.data.negatives must be one of first, random: all"},
      {"model: {data: {order: sorted}}", "model.data.order must be one of shuffle, nemo: sorted"},
      {"trainer: {accelerator: tpu}",
       "trainer.accelerator must be one of auto, cpu, gpu, cuda: tpu"},
      {"trainer: {precision: 64}",
       "trainer.precision must be one of auto, 32, 32-true, bf16, bf16-mixed, 16, 16-mixed: 64"},
      {"exp_manager: {checkpoint_callback_params: {mode: up}}",
       "exp_manager.checkpoint_callback_params.mode must be one of auto, min, max: up"},
      {"exp_manager: {early_stopping_callback_params: {mode: up}}",
       "exp_manager.early_stopping_callback_params.mode must be one of auto, min, max: up"},
      {"model: {activations_checkpoint_granularity: some}",
       "model.activations_checkpoint_granularity must be one of full, selective: some"},
      {"model: {backprop_type: none}", "model.backprop_type must be one of global, local: none"},
      {"model: {tokenizer: {library: spacy}}",
       "model.tokenizer.library must be one of huggingface, megatron: spacy"},
      {"model: {loss: {name: tripplet}}",
       "model.loss.name must be one of contrastive, softmax, cosine, triplet, cosent, angle, "
       "margin_mse, distill_kl: tripplet"},
      {"model: {optim: {name: lamb}}",
       "model.optim.name must be one of fused_adam, adamw, distributed_fused_adam: lamb"},
  };
  for (const auto& [yaml, message] : faults) {
    EXPECT_EQ(
        message_of(ErrorKind::kUsage, [&] { read_options<TrainOptions>(parse_yaml(yaml), ""); }),
        message);
  }
}

TEST(TrainOptions, LightningsWordsForAPrecisionAreKnown) {
  const auto precision = [](const char* word) {
    return read_options<TrainerOptions>(parse_yaml(concat("precision: ", word)), "").precision;
  };
  EXPECT_EQ(precision("16"), TrainerPrecision::k16);
  EXPECT_EQ(precision("16-mixed"), TrainerPrecision::k16);
  EXPECT_EQ(precision("bf16-mixed"), TrainerPrecision::kBf16);
  EXPECT_EQ(precision("32-true"), TrainerPrecision::k32);
}

TEST(TrainOptions, MiningThatIsOffHasNoOtherSettings) {
  const std::string needed = " needs model.mining.refresh_every_n_steps";
  EXPECT_EQ(refusal([](auto& o) { o.model.mining.start_step = 5; }),
            "model.mining.start_step" + needed);
  EXPECT_EQ(refusal([](auto& o) { o.model.mining.pool = "c.txt"; }), "model.mining.pool" + needed);
  EXPECT_EQ(refusal([](auto& o) { o.model.mining.pool_format = InputFormat::kCsv; }),
            "model.mining.pool_format" + needed);
  EXPECT_EQ(refusal([](auto& o) { o.model.mining.max_pool = 5; }),
            "model.mining.max_pool" + needed);
  EXPECT_EQ(refusal([](auto& o) { o.model.mining.mix.old = 0.5; }),
            "model.mining.mix.old" + needed);
  EXPECT_EQ(refusal([](auto& o) { o.model.mining.mix.random = 0.5; }),
            "model.mining.mix.random" + needed);
}

TEST(TrainOptions, MiningNeedsALossThatUsesNegatives) {
  const auto with_mining = [](auto&& set) {
    return refusal([&](TrainOptions& o) {
      o.model.mining.refresh_every_n_steps = 10;
      set(o);
    });
  };
  EXPECT_EQ(with_mining([](auto& o) { o.model.loss.name = LossKind::kTriplet; }), "");
  EXPECT_EQ(with_mining([](auto& o) { o.model.loss.name = LossKind::kMarginMse; }),
            "model.mining.refresh_every_n_steps needs model.loss.name=contrastive or triplet: the "
            "loss is margin_mse");
  EXPECT_EQ(with_mining([](auto& o) { o.model.data.hard_negatives_to_train = 0; }),
            "model.mining.refresh_every_n_steps needs model.data.hard_negatives_to_train");
  EXPECT_EQ(with_mining([](auto& o) { o.model.data.hard_negatives_to_train = 5; }),
            "model.mining.num_negatives must be at least the mined share (1) of "
            "model.data.hard_negatives_to_train (5): 4");
  EXPECT_EQ(with_mining([](auto& o) {
              o.model.data.hard_negatives_to_train = 8;
              o.model.mining.mix.random = 0.5;
            }),
            "");
}

TEST(DataOptions, EitherNameOfTheFilesServes) {
  DataOptions data;
  data.data_prefix = "/path/to/data";  // what the shipped configurations say
  data.data_train = "t.json";
  EXPECT_THAT(data.training_files().patterns, ElementsAre("t.json"));
  data.data_train = FilePatterns();
  data.data_prefix = "p.json";
  EXPECT_THAT(data.training_files().patterns, ElementsAre("p.json"));
}

FilePatterns read_files(std::string_view yaml) {
  return read_options<DataOptions>(parse_yaml(std::string(yaml)), "").data_prefix;
}

TEST(DataOptions, FilesAreAPathAListOrNemosListOfWeights) {
  EXPECT_THAT(read_files("data_prefix: a.json").patterns, ElementsAre("a.json"));
  EXPECT_THAT(read_files("data_prefix: [a.json, 'b*']").patterns, ElementsAre("a.json", "b*"));
  EXPECT_THAT(read_files("data_prefix: [1.0, a.json, 1, b.json]").patterns,
              ElementsAre("a.json", "b.json"));
  EXPECT_TRUE(read_files("data_prefix: null").empty());
  EXPECT_TRUE(read_files("data_prefix: ''").empty());
}

TEST(DataOptions, WhatNamesNoFilesIsRefused) {
  const auto refusal_of = [](std::string_view yaml) {
    return message_of(ErrorKind::kUsage, [&] { read_files(yaml); });
  };
  EXPECT_EQ(refusal_of("data_prefix: [0.5, a]"),
            "data_prefix: the weight of a file must be 1: 0.5");
  EXPECT_EQ(refusal_of("data_prefix: [a, 1]"), "data_prefix: a path must follow each weight");
  EXPECT_EQ(refusal_of("data_prefix: [1, 1, a]"), "data_prefix: a path must follow each weight");
  EXPECT_EQ(refusal_of("data_prefix: 7"), "data_prefix must be a path or a list of paths");
  EXPECT_THAT(refusal_of("data_prefix: [[a]]"), HasSubstr("data_prefix must be a number"));
}

TEST(DataOptions, FilesAreWrittenAsTheyAreRead) {
  for (const char* yaml :
       {"data_prefix: a.json", "data_prefix: [a.json, b.json]", "data_prefix: null"}) {
    const FilePatterns files = read_files(yaml);
    DataOptions data;
    data.data_prefix = files;
    const auto again = read_options<DataOptions>(to_tree(data), "");
    EXPECT_EQ(again.data_prefix.empty(), files.empty());
    if (files.empty()) continue;
    EXPECT_EQ(again.data_prefix.patterns, files.patterns);
  }
}

TEST(TrainerOptions, ValidationsAreSoManyUpdatesOrAShareOfAnEpochApart) {
  TrainerOptions trainer;
  EXPECT_EQ(trainer.validation_interval(7), 100);  // longer than an epoch, too
  trainer.val_check_interval = {0.25};
  EXPECT_EQ(trainer.validation_interval(10), 2);
  EXPECT_EQ(trainer.validation_interval(2), 1);
  trainer.val_check_interval = {1.0};
  EXPECT_EQ(trainer.validation_interval(10), 10);
}

TEST(TrainOptions, FrozenPartsAreAListOrATextWithCommas) {
  const auto freeze = [](const char* value) {
    const ConfigNode root = parse_yaml(concat("model: {freeze: ", value, "}"));
    return read_options<TrainOptions>(root, "").model.freeze.text;
  };
  EXPECT_EQ(freeze("[embeddings, layers.0-3]"), "embeddings,layers.0-3");
  EXPECT_EQ(freeze("'embeddings,layers.0-3'"), "embeddings,layers.0-3");
  EXPECT_EQ(freeze("embeddings"), "embeddings");
  EXPECT_EQ(freeze("[]"), "");
  EXPECT_EQ(freeze("null"), "");
  for (const char* value : {"3", "[3]", "{a: b}"}) {
    EXPECT_THAT(message_of(ErrorKind::kUsage, [&] { freeze(value); }),
                HasSubstr("model.freeze must be a list of names"));
  }
}

}  // namespace
}  // namespace sbert
