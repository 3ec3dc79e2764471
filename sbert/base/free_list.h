#pragma once

#include <memory>
#include <mutex>
#include <utility>
#include <vector>

namespace sbert {

/// Objects that are kept from one use to the next, since they are costly to make: there are as many
/// as were ever in use at once. Any thread.
template <typename Object>
class FreeList {
 public:
  struct GiveBack {
    FreeList* list;
    void operator()(Object* object) const { list->give_back(std::unique_ptr<Object>(object)); }
  };
  /// Given back when it is destroyed, which must be before the list is.
  using Loan = std::unique_ptr<Object, GiveBack>;

  /// One that nobody uses, as its last user left it, or a new one.
  Loan take() {
    std::unique_ptr<Object> object;
    {
      const std::scoped_lock lock(mutex_);
      if (free_.empty()) {
        free_.reserve(++num_objects_);  // so that giving back takes no memory
      } else {
        object = std::move(free_.back());
        free_.pop_back();
      }
    }
    if (!object) object = std::make_unique<Object>();
    return Loan(object.release(), GiveBack{this});
  }

 private:
  void give_back(std::unique_ptr<Object> object) {
    const std::scoped_lock lock(mutex_);
    free_.push_back(std::move(object));
  }

  std::mutex mutex_;
  std::vector<std::unique_ptr<Object>> free_;
  std::size_t num_objects_ = 0;
};

}  // namespace sbert
