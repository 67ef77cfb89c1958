// SPDX-License-Identifier: Apache-2.0
// docker's command line where ours has other words for it: those that are taken as they are, and
// those of which is told what to type instead. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace stack::cli {

/// The words of a command from its verb on, flags left out: {"log"} is {"logs"}, {"image", "list"}
/// is {"image", "ls"}, {"info"} is {"system", "info"}.
std::vector<std::string> our_words(const std::vector<std::string>& words);

/// What a person wants who types this verb, which is none here: "`stack image rm`"; empty when
/// nobody knows.
std::string_view instead_of(std::string_view verb);

/// The command that docker has under the name of this one of ours, as we call it: "container ls" of
/// "ps", "image pull" of "pull". There may be none of that name.
std::string counterpart_of(std::string_view command);

}  // namespace stack::cli
