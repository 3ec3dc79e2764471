#pragma once

#include <functional>

#include "sbert/cli/backend.h"

namespace sbert {

class ProcessGroup;

/// Does the work of a command in the leader of a group: with each model that the work opens, the
/// other processes, which follow(), embed too.
/// @param own opens the models of this process
/// @throws what the work throws; the others are not told of it here
void lead(Models& own, ProcessGroup& group, const std::function<void(Models&)>& work);

/// Opens the models that the leader opens and embeds what it wants, until its work is done.
void follow(Models& own, ProcessGroup& group);

}  // namespace sbert
