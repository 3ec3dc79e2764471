#pragma once

// Field numbers of wandb's wandb_internal.proto (wandb 0.31).

namespace sbert::wandb_field {

inline constexpr int kRecordNum = 1;
inline constexpr int kRecordHistory = 2;
inline constexpr int kRecordSummary = 3;
inline constexpr int kRecordMetric = 12;
inline constexpr int kRecordRun = 17;
inline constexpr int kRecordExit = 18;
inline constexpr int kRecordHeader = 21;
inline constexpr int kRecordInfo = 200;
inline constexpr int kInfoStreamId = 1;

inline constexpr int kHeaderVersion = 1;
inline constexpr int kVersionProducer = 1;
inline constexpr int kVersionMinConsumer = 2;

inline constexpr int kRunId = 1;
inline constexpr int kRunEntity = 2;
inline constexpr int kRunProject = 3;
inline constexpr int kRunConfig = 4;
inline constexpr int kRunGroup = 6;
inline constexpr int kRunJobType = 7;
inline constexpr int kRunDisplayName = 8;
inline constexpr int kRunNotes = 9;
inline constexpr int kRunTags = 10;
inline constexpr int kRunHost = 13;
inline constexpr int kRunStartingStep = 14;
inline constexpr int kRunStartTime = 17;
inline constexpr int kRunResumed = 18;
inline constexpr int kRunRuntime = 20;
inline constexpr int kRunMayResume = 24;
inline constexpr int kTimestampSeconds = 1;

inline constexpr int kConfigUpdate = 1;
inline constexpr int kSummaryUpdate = 1;
inline constexpr int kHistoryItem = 1;
inline constexpr int kHistoryStep = 2;
inline constexpr int kStepNum = 1;
inline constexpr int kItemKey = 1;
inline constexpr int kItemNestedKey = 2;
inline constexpr int kItemValueJson = 16;

inline constexpr int kMetricName = 1;
inline constexpr int kMetricStepMetric = 4;
inline constexpr int kMetricOptions = 6;
inline constexpr int kMetricOptionsStepSync = 1;
inline constexpr int kMetricOptionsDefined = 3;

inline constexpr int kExitCode = 1;
inline constexpr int kExitRuntime = 2;

}  // namespace sbert::wandb_field
