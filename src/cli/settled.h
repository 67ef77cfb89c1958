// SPDX-License-Identifier: Apache-2.0
// An `up` that finds nothing to change is remembered with all that it asked the machine. While each
// answer is the same, the next one like it has nothing to change either, and need not parse, lower
// and compare anything again to say so (docs/reconciler.md, "The second up").
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "cli/options.h"
#include "orchestrator/use_cases.h"
#include "spec/model.h"

namespace stack::cli {

/// Of one `up`, which does in this order what is here.
class Settling {
 public:
  explicit Settling(const Options& options);
  ~Settling();
  Settling(const Settling&) = delete;
  Settling& operator=(const Settling&) = delete;

  /// What such an `up` says on standard error when it is known to have nothing to change; nothing
  /// when it must look.
  std::optional<std::string> recall() const;
  /// From here on what it asks is noted.
  void follow();
  /// The project's files have been read, of which this was said.
  void loaded(const std::string& project, std::string words);
  /// Remembers it when there was nothing to change, or when there is nothing more: then it looks
  /// again, as the next one would. Never throws.
  void remember(const spec::Project& project, const orchestrator::UpRequest& request,
                const orchestrator::UpResult& result);

 private:
  struct State;
  std::unique_ptr<State> state_;  ///< none: this is not to be remembered
};

}  // namespace stack::cli
