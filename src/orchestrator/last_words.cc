// SPDX-License-Identifier: Apache-2.0
#include "orchestrator/last_words.h"

#include "base/error.h"
#include "base/text.h"
#include "supervisor/log_reader.h"

namespace stack::orchestrator {

std::string last_words(const std::filesystem::path& container, std::size_t lines) {
  using supervisor::LastLine;
  constexpr std::size_t widest = 200;
  std::string words;
  try {
    supervisor::LogReader reader(container);
    reader.skip_to_last(lines, LastLine::as_it_is);
    while (const auto* line = reader.front(LastLine::as_it_is)) {
      const std::string_view text = line->text.substr(0, widest);
      words += (words.empty() ? "" : "\n") + printable(text);
      if (text.size() < line->text.size()) words += "...";
      reader.take();
    }
  } catch (const Error&) {
    return {};  // the message that wanted them is the one to see
  }
  return words;
}

}  // namespace stack::orchestrator
