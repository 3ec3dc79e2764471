#include "sbert/checkpoint/pickle_reader.h"

// Opcodes: Lib/pickletools.py of CPython.

#include <algorithm>
#include <bit>
#include <concepts>
#include <cstring>
#include <string>
#include <unordered_map>
#include <utility>

#include "sbert/base/concat.h"
#include "sbert/base/error.h"

namespace sbert {
namespace {

constexpr std::uint64_t kMaxPickleBytes = 64ULL << 20;

class Machine {
 public:
  Machine(std::string_view bytes, std::span<const std::string_view> allowed_globals)
      : bytes_(bytes), allowed_globals_(allowed_globals) {}

  Pickle run() {
    while (true) {
      const auto opcode = take_number<std::uint8_t>();
      if (opcode == '.') break;
      const bool is_known = build_constant(opcode) || build_text(opcode) || build_group(opcode) ||
                            extend_group(opcode) || use_memo(opcode) || use_global(opcode);
      if (!is_known) stop(concat("unknown opcode ", opcode));
    }
    pickle_.root = pop();
    return std::move(pickle_);
  }

  std::size_t position() const { return position_; }

 private:
  [[noreturn]] void stop(std::string_view what) const {
    fail(ErrorKind::kInput, concat("pickle byte ", position_, ": ", what));
  }

  std::string_view take(std::uint64_t size) {
    if (size > bytes_.size() - position_) stop("cut off");
    if (size > kMaxPickleBytes - position_) stop(concat("longer than ", kMaxPickleBytes, " bytes"));
    const std::string_view taken = bytes_.substr(position_, size);
    position_ += size;
    return taken;
  }

  template <std::integral Number>
  Number take_number() {
    Number value = 0;
    std::memcpy(&value, take(sizeof value).data(), sizeof value);
    return value;
  }

  std::string_view take_line() {
    const std::size_t end = bytes_.find('\n', position_);
    if (end == std::string_view::npos) stop("cut off");
    const std::string_view line = take(end - position_);
    ++position_;
    return line;
  }

  PickleNode& push(PickleKind kind) {
    if (pickle_.nodes.size() == kMaxPickleNodes) {
      stop(concat("more than ", kMaxPickleNodes, " values"));
    }
    stack_.push_back(static_cast<PickleId>(pickle_.nodes.size()));
    PickleNode& node = pickle_.nodes.emplace_back();
    node.kind = kind;
    return node;
  }

  // Where the values above the topmost mark begin.
  std::size_t floor() const { return marks_.empty() ? 0 : marks_.back(); }

  PickleId pop() {
    if (stack_.size() <= floor()) stop("takes a value from an empty stack");
    const PickleId id = stack_.back();
    stack_.pop_back();
    return id;
  }

  std::vector<PickleId> pop_several(std::size_t count) {
    if (stack_.size() - floor() < count) stop("takes a value from an empty stack");
    const auto first = stack_.end() - static_cast<std::ptrdiff_t>(count);
    std::vector<PickleId> ids(first, stack_.end());
    stack_.erase(first, stack_.end());
    return ids;
  }

  std::vector<PickleId> pop_to_mark() {
    if (marks_.empty()) stop("no mark on the stack");
    std::vector<PickleId> ids = pop_several(stack_.size() - marks_.back());
    marks_.pop_back();
    return ids;
  }

  PickleNode& top(PickleKind expected, std::string_view name) {
    if (stack_.size() <= floor() || pickle_.nodes[stack_.back()].kind != expected) {
      stop(concat("expected a ", name, " on the stack"));
    }
    return pickle_.nodes[stack_.back()];
  }

  bool build_constant(std::uint8_t opcode) {
    switch (opcode) {
      case 0x80:
        check_protocol(take_number<std::uint8_t>());
        return true;
      case 0x95:
        take(8);
        return true;  // the length of a frame, which bounds nothing for us
      case 'N':
        push(PickleKind::kNone);
        return true;
      case 0x88:
        push(PickleKind::kBool).integer = 1;
        return true;
      case 0x89:
        push(PickleKind::kBool).integer = 0;
        return true;
      case 'J':
        push_integer(take_number<std::int32_t>());
        return true;
      case 'K':
        push_integer(take_number<std::uint8_t>());
        return true;
      case 'M':
        push_integer(take_number<std::uint16_t>());
        return true;
      case 0x8A:
        push_integer(take_long());
        return true;
      case 'G': {
        const auto big_endian = take_number<std::uint64_t>();
        push(PickleKind::kFloat).real = std::bit_cast<double>(__builtin_bswap64(big_endian));
        return true;
      }
      default:
        return false;
    }
  }

  void check_protocol(std::uint8_t protocol) const {
    if (protocol < 2 || protocol > 5) stop(concat("protocol is not 2 to 5: ", protocol));
  }

  void push_integer(std::int64_t value) { push(PickleKind::kInteger).integer = value; }

  // Two's complement, little-endian, as short as it can be.
  std::int64_t take_long() {
    const std::string_view digits = take(take_number<std::uint8_t>());
    if (digits.size() > sizeof(std::int64_t)) stop("integer has more than 64 bits");
    const bool is_negative = !digits.empty() && (digits.back() & 0x80) != 0;
    std::int64_t value = is_negative ? -1 : 0;
    std::memcpy(&value, digits.data(), digits.size());
    return value;
  }

  bool build_text(std::uint8_t opcode) {
    std::uint64_t size = 0;
    switch (opcode) {
      case 0x8C:
      case 'U':
      case 'C':
        size = take_number<std::uint8_t>();
        break;
      case 'X':
      case 'T':
      case 'B':
        size = take_number<std::uint32_t>();
        break;
      case 0x8D:
      case 0x8E:
        size = take_number<std::uint64_t>();
        break;
      default:
        return false;
    }
    const bool is_bytes = opcode == 'C' || opcode == 'B' || opcode == 0x8E;
    const std::string_view text = take(size);
    push(is_bytes ? PickleKind::kBytes : PickleKind::kString).text = text;
    return true;
  }

  bool build_group(std::uint8_t opcode) {
    switch (opcode) {
      case '(':
        marks_.push_back(stack_.size());
        return true;
      case '}':
        push(PickleKind::kDict);
        return true;
      case ']':
        push(PickleKind::kList);
        return true;
      case ')':
        push(PickleKind::kTuple);
        return true;
      case 't':
        push_tuple(pop_to_mark());
        return true;
      case 0x85:
        push_tuple(pop_several(1));
        return true;
      case 0x86:
        push_tuple(pop_several(2));
        return true;
      case 0x87:
        push_tuple(pop_several(3));
        return true;
      default:
        return false;
    }
  }

  void push_tuple(std::vector<PickleId> items) {
    push(PickleKind::kTuple).items = std::move(items);
  }

  bool extend_group(std::uint8_t opcode) {
    switch (opcode) {
      case 'a':
        append(PickleKind::kList, "list", pop_several(1));
        return true;
      case 'e':
        append(PickleKind::kList, "list", pop_to_mark());
        return true;
      case 's':
        append(PickleKind::kDict, "dict", pop_several(2));
        return true;
      case 'u':
        append(PickleKind::kDict, "dict", pop_to_mark());
        return true;
      default:
        return false;
    }
  }

  void append(PickleKind kind, std::string_view name, const std::vector<PickleId>& ids) {
    if (kind == PickleKind::kDict && ids.size() % 2 != 0) stop("a key of a dict has no value");
    std::vector<PickleId>& items = top(kind, name).items;
    items.insert(items.end(), ids.begin(), ids.end());
  }

  bool use_memo(std::uint8_t opcode) {
    switch (opcode) {
      case 'h':
        push_remembered(take_number<std::uint8_t>());
        return true;
      case 'j':
        push_remembered(take_number<std::uint32_t>());
        return true;
      case 'q':
        remember(take_number<std::uint8_t>());
        return true;
      case 'r':
        remember(take_number<std::uint32_t>());
        return true;
      case 0x94:
        remember(static_cast<std::uint32_t>(memo_.size()));
        return true;
      default:
        return false;
    }
  }

  void remember(std::uint32_t key) {
    if (stack_.size() <= floor()) stop("remembers a value of an empty stack");
    memo_[key] = stack_.back();
  }

  void push_remembered(std::uint32_t key) {
    const auto found = memo_.find(key);
    if (found == memo_.end()) stop(concat("value ", key, " was never remembered"));
    stack_.push_back(found->second);
  }

  bool use_global(std::uint8_t opcode) {
    switch (opcode) {
      case 'c': {
        const std::string_view module_name = take_line();
        push_global(concat(module_name, " ", take_line()));
        return true;
      }
      case 0x93: {
        const std::vector<PickleId> ids = pop_several(2);
        push_global(concat(pickle_.at(ids[0]).text, " ", pickle_.at(ids[1]).text));
        return true;
      }
      case 'R':
      case 0x81:  // of a class, without its __init__
        call(pop_several(2));
        return true;
      case 'b':
        set_state(pop());
        return true;
      case 'Q': {
        std::vector<PickleId> id = pop_several(1);
        push(PickleKind::kPersistent).items = std::move(id);
        return true;
      }
      default:
        return false;
    }
  }

  void push_global(const std::string& name) {
    const auto found = std::ranges::find(allowed_globals_, name);
    if (found == allowed_globals_.end()) {
      stop(concat("refused, since only tensors, dicts, lists and plain values are read: ", name));
    }
    push(PickleKind::kGlobal).text = *found;
  }

  void call(std::vector<PickleId> callable_and_arguments) {
    const PickleNode& callable = pickle_.at(callable_and_arguments[0]);
    const PickleNode& arguments = pickle_.at(callable_and_arguments[1]);
    if (callable.kind != PickleKind::kGlobal || arguments.kind != PickleKind::kTuple) {
      stop("calls what is not a function");
    }
    if (callable.text != "collections OrderedDict") {
      push(PickleKind::kCall).items = std::move(callable_and_arguments);
    } else {
      std::vector<PickleId> items = ordered_dict_items(arguments);
      push(PickleKind::kDict).items = std::move(items);
    }
  }

  // Attributes of a dict, such as the _metadata of a state dict, are nothing that we use.
  void set_state(PickleId state) {
    const bool has_object = stack_.size() > floor();
    const PickleKind kind = has_object ? pickle_.at(stack_.back()).kind : PickleKind::kNone;
    if (kind != PickleKind::kDict && kind != PickleKind::kCall) {
      stop("expected a dict or an object on the stack");
    }
    if (kind == PickleKind::kCall) pickle_.nodes[stack_.back()].items.push_back(state);
  }

  // OrderedDict() or OrderedDict([[key, value], ...]).
  std::vector<PickleId> ordered_dict_items(const PickleNode& arguments) const {
    std::vector<PickleId> items;
    if (arguments.items.empty()) return items;
    for (const PickleId pair : pickle_.at(arguments.items[0]).items) {
      const std::vector<PickleId>& key_and_value = pickle_.at(pair).items;
      if (key_and_value.size() != 2) stop("OrderedDict of what are not pairs");
      items.insert(items.end(), key_and_value.begin(), key_and_value.end());
    }
    return items;
  }

  std::string_view bytes_;
  std::span<const std::string_view> allowed_globals_;
  std::size_t position_ = 0;
  Pickle pickle_;
  std::vector<PickleId> stack_;
  std::vector<std::size_t> marks_;
  std::unordered_map<std::uint32_t, PickleId> memo_;
};

}  // namespace

Pickle read_pickle(std::string_view bytes, std::span<const std::string_view> allowed_globals) {
  return take_pickle(bytes, allowed_globals);
}

Pickle take_pickle(std::string_view& bytes, std::span<const std::string_view> allowed_globals) {
  Machine machine(bytes, allowed_globals);
  Pickle pickle = machine.run();
  bytes.remove_prefix(machine.position());
  return pickle;
}

}  // namespace sbert
