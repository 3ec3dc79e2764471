#include "sbert/track/wandb_sync.h"

#include <cstring>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "sbert/base/files.h"
#include "sbert/base/log.h"
#include "sbert/base/message_of.h"
#include "sbert/track/protobuf.h"
#include "sbert/track/test_wandb_log.h"

namespace sbert {
namespace {

using std::chrono::seconds;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

// The other end of wandb-core's protocol: takes one connection and gives the n-th request the n-th
// response, then waits for the connection's end.
class FakeCore {
 public:
  FakeCore(const std::filesystem::path& socket_path, std::vector<ProtobufWriter> responses)
      : responses_(std::move(responses)), listener_(::socket(AF_UNIX, SOCK_STREAM, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    socket_path.native().copy(address.sun_path, sizeof address.sun_path - 1);
    EXPECT_EQ(::bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    ::listen(listener_, 1);
    thread_ = std::thread([this] { serve(); });
  }
  ~FakeCore() {
    ::shutdown(listener_, SHUT_RDWR);
    requests();
    ::close(listener_);
  }

  /// All that was asked, once the connection has ended.
  const std::vector<std::string>& requests() {
    if (thread_.joinable()) thread_.join();
    return requests_;
  }

 private:
  void serve() {
    const int connection = ::accept(listener_, nullptr, nullptr);
    if (connection < 0) return;
    for (char head[5]; ::recv(connection, head, 5, MSG_WAITALL) == 5;) {
      std::uint32_t size = 0;
      std::memcpy(&size, head + 1, 4);
      std::string request(size, '\0');
      ::recv(connection, request.data(), size, MSG_WAITALL);
      requests_.push_back(request);
      if (requests_.size() > responses_.size()) continue;
      ProtobufWriter response = responses_[requests_.size() - 1];
      response.add_bytes(10, find_field(request, 10));
      size = static_cast<std::uint32_t>(response.bytes().size());
      std::string frame = "W" + std::string(reinterpret_cast<char*>(&size), 4) + response.bytes();
      ::send(connection, frame.data(), frame.size(), MSG_NOSIGNAL);
    }
    ::close(connection);
  }

  std::vector<ProtobufWriter> responses_;
  int listener_;
  std::vector<std::string> requests_;
  std::thread thread_;
};

ProtobufWriter init_response(const char* id) {
  return ProtobufWriter().add_message(11, ProtobufWriter().add_bytes(1, id));
}

ProtobufWriter sync_response(int severity, const char* content) {
  const auto message = ProtobufWriter().add_integer(1, severity).add_bytes(2, content);
  return ProtobufWriter().add_message(12, ProtobufWriter().add_message(1, message));
}

class WandbSyncTest : public testing::Test {
 protected:
  void SetUp() override {
    std::filesystem::remove_all(folder_);
    make_folder(log_path_.parent_path() / "logs");
    log_to_file((folder_ / "log.txt").string());
    set_quiet(true);
  }
  void TearDown() override {
    log_to_file("");
    set_quiet(false);
  }

  // A program in the place of wandb-core; "$3" is the file that says where it listens.
  WandbEnvironment with_program(const std::string& script) const {
    const auto path = folder_ / "wandb-core";
    write_file_atomically(path, "#!/bin/sh\n" + script);
    std::filesystem::permissions(path, std::filesystem::perms::owner_all);
    return {.base_url = "http://host", .api_key = "secret", .program = path};
  }
  WandbEnvironment with_fake_core() const {
    return with_program("printf 'unix=" + socket_path_.string() +
                        "\\nEOF\\n' > \"$3\"\nexec tail -f /dev/null\n");
  }
  std::string logged() const { return read_file(folder_ / "log.txt"); }

  const std::filesystem::path folder_ = std::filesystem::path(testing::TempDir()) / "wandb_sync";
  const std::filesystem::path log_path_ = folder_ / "wandb/offline-run-1-abc/run-abc.wandb";
  const std::filesystem::path socket_path_ = folder_ / "socket";
};

TEST_F(WandbSyncTest, AsksForEarlierLogsAndThenForTheLiveOne) {
  FakeCore core(socket_path_, {init_response("s1"), sync_response(20, "a warning"),
                               init_response("s2"), sync_response(10, "all is well")});
  {
    WandbSync sync(with_fake_core(), {"/earlier.wandb"}, log_path_);
    EXPECT_TRUE(sync.finish(seconds(60)));
  }
  const auto requests = core.requests();
  ASSERT_THAT(requests, SizeIs(5));
  const std::string_view first = find_field(requests[0], 11);
  EXPECT_EQ(find_field(first, 1), "/earlier.wandb");
  EXPECT_EQ(integer_in(first, 6), 0U);
  EXPECT_EQ(find_field(find_field(find_field(first, 2), 55), 1), "secret");
  EXPECT_EQ(find_field(find_field(find_field(first, 2), 57), 1), "http://host");
  EXPECT_EQ(integer_in(find_field(find_field(first, 2), 182), 1), 1U);
  EXPECT_EQ(integer_in(find_field(find_field(first, 2), 183), 1), 1U);
  EXPECT_EQ(find_field(find_field(requests[1], 12), 1), "s1");
  EXPECT_EQ(find_field(find_field(requests[2], 11), 1), log_path_.native());
  EXPECT_EQ(integer_in(find_field(requests[2], 11), 6), 1U);
  EXPECT_EQ(find_field(find_field(requests[3], 12), 1), "s2");
  EXPECT_THAT(std::string(find_field(requests[4], 7)), SizeIs(2));  // the end
  EXPECT_THAT(logged(), Not(HasSubstr("warning")));
}

TEST_F(WandbSyncTest, AnErrorOfTheSyncIsAWarningWithTheCommandForLater) {
  FakeCore core(socket_path_, {init_response("s1"), sync_response(30, "permission denied")});
  WandbSync sync(with_fake_core(), {}, log_path_);
  EXPECT_FALSE(sync.finish(seconds(60)));
  EXPECT_THAT(logged(), HasSubstr("warning: Weights & Biases gets no more of this run: wandb-core: "
                                  "permission denied; later: wandb sync " +
                                  (folder_ / "wandb/*-abc").string()));
}

TEST_F(WandbSyncTest, ARefusalIsAWarning) {
  const auto error =
      ProtobufWriter().add_message(200, ProtobufWriter().add_bytes(1, "no such file"));
  FakeCore core(socket_path_, {error});
  WandbSync sync(with_fake_core(), {}, log_path_);
  EXPECT_FALSE(sync.finish(seconds(60)));
  EXPECT_THAT(logged(), HasSubstr("wandb-core: no such file; later: wandb sync"));
}

TEST_F(WandbSyncTest, AProgramThatEndsAtOnceIsAWarning) {
  WandbSync sync(with_program("echo trouble; exit 1\n"), {}, log_path_);
  EXPECT_FALSE(sync.finish(seconds(60)));
  EXPECT_THAT(logged(), HasSubstr("wandb-core ended at once; later: wandb sync"));
  EXPECT_EQ(read_file(log_path_.parent_path() / "logs/wandb-core.log"), "trouble\n");
}

TEST_F(WandbSyncTest, AServiceThatDoesNotAnswerIsNotWaitedForLonger) {
  FakeCore core(socket_path_, {init_response("s1")});
  WandbSync sync(with_fake_core(), {}, log_path_);
  EXPECT_FALSE(sync.finish(std::chrono::milliseconds(1)));
  EXPECT_THAT(logged(), HasSubstr("has not taken all of this run yet; later: wandb sync"));
}

TEST_F(WandbSyncTest, AfterAStopItIsNotWaitedFor) {
  FakeCore core(socket_path_, {init_response("s1")});
  WandbSync sync(with_fake_core(), {}, log_path_);
  StopSource source;
  source.request_stop();
  EXPECT_FALSE(sync.finish(std::chrono::hours(1), source.token()));
}

TEST_F(WandbSyncTest, GoesAwayWithoutAWord) {
  FakeCore core(socket_path_, {init_response("s1")});
  {
    const WandbSync sync(with_fake_core(), {}, log_path_);
  }
  EXPECT_THAT(logged(), IsEmpty());
}

TEST_F(WandbSyncTest, AProgramThatCannotBeStartedIsAnError) {
  const WandbEnvironment environment{.program = folder_ / "none"};
  EXPECT_THAT(message_of(ErrorKind::kIo, [&] { WandbSync(environment, {}, log_path_); }),
              HasSubstr("none: cannot start: No such file or directory"));
}

}  // namespace
}  // namespace sbert
