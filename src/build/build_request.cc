// SPDX-License-Identifier: Apache-2.0
#include "build/build_request.h"

#include "base/error.h"
#include "base/text.h"

namespace stack::build {

NamedContext named_context(const std::string& text) {
  constexpr std::string_view of_image = "docker-image://";
  if (text.starts_with(of_image)) return {{}, text.substr(of_image.size())};
  if (auto repository = parse_git_reference(text, ShortNames::are_repositories))
    return {{}, "", std::move(repository)};
  if (text.find("://") != std::string::npos)
    throw Error(fmt::format("building from {} is not supported yet", text))
        .with_hint("fetch it first and give its directory");
  std::error_code error;
  auto directory = std::filesystem::canonical(text, error);
  if (error)
    throw Error(fmt::format("failed to get build context: {}", text), error.value())
        .with_hint("a directory, docker-image://NAME or the address of a repository");
  return {std::move(directory), ""};
}

BuildNetwork network_named(const std::string& name) {
  if (name.empty() || name == "default") return BuildNetwork::usual;
  if (name == "none") return BuildNetwork::none;
  if (name == "host") return BuildNetwork::host;
  throw Error(fmt::format("network {} cannot be used by a build", stack::quoted(name)))
      .with_hint("default, none or host");
}

std::set<std::string> context_names(const BuildRequest& request) {
  std::set<std::string> names;
  for (const auto& [name, context] : request.contexts) names.insert(name);
  return names;
}

}  // namespace stack::build
