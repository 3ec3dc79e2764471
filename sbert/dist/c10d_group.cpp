// Torch's own engine between processes: Gloo on the CPU (its headers are Debian's, its code is in
// libtorch_cpu), NCCL on GPUs (nccl_plugin.cpp, loaded where it was built).

#include <algorithm>
#include <chrono>
#include <csignal>
#include <exception>
#include <string>

#include <dlfcn.h>

#include <ATen/ATen.h>
#include <torch/csrc/distributed/c10d/ProcessGroupGloo.hpp>

#include "sbert/base/concat.h"
#include "sbert/base/error.h"
#include "sbert/base/log.h"
#include "sbert/config/membership.h"
#include "sbert/dist/addresses.h"
#include "sbert/dist/buckets.h"
#include "sbert/dist/nccl_plugin.h"
#include "sbert/dist/process_group.h"
#include "sbert/dist/rendezvous.h"
#include "sbert/dist/shares.h"

namespace sbert {
namespace {

std::string first_line(const std::string& text) {
  return text.substr(0, text.find('\n'));
}

// Null where the plugin was not built.
c10::intrusive_ptr<c10d::Backend> make_nccl(const c10::intrusive_ptr<c10d::Store>& store,
                                            const Membership& self,
                                            const c10::Device& device,
                                            std::chrono::seconds timeout) {
  void* library = ::dlopen(kNcclPlugin, RTLD_NOW | RTLD_GLOBAL);
  if (library == nullptr) {
    log_info(concat("without NCCL (", ::dlerror(),
                    "), what processes tell each other goes by way "
                    "of the CPU"));
    return {};
  }
  const auto make = reinterpret_cast<MakeNccl*>(::dlsym(library, kMakeNccl));
  if (make == nullptr) fail(ErrorKind::kInternal, concat(kNcclPlugin, " has no ", kMakeNccl));
  NcclRequest request{.store = store,
                      .rank = self.rank,
                      .size = self.size,
                      .device = device.index(),
                      .timeout = timeout};
  make(request);
  return request.backend;
}

void unflatten(const Tensor& flat, const std::vector<Tensor>& tensors) {
  std::int64_t first = 0;
  for (const Tensor& tensor : tensors) {
    tensor.detach().copy_(flat.narrow(0, first, tensor.numel()).view(tensor.sizes()));
    first += tensor.numel();
  }
}

// Tensors go to where the backend wants them, and back.
class C10dGroup final : public ProcessGroup {
  // Runs what talks to other processes.
  template <typename Work>
  auto talk(const char* what, Work&& work) {
    const auto self = [&] { return concat("rank ", self_.rank, " of ", self_.size, ": ", what); };
    try {
      return work();
    } catch (Error& error) {
      error.within(self());
      throw;
    } catch (const std::exception& error) {
      const std::string line = first_line(error.what());
      const FailureReport cause =
          rendezvous_ ? rendezvous_->find_cause(line) : FailureReport{ErrorKind::kIo, line};
      fail(cause.kind, concat(self(), ": ", cause.text));
    }
  }

 public:
  C10dGroup(const Membership& membership,
            const c10::Device& device,
            std::chrono::seconds timeout,
            const StopToken& stop)
      : self_(membership), device_(c10::kCPU) {
    const std::string what =
        concat("cannot join at ", self_.master_address, ":", self_.master_port);
    talk(what.c_str(), [&] {
      rendezvous_ = std::make_unique<Rendezvous>(self_, timeout, stop);
      rendezvous_->wait_for_all();
      start_engine(device, timeout);
    });
  }

  int rank() const override { return self_.rank; }
  int size() const override { return self_.size; }

  std::unique_ptr<PendingSum> begin_sum(std::vector<Tensor> tensors) override {
    return talk(kAdding, [&] {
      std::vector<Tensor> flat{flattened(tensors)};
      traffic_.bytes_sent += 2 * of_ring(flat[0].nbytes());
      auto work = backend_->allreduce(flat);
      return std::make_unique<Sum>(*this, std::move(tensors), flat[0], std::move(work));
    });
  }

  // Each sends every other its share and adds up what comes, in the order of the ranks: Gloo's own
  // reduce_scatter is a sum of all elements, of which each process then drops most.
  std::unique_ptr<PendingShares> begin_sum_of_shares(const std::vector<Tensor>& tensors) override {
    return talk(kAdding, [&] {
      Tensor own = rows_of_shares(tensors, size()).to(device_);
      Tensor found = at::empty_like(own);
      traffic_.bytes_sent += of_ring(own.nbytes());
      std::vector<std::int64_t> equal_parts;  // none given: the rows
      auto work = backend_->alltoall_base(found, own, equal_parts, equal_parts);
      std::vector<std::int64_t> numels;
      for (const Tensor& each : tensors)
        numels.push_back(each.numel());
      return std::make_unique<Shares>(*this, std::move(numels), tensors[0].device(), found,
                                      std::move(work));
    });
  }

  void broadcast(const std::vector<Tensor>& tensors) override {
    auto first = tensors.begin();
    for (const std::size_t end : bucket_ends(tensors, kBucketBytes)) {
      const auto last = tensors.begin() + static_cast<std::ptrdiff_t>(end);
      broadcast_bucket({first, last});
      first = last;
    }
  }

  std::vector<Tensor> gather(const Tensor& part, const std::vector<std::int64_t>& counts) override {
    return talk("cannot gather", [&] {
      // Backends take equal sizes, and none that is empty.
      const std::int64_t most =
          std::max<std::int64_t>(1, *std::max_element(counts.begin(), counts.end()));
      std::vector<std::int64_t> shape = part.sizes().vec();
      shape[0] = most;
      const auto there = part.options().device(device_).requires_grad(false);
      std::vector<Tensor> padded{at::zeros(shape, there)};
      padded[0].narrow(0, 0, part.size(0)).copy_(part.detach());
      std::vector<std::vector<Tensor>> found(1);
      for (std::size_t i = 0; i < counts.size(); ++i)
        found[0].push_back(at::empty(shape, there));
      traffic_.bytes_sent += of_ring(padded[0].nbytes() * counts.size());
      wait_for(*backend_->allgather(found, padded));
      std::vector<Tensor> parts;
      for (std::size_t i = 0; i < counts.size(); ++i)
        parts.push_back(found[0][i].narrow(0, 0, counts[i]).to(part.device()));
      return parts;
    });
  }

  void tell_failure(ErrorKind kind, const std::string& line) override {
    rendezvous_->tell(kind, first_line(line));
  }

  Traffic traffic() const override { return traffic_; }

 private:
  static constexpr const char* kAdding = "cannot add up";

  class Sum final : public PendingSum {
   public:
    Sum(C10dGroup& group,
        std::vector<Tensor> tensors,
        Tensor flat,
        c10::intrusive_ptr<c10d::Work> work)
        : group_(group),
          tensors_(std::move(tensors)),
          flat_(std::move(flat)),
          work_(std::move(work)) {}

    void wait() override {
      group_.talk(kAdding, [&] { group_.wait_for(*work_); });
      unflatten(flat_, tensors_);
    }

   private:
    C10dGroup& group_;
    std::vector<Tensor> tensors_;
    Tensor flat_;
    c10::intrusive_ptr<c10d::Work> work_;
  };

  void start_engine(const c10::Device& device, std::chrono::seconds timeout) {
    if (device.is_cuda()) {
      backend_ = make_nccl(rendezvous_->store(), self_, device, timeout);
      if (backend_) device_ = device;
    }
    if (!backend_) backend_ = make_gloo(rendezvous_->store(), timeout);
  }

  class Shares final : public PendingShares {
   public:
    Shares(C10dGroup& group,
           std::vector<std::int64_t> numels,
           const c10::Device& device,
           Tensor rows,
           c10::intrusive_ptr<c10d::Work> work)
        : group_(group),
          numels_(std::move(numels)),
          device_(device),
          rows_(std::move(rows)),
          work_(std::move(work)) {}

    std::vector<Tensor> wait() override {
      group_.talk(kAdding, [&] { group_.wait_for(*work_); });
      const Tensor sums = rows_.sum(0).to(device_);
      return shares_in_row(sums, numels_, group_.rank(), group_.size());
    }

   private:
    C10dGroup& group_;
    std::vector<std::int64_t> numels_;
    c10::Device device_;                   // of the tensors
    Tensor rows_;                          // [W, elements] this process's share, from each process
    c10::intrusive_ptr<c10d::Work> work_;  // keeps what is sent
  };

  c10::intrusive_ptr<c10d::Backend> make_gloo(const c10::intrusive_ptr<c10d::Store>& store,
                                              std::chrono::seconds timeout) const {
    const auto options = c10d::ProcessGroupGloo::Options::create(timeout);
    options->devices = {
        c10d::ProcessGroupGloo::createDeviceForHostname(own_address(self_.master_address))};
    return c10::make_intrusive<c10d::ProcessGroupGloo>(store, self_.rank, self_.size, options);
  }

  Tensor flattened(const std::vector<Tensor>& tensors) const {
    std::vector<Tensor> flat;
    for (const Tensor& tensor : tensors)
      flat.push_back(tensor.detach().reshape({-1}));
    return at::cat(flat).to(device_);
  }

  void broadcast_bucket(const std::vector<Tensor>& tensors) {
    talk("cannot take over the leader's values", [&] {
      std::vector<Tensor> flat{flattened(tensors)};
      if (rank() == 0) traffic_.bytes_sent += static_cast<std::int64_t>(flat[0].nbytes());
      wait_for(*backend_->broadcast(flat));
      unflatten(flat[0], tensors);
    });
  }

  void wait_for(c10d::Work& work) {
    const auto start = std::chrono::steady_clock::now();
    work.wait();
    traffic_.wait_seconds +=
        std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  }

  // The bytes that each process sends in one ring pass of that many bytes.
  std::int64_t of_ring(std::size_t bytes) const {
    return static_cast<std::int64_t>(bytes) * (size() - 1) / size();
  }

  Membership self_;
  c10::Device device_;  // of the backend's tensors
  std::unique_ptr<Rendezvous> rendezvous_;
  c10::intrusive_ptr<c10d::Backend> backend_;  // goes before the rendezvous: the others notice
  Traffic traffic_;
};

// Gloo writes to another process without MSG_NOSIGNAL: where that one is gone, the signal would end
// this process before it can say so.
void ignore_broken_pipes() {
  struct sigaction action{};
  ::sigaction(SIGPIPE, nullptr, &action);
  if (action.sa_handler == SIG_DFL) std::signal(SIGPIPE, SIG_IGN);
}

}  // namespace

std::unique_ptr<ProcessGroup> connect(const Membership& membership,
                                      const c10::Device& device,
                                      int timeout_seconds,
                                      const StopToken& stop) {
  ignore_broken_pipes();
  return std::make_unique<C10dGroup>(membership, device, std::chrono::seconds(timeout_seconds),
                                     stop);
}

}  // namespace sbert
