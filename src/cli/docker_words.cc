// SPDX-License-Identifier: Apache-2.0
#include "cli/docker_words.h"

#include <algorithm>
#include <array>

#include "base/format.h"

namespace stack::cli {
namespace {

struct Instead {
  std::string_view verb;
  std::string_view ours;
};

constexpr std::array verbs{
    Instead{"rmi", "`stack image rm` removes images"},
    Instead{"tag", "`stack image tag` gives an image a further name"},
    Instead{"save", "`stack image save` writes images into an archive"},
    Instead{"load", "`stack image load` reads them from one"},
    Instead{"import", "`stack image import` makes an image of a directory or archive"},
    Instead{"rename", "`stack container rename` gives a container another name"},
    Instead{"prune", "`stack system prune`, or `prune` of container, image, volume or network"},
    Instead{"update",
            "limits stand in the file: `stack up` changes them while it runs; or `stack container "
            "update`"},
    Instead{"search", "registries are not searched; `stack image pull NAME` fetches an image"},
    Instead{"buildx", "`stack image build` builds an image, `stack build` those of the services"},
    Instead{"service",
            "services stand in the stack file; `stack scale` changes how many there are"},
    Instead{"swarm", "there is one machine; `stack up` runs a stack file on it"},
    Instead{"node", "there is one machine: `stack system info`"},
    Instead{"compose", "leave the word out: `stack up`, `stack ps`"},
    Instead{"machine",
            "no virtual machine is needed on Linux; `stack doctor` says whether this one will do"},
    Instead{"delete", "`stack down` takes a stack away, `stack container rm` a container"},
    Instead{"ip",
            "published ports answer at this machine's own addresses; `stack port` lists them"},
    Instead{"shellinit", "no variable has to be set: there is no daemon to find"},
    Instead{"daemon", "there is none, and none is needed"},
    Instead{"docker", "leave the word out: `stack ps`, `stack up`"},
    Instead{"stack", "leave the word out: `stack up`, `stack ps`"},
    Instead{"context", "there is one machine, and nothing to choose; `stack ls` lists its stacks"},
    Instead{"alpha", "`stack graph --format dot` draws the services, as `alpha viz` does"},
    Instead{"plugin", "volumes and networks have the drivers that are built in"},
    Instead{"secret", "secrets stand in the stack file: `secrets:`"},
    Instead{"manifest", "`stack image inspect` shows what is known of an image"},
};

constexpr std::array groups{"container", "image", "volume", "network"};

/// Commands of ours about services whose namesakes of docker are not about containers, or are so
/// under another name.
struct Namesake {
  std::string_view ours;
  std::string_view dockers;
};

constexpr std::array namesakes{
    Namesake{"ps", "container ls"},       Namesake{"images", "image ls"},
    Namesake{"volumes", "volume ls"},     Namesake{"build", "image build"},
    Namesake{"pull", "image pull"},       Namesake{"push", "image push"},
    Namesake{"history", "image history"}, Namesake{"events", "system events"},
};

std::string in_group(const std::string& word) {
  if (word == "list") return "ls";
  if (word == "remove") return "rm";
  if (word == "log") return "logs";
  return word;
}

}  // namespace

std::vector<std::string> our_words(const std::vector<std::string>& words) {
  if (words.empty()) return words;
  const std::string& verb = words.front();
  std::vector<std::string> ours = words;
  if (verb == "log") {
    ours.front() = "logs";
  } else if (verb == "convert") {
    ours.front() = "config";
  } else if (verb == "info" || verb == "df") {
    ours.insert(ours.begin(), "system");
  } else if (words.size() > 1 && std::ranges::find(groups, verb) != groups.end()) {
    ours[1] = in_group(words[1]);
  }
  return ours;
}

std::string_view instead_of(std::string_view verb) {
  const auto found = std::ranges::find(verbs, verb, &Instead::verb);
  return found == verbs.end() ? std::string_view() : found->ours;
}

std::string counterpart_of(std::string_view command) {
  const auto found = std::ranges::find(namesakes, command, &Namesake::ours);
  return found == namesakes.end() ? fmt::format("container {}", command)
                                  : std::string(found->dockers);
}

}  // namespace stack::cli
