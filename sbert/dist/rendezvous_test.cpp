#include "sbert/dist/rendezvous.h"

#include <memory>

#include <gtest/gtest.h>

#include <torch/csrc/distributed/c10d/TCPStore.hpp>

#include "sbert/base/message_of.h"
#include "tests/support/on_each_rank.h"

namespace sbert {
namespace {

constexpr std::chrono::seconds kTimeout{30};

// As torchrun's: it outlives the processes.
class LaunchersStore {
 public:
  LaunchersStore() : store_("127.0.0.1", options()) {}
  Membership member_of(int attempt) const {
    Membership alone = member(0, 1, store_.getPort());
    alone.is_store_served = true;
    alone.attempt = attempt;
    return alone;
  }

 private:
  static c10d::TCPStoreOptions options() {
    c10d::TCPStoreOptions options;
    options.port = 0;
    options.isServer = true;
    return options;
  }
  c10d::TCPStore store_;
};

TEST(Rendezvous, TheFirstToLeaveIsTheCause) {
  const LaunchersStore launcher;
  Rendezvous first(launcher.member_of(0), kTimeout);
  Rendezvous second(launcher.member_of(0), kTimeout);
  first.tell(ErrorKind::kInput, "a file is empty");
  second.tell(ErrorKind::kUsage, "another error");
  for (Rendezvous* each : {&first, &second}) {
    const FailureReport cause = each->find_cause("no answer");
    EXPECT_EQ(cause.text, "process 0 of 1 failed: a file is empty");
    EXPECT_EQ(cause.kind, ErrorKind::kInput);
  }
}

TEST(Rendezvous, WhatWasSaidBeforeALauncherStartedAllAgainIsForgotten) {
  const LaunchersStore launcher;
  Rendezvous before(launcher.member_of(0), kTimeout);
  before.tell(ErrorKind::kInput, "a file is empty");
  Rendezvous after(launcher.member_of(1), kTimeout);
  after.wait_for_all();
  EXPECT_EQ(after.find_cause("no answer").text, "no process is gone or late: no answer");
}

TEST(Rendezvous, AStopEndsTheWaitForTheOthersWhoAreTold) {
  const LaunchersStore launcher;
  Membership self = launcher.member_of(0);
  self.size = 2;
  StopSource source;
  Rendezvous stopped(self, std::chrono::seconds(600), source.token());
  source.request_stop();
  EXPECT_EQ(message_of(ErrorKind::kCancelled, [&] { stopped.wait_for_all(); }), "interrupted");
  Membership other = self;
  other.rank = 1;
  Rendezvous second(other, kTimeout);
  EXPECT_EQ(second.find_cause("no answer").kind, ErrorKind::kCancelled);
}

TEST(Rendezvous, WithoutTheLaunchersStoreThatIsTheCause) {
  auto launcher = std::make_unique<LaunchersStore>();
  const Membership self = launcher->member_of(0);
  Rendezvous rendezvous(self, kTimeout);
  launcher.reset();
  const std::string place = "127.0.0.1:" + std::to_string(self.master_port);
  EXPECT_EQ(rendezvous.find_cause("no answer").text,
            "the store of the launcher cannot be reached at " + place);
  EXPECT_EQ(message_of(ErrorKind::kIo, [&] { Rendezvous(self, std::chrono::seconds(1)); }),
            "the store of the launcher cannot be reached at " + place);
}

}  // namespace
}  // namespace sbert
