#pragma once

// A pickle is a program for a stack machine, and Python's runs any function that it names. This
// reader knows the opcodes that build plain values; a call of a function, or a reference to an
// outside object, is kept as a value that says so. Nothing is ever run.

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace sbert {

/// A value is a number: its place in Pickle::nodes. So values that hold each other in a circle, or
/// nest a million deep, need no recursion to build or to free.
using PickleId = std::uint32_t;

enum class PickleKind {
  kNone,
  kBool,        ///< integer: 0 or 1
  kInteger,     ///< integer
  kFloat,       ///< real
  kString,      ///< text, with the bytes of the file
  kBytes,       ///< text
  kTuple,       ///< items
  kList,        ///< items
  kDict,        ///< items: key, value, key, value, ...; collections.OrderedDict too
  kGlobal,      ///< text: "module name", an element of allowed_globals
  kCall,        ///< items: a kGlobal, the kTuple of its arguments, and what the object was given as
                ///< its state, if anything
  kPersistent,  ///< items: the one value that names the outside object
};

struct PickleNode {
  PickleKind kind = PickleKind::kNone;
  std::int64_t integer = 0;
  double real = 0;
  std::string_view text;
  std::vector<PickleId> items;
};

struct Pickle {
  std::vector<PickleNode> nodes;
  PickleId root = 0;

  const PickleNode& at(PickleId id) const { return nodes[id]; }
};

/// Most values that one pickle may make: 64 MB of nodes, fifty thousand tensors.
constexpr std::size_t kMaxPickleNodes = 1'000'000;

/// Reads a pickle of protocol 2 to 5.
///
/// @param bytes           the result's texts point into it
/// @param allowed_globals "module name" each; any other function or class is refused by name. The
///                        texts of the result's globals are these
/// @throws Error(kInput) with the byte at which reading stopped
Pickle read_pickle(std::string_view bytes, std::span<const std::string_view> allowed_globals);

/// The same for the first of several pickles, which is removed from the front of `bytes`.
Pickle take_pickle(std::string_view& bytes, std::span<const std::string_view> allowed_globals);

}  // namespace sbert
