// SPDX-License-Identifier: Apache-2.0
#include "orchestrator/preflight_users.h"

#include "base/error.h"
#include "base/format.h"
#include "base/text.h"
#include "image/image_store.h"
#include "runtime/id_mapping.h"
#include "runtime/user_lookup.h"

namespace stack::orchestrator {
namespace {

runtime::LookupResult result_of(const runtime::UserRequest& user, const image::Image& image) {
  runtime::RootSpec root;
  for (const auto& layer : image.layers) root.lower.push_back(layer.native());
  return runtime::look_up_image_user(root, user).result;
}

/// In the words of the start, which would say so otherwise; empty: there is nothing to say.
std::string why_no_user(const std::string& user, const DesiredContainer& wish,
                        const image::ImageStore& images) {
  const auto request = runtime::parse_user(user);
  if (!request) return fmt::format("invalid user {}", stack::quoted(user));
  if (wish.image_id.empty()) return "";  // that the image is missing has been told
  // Nobody has to know a number. Accounts that are mounted are the program's own affair.
  const auto image = images.find(wish.image_id);
  if (!image) return "";
  switch (result_of(*request, *image)) {
    case runtime::LookupResult::no_such_user:
      return fmt::format("unable to find user {}: no matching entries in passwd file",
                         printable(request->user));
    case runtime::LookupResult::no_such_group:
      return fmt::format("unable to find group {}: no matching entries in group file",
                         printable(*request->group));
    case runtime::LookupResult::too_many_groups:
    case runtime::LookupResult::found:
      return "";
  }
  return "";
}

}  // namespace

std::vector<Problem> check_users(const HostPaths& paths, const DesiredState& desired,
                                 const Changes& changes) {
  std::vector<Problem> problems;
  const image::ImageStore images(paths.images());
  std::set<std::string> seen;  // replicas are told once
  for (const auto& [name, change] : changes.containers) {
    const auto found = desired.containers.find(name);
    const bool is_new = change.verdict == Verdict::create || change.verdict == Verdict::recreate;
    if (!is_new || found == desired.containers.end()) continue;
    const DesiredContainer& wish = found->second;
    const std::string& user = wish.model.user.empty() ? wish.image.user : wish.model.user;
    if (user.empty() || !seen.insert(wish.service + "\n" + wish.step).second) continue;
    const std::string reason = why_no_user(user, wish, images);
    if (reason.empty()) continue;
    const bool is_the_services = wish.step.empty() || wish.one_off;
    problems.push_back(
        {fmt::format("service \"{}\": {}", wish.service, reason),
         desired.sources.find("services." + wish.service + (is_the_services ? ".user" : "")),
         fmt::format("users are those of the image {}, or numbers", wish.model.image)});
  }
  return problems;
}

}  // namespace stack::orchestrator
