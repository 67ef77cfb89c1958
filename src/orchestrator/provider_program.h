// SPDX-License-Identifier: Apache-2.0
// The programs that provide services (docker compose's docs/extension.md): where they are, and what
// they say that they take.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "orchestrator/plan.h"

namespace stack::orchestrator {

/// Of `type`: a plugin of the docker client, "docker-TYPE" where those are, or TYPE in PATH of
/// `environment`; with a slash in it, that file. Nothing when there is none.
std::optional<std::filesystem::path> find_provider_program(const std::string& type,
                                                           const spec::StringMap& environment);

struct ProviderParameter {
  std::string name;
  bool required = false;
};
/// What a program answers to "compose metadata".
struct ProviderMetadata {
  std::vector<ProviderParameter> up = {};
  std::vector<ProviderParameter> down = {};
  /// Nothing: it knows no stop.
  std::optional<std::vector<ProviderParameter>> stop = {};
  /// It tells nothing: all options go to it.
  bool is_empty = true;
};
/// One that is no such answer tells nothing.
ProviderMetadata parse_metadata(const std::string& answer);
/// Runs the program. One that fails tells nothing; it is waited for.
ProviderMetadata ask_for_metadata(const std::filesystem::path& program,
                                  const spec::StringMap& environment);

/// Its parameters for a command.
const std::vector<ProviderParameter>& parameters_of(const ProviderMetadata& metadata,
                                                    RunProvider::Command command);
/// The first parameter that the command needs and `provider` has no option for; nothing when all
/// are there.
std::optional<std::string> missing_option(const spec::Provider& provider,
                                          const ProviderMetadata& metadata,
                                          RunProvider::Command command);
/// What comes behind the program's name: "compose", "--project-name=shop", "up", "--size=256",
/// "db".
std::vector<std::string> provider_arguments(const std::string& project,
                                            const spec::Provider& provider,
                                            const ProviderMetadata& metadata,
                                            RunProvider::Command command);

}  // namespace stack::orchestrator
