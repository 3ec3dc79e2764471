#include "sbert/dist/rendezvous.h"

#include <algorithm>
#include <future>
#include <thread>
#include <utility>

#include <torch/csrc/distributed/c10d/PrefixStore.hpp>
#include <torch/csrc/distributed/c10d/TCPStore.hpp>

#include "sbert/base/concat.h"
#include "sbert/dist/addresses.h"

namespace sbert {
namespace {

using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;

constexpr milliseconds kAnswerTime{5'000};  // of the store
constexpr milliseconds kSettleTime{200};    // of one that is killed: its sockets close in any order
constexpr milliseconds kLookTime{1'500};    // at the others' heartbeats
constexpr milliseconds kStayTime{5'000};    // of who keeps the store

// Keys of the store.
constexpr const char* kNumSignedIn = "signed-in";
constexpr const char* kFirstFailure = "first-failure";
constexpr const char* kHeartbeat = "heartbeat/";  // of each rank: its address
constexpr const char* kLeaving = "leaving/";      // of each rank that noticed that a call failed

c10::intrusive_ptr<c10d::Store> open_store(const Membership& self,
                                           std::chrono::seconds timeout,
                                           const StopToken& stop) {
  c10d::TCPStoreOptions options;
  options.port = static_cast<std::uint16_t>(self.master_port);
  options.isServer = self.rank == 0 && !self.is_store_served;
  options.numWorkers = self.size;
  options.waitWorkers = false;
  options.timeout = timeout;
  // The store's own attempts may take three times as long.
  if (!options.isServer &&
      !wait_for_listener(self.master_address, self.master_port, timeout, stop)) {
    return {};
  }
  return c10::make_intrusive<c10d::PrefixStore>(
      concat("sbert/", self.attempt),
      c10::make_intrusive<c10d::TCPStore>(self.master_address, options));
}

// The store has no time limit where it is asked for what it has at once, and who keeps it may hang.
// So the question has a thread that nobody waits for: one that is joined would hang with it. It
// owns all that it uses.
// nullopt: no answer.
template <typename Question>
auto ask(Question question) -> std::optional<decltype(question())> {
  std::packaged_task<decltype(question())()> task(std::move(question));
  auto answer = task.get_future();
  std::thread(std::move(task)).detach();
  if (answer.wait_for(kAnswerTime) != std::future_status::ready) return std::nullopt;
  try {
    return answer.get();
  } catch (const std::exception&) {
    return std::nullopt;
  }
}

std::string to_text(const FailureReport& failure) {
  return concat(static_cast<int>(failure.kind), failure.text);
}

FailureReport failure_in(const std::string& text) {
  return {static_cast<ErrorKind>(text.at(0) - '0'), text.substr(1)};
}

std::string text_of(const std::vector<std::uint8_t>& bytes) {
  return {bytes.begin(), bytes.end()};
}

std::string to_text(const HeartbeatPlace& place) {
  return concat(place.port, " ", place.address);
}

HeartbeatPlace place_in(const std::string& text) {
  return {text.substr(text.find(' ') + 1), std::stoi(text)};
}

}  // namespace

Rendezvous::Rendezvous(const Membership& self, std::chrono::seconds timeout, StopToken stop)
    : self_(self),
      timeout_(timeout),
      stop_(std::move(stop)),
      heartbeat_(own_address(self.master_address)) {
  store_ = open_store(self, timeout, stop_);
  if (!store_) {
    const FailureReport gone = store_is_gone();
    fail(gone.kind, gone.text);
  }
  store_->set(concat(kHeartbeat, self_.rank), to_text(heartbeat_.place()));
  store_->add(kNumSignedIn, 1);
}

Rendezvous::~Rendezvous() {
  if (keeps_store() && cause_) find_stopped_heartbeats(others_, kStayTime);
}

bool Rendezvous::keeps_store() const {
  return self_.rank == 0 && !self_.is_store_served;
}

void Rendezvous::wait_for_all() {
  constexpr milliseconds kPause{50};
  const Clock::time_point end = Clock::now() + timeout_;
  while (store_->add(kNumSignedIn, 0) < self_.size) {
    if (stop_.stop_requested()) {
      find_heartbeats(without(kHeartbeat));
      tell(ErrorKind::kCancelled, "interrupted");
      stop_.throw_if_stopped();
    }
    if (store_->check({kFirstFailure}) || Clock::now() >= end) {
      const std::vector<int> absent = without(kHeartbeat);
      find_heartbeats(absent);
      const std::lock_guard lock(mutex_);
      cause_ = keep_first({ErrorKind::kIo, concat(those(absent), "not there")});
      fail(cause_->kind, cause_->text);
    }
    std::this_thread::sleep_for(kPause);
  }
  find_heartbeats({});
}

void Rendezvous::find_heartbeats(const std::vector<int>& absent) {
  std::vector<std::string> keys;
  std::vector<std::size_t> ranks;
  for (int rank = 0; rank < self_.size; ++rank) {
    if (rank == self_.rank || std::ranges::find(absent, rank) != absent.end()) continue;
    keys.push_back(concat(kHeartbeat, rank));
    ranks.push_back(static_cast<std::size_t>(rank));
  }
  others_.assign(static_cast<std::size_t>(self_.size), {});
  if (keys.empty()) return;
  const auto places = store_->multiGet(keys);
  for (std::size_t i = 0; i < ranks.size(); ++i)
    others_[ranks[i]] = place_in(text_of(places[i]));
}

void Rendezvous::tell(ErrorKind kind, const std::string& line) {
  const std::lock_guard lock(mutex_);
  if (cause_) return;
  cause_ =
      keep_first({kind, concat("process ", self_.rank, " of ", self_.size, " failed: ", line)});
}

FailureReport Rendezvous::find_cause(const std::string& line) {
  const std::lock_guard lock(mutex_);
  if (cause_) return *cause_;
  std::this_thread::sleep_for(kSettleTime);
  const std::optional<std::string> first = told();
  if (!first) {
    cause_ = store_is_gone();
  } else if (!first->empty()) {
    cause_ = failure_in(*first);
  } else {
    cause_ = find_missing(line);
  }
  return *cause_;
}

// What the first to leave said, empty if nobody did. nullopt: no answer.
std::optional<std::string> Rendezvous::told() {
  if (!keeps_store() && !wait_for_listener(self_.master_address, self_.master_port, kLookTime)) {
    return std::nullopt;
  }
  return ask([store = store_, own = concat(kLeaving, self_.rank)] {
    store->set(own, "");
    return store->check({kFirstFailure}) ? store->get_to_str(kFirstFailure) : std::string();
  });
}

FailureReport Rendezvous::keep_first(const FailureReport& own) {
  const auto first = ask([store = store_, text = to_text(own)] {
    return store->compareSet(kFirstFailure, std::string(), text);
  });
  return first && !first->empty() ? failure_in(*first) : own;
}

FailureReport Rendezvous::find_missing(const std::string& line) {
  const std::vector<bool> out = find_stopped_heartbeats(others_, kLookTime);
  std::vector<int> gone;
  for (int rank = 0; rank < static_cast<int>(out.size()); ++rank) {
    if (rank != self_.rank && out[static_cast<std::size_t>(rank)]) gone.push_back(rank);
  }
  if (!gone.empty()) {
    if (gone.front() == 0 && !self_.is_store_served) return store_is_gone();
    return keep_first({ErrorKind::kIo, concat(those(gone), "gone or out of reach")});
  }
  const std::vector<int> late = without(kLeaving);
  const std::string what =
      late.empty() ? std::string("no process is gone or late") : concat(those(late), "late");
  return keep_first({ErrorKind::kIo, concat(what, ": ", line)});
}

FailureReport Rendezvous::store_is_gone() const {
  const std::string keeper = self_.is_store_served
                                 ? std::string("the store of the launcher")
                                 : concat("process 0 of ", self_.size, ", which keeps the store,");
  return {ErrorKind::kIo,
          concat(keeper, " cannot be reached at ", self_.master_address, ":", self_.master_port)};
}

// "processes 1, 3 of 4 are "
std::string Rendezvous::those(const std::vector<int>& ranks) const {
  std::string list;
  for (const int rank : ranks)
    list += concat(list.empty() ? "" : ", ", rank);
  const bool is_one = ranks.size() == 1;
  return concat(is_one ? "process " : "processes ", list, " of ", self_.size,
                is_one ? " is " : " are ");
}

// The ranks that have no such key.
std::vector<int> Rendezvous::without(const char* key) {
  const auto found = ask([store = store_, key, size = self_.size] {
    std::vector<int> ranks;
    for (int rank = 0; rank < size; ++rank) {
      if (!store->check({concat(key, rank)})) ranks.push_back(rank);
    }
    return ranks;
  });
  return found.value_or(std::vector<int>{});
}

}  // namespace sbert
